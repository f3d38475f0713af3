import { AccessDeniedError } from '../../core/errors.ts';
import type { CallApi } from '../../core/provider.ts';
import { ActionstepRefusedError } from './judge.ts';
import { MEDIA_TYPE, parsePage } from './paging.ts';

/** With the Enhanced Billing Module time is kept as `timeentries`, without it as `timerecords`. */
type TimeModule = 'timeentries' | 'timerecords';

type Answer = 'rows' | 'none' | 'refused';

/**
 * Finds out which of the two a connection's system keeps its time in.
 *
 * What the wrong one answers is not documented, so that an empty answer counts as little as a refusal. When neither has a
 * row, the one that at least answered is taken.
 *
 * @throws AccessDeniedError when both are refused
 */
export async function findTimeModule(call: CallApi): Promise<TimeModule> {
  const entries = await probe(call, 'timeentries');
  if (entries === 'rows') return 'timeentries';
  const records = await probe(call, 'timerecords');
  if (records === 'rows') return 'timerecords';
  if (entries === 'refused' && records === 'refused') {
    throw new AccessDeniedError('Neither timeentries nor timerecords may be read: check scopes and permissions');
  }
  return entries === 'none' ? 'timeentries' : 'timerecords';
}

async function probe(call: CallApi, resource: TimeModule): Promise<Answer> {
  try {
    const response = await call({
      method: 'GET',
      path: resource,
      query: [
        ['fields', 'id'],
        ['pageSize', '1'],
      ],
      headers: { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE },
    });
    return parsePage(response, resource).rows.length > 0 ? 'rows' : 'none';
  } catch (error) {
    if (error instanceof ActionstepRefusedError || error instanceof AccessDeniedError) return 'refused';
    throw error;
  }
}
