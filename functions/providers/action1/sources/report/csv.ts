import { ProviderResponseInvalidError } from '../../../../core/errors.ts';
import type { CallApi } from '../../../../core/provider.ts';
import type { SourcePage } from '../../../../core/reports/source.ts';
import { CALL_TIMEOUT_MS } from '../../paging.ts';
import type { Step } from './cursor.ts';
import { ending } from './finish.ts';
import type { ReportOptions } from './options.ts';
import { dataPath } from './requery.ts';

/** Rows per file of the vendor's. What an export takes without a limit is not documented, so one is always given. */
const CSV_ROWS = 5_000;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** One file of the vendor's own CSV, byte for byte, its header line in each. */
export async function readCsv(call: CallApi, options: ReportOptions, at: Step<'csv'>): Promise<SourcePage> {
  const response = await call({
    method: 'GET',
    path: dataPath(at.run, at.index, 'export'),
    query: [
      ['format', 'csv'],
      ...(options.filter === undefined ? [] : [['filter', options.filter] as const]),
      ...(options.liveOnly ? [['live_only', 'Yes'] as const] : []),
      ['from', String(at.from)],
      ['limit', String(CSV_ROWS)],
    ],
    headers: { accept: '*/*' },
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const isCsv = response.headers['content-type']?.toLowerCase().startsWith('text/csv') === true;
  if (response.body.length > 0 && !isCsv) {
    throw new ProviderResponseInvalidError('Action1 answered an export with something that is no CSV');
  }
  const records = countRecords(response.body);
  const total = options.details ? null : (at.run.totals[at.index] ?? null);
  const over =
    records === 0 || records > CSV_ROWS || (total === null ? records < CSV_ROWS : at.from + records >= total);
  const kept = response.body.length > 0 && (records > 0 || at.from === 0);
  const file = { name: fileName(at), contentType: 'text/csv', bytes: response.body };
  const next = {
    ...at,
    files: at.files + (kept ? 1 : 0),
    records: at.records + records,
    ...(over ? { index: at.index + 1, from: 0 } : { from: at.from + records }),
  };
  const page = { rows: [], ...(kept ? { file } : {}) };
  if (next.index < next.run.organizations.length) return { ...page, next };
  return { ...page, ...ending(next.run, next.tally, { vendorCsv: csvFacts(next, options) }) };
}

/** How many records stand in the files, beside how many the lists had. */
function csvFacts({ files, records, run }: Step<'csv'>, options: ReportOptions) {
  const known = !options.details && run.totals.every((total) => total !== null);
  return { files, records, expected: known ? run.totals.reduce((sum: number, total) => sum + (total ?? 0), 0) : null };
}

/** Records below the header line; line breaks within quotes are text. */
export function countRecords(csv: Uint8Array): number {
  let records = 0;
  let quoted = false;
  let open = false;
  for (const byte of csv) {
    if (byte === QUOTE) quoted = !quoted;
    if (byte === LINE_FEED && !quoted) {
      if (open) records += 1;
      open = false;
    } else if (byte !== CARRIAGE_RETURN) open = true;
  }
  return Math.max(0, records + (open ? 1 : 0) - 1);
}

function fileName({ run, index, from }: Step<'csv'>): string {
  const organization = run.organizations[index];
  const part = String(Math.floor(from / CSV_ROWS) + 1).padStart(4, '0');
  return `${slug(run.report.name)}.${slug(organization?.name ?? '')}.${slug(organization?.id ?? '')}.${part}.csv`;
}

function slug(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return plain.replaceAll(/^-|-$/g, '').slice(0, 60) || 'unnamed';
}
