import type { OutboxRow } from '../events.ts';
import type { Provider, RefusedMember, TokenReply } from '../provider.ts';
import type { ConnectionEvents } from './connection-events.ts';
import type { TokenDependencies } from './dependencies.ts';
import type { Leased } from './leased.ts';

/** Code of the note that stays on a connection while its provider's replies name what may not be used. */
export const REPLY_REFUSED = 'REPLY_REFUSED';

const WORDS: Readonly<Record<RefusedMember, string>> = {
  'api-endpoint': 'an API address that is not one of its own',
  account: 'another account than the settings name',
  form: 'something in its token reply that cannot be used',
};

/** Which members were refused, in words; never what was in them. */
export function refusedText({ title }: Provider, { refused = [] }: TokenReply): string {
  return `${title} named ${refused.map((member) => WORDS[member]).join(' and ')}`;
}

/**
 * What a refresh says about the rest of its reply (S75). An address that may not be used is told when it is first seen:
 * the connection keeps the one it has. Another one that may be used is told each time, because somebody has to have moved
 * the account.
 */
export function replyEvents(
  { events, log }: { readonly events: ConnectionEvents; readonly log: TokenDependencies['log'] },
  { connection, provider, generation }: Leased,
  reply: TokenReply,
  now: Date,
): readonly OutboxRow[] {
  const { name } = connection;
  const { refused = [], apiEndpoint } = reply;
  const rows: OutboxRow[] = [];
  if (refused.length > 0) {
    log.warn('reply.refused', { connection: name, provider: provider.id, members: refused.join(' ') });
  }
  if (refused.length > 0 && connection.lastError?.code !== REPLY_REFUSED) {
    rows.push(
      events(connection, 'reply-refused', now, {
        summary: `${name} was refreshed, but ${refusedText(provider, reply)}; what was stored before stays`,
        about: generation,
        severity: 'high',
        data: {
          members: [...refused],
          ...(connection.apiEndpoint === undefined ? {} : { kept: connection.apiEndpoint }),
        },
      }),
    );
  }
  if (apiEndpoint !== undefined && connection.apiEndpoint !== undefined && apiEndpoint !== connection.apiEndpoint) {
    log.warn('endpoint.changed', { connection: name, provider: provider.id });
    rows.push(
      events(connection, 'endpoint-changed', now, {
        summary: `The API of ${name} moved from ${connection.apiEndpoint} to ${apiEndpoint}`,
        about: generation,
        severity: 'medium',
        data: { from: connection.apiEndpoint, to: apiEndpoint },
      }),
    );
  }
  return rows;
}
