import type { ExportView, Overview, RecordState } from '../overview.ts';
import { count, period, size } from '../words.ts';
import { type Column, empty, escape, rows, section, tag } from './html.ts';

const SHOWN = 30;
const TONES: Readonly<Record<ExportView['state'], string>> = {
  exported: 'good',
  running: 'warn',
  pending: 'warn',
  gap: 'warn',
  failed: 'bad',
  incomplete: 'bad',
};
const RECORDS: Readonly<Record<RecordState, readonly [string, string]>> = {
  verified: ['good', '✓ verified'],
  altered: ['bad', '✗ altered'],
  missing: ['bad', '✗ missing'],
};

const COLUMNS: readonly Column<ExportView>[] = [
  { title: 'Export', cell: nameCell },
  { title: 'Window', cell: ({ from, to }) => period(from, to) },
  { title: 'State', cell: stateCell },
  { title: 'Rows', kind: 'n', cell: ({ rows: found }) => (found === undefined ? '–' : count(found)) },
  { title: 'At the source', kind: 'n', cell: ({ sourceTotal }) => (sourceTotal == null ? '–' : count(sourceTotal)) },
  { title: 'Complete by', cell: ({ completeness }) => escape(completeness ?? '–') },
  { title: 'Size', kind: 'n', cell: ({ bytes }) => (bytes === undefined ? '–' : size(bytes)) },
  { title: 'Manifest', cell: recordCell },
];

/** Windows of every report job, the newest first, with what their manifests say. */
export function exportsSection({ exports }: Overview): string {
  const records = exports.filter(({ record }) => record !== undefined);
  const verified = records.filter(({ record }) => record === 'verified').length;
  const shown = exports.slice(0, SHOWN);
  const more = exports.length - shown.length;
  const body =
    shown.length === 0
      ? empty('No window is due yet: <code>steward export &lt;job&gt;</code> begins one.')
      : rows('Exports', COLUMNS, shown) +
        (more > 0 ? empty(`And ${count(more)} more: <code>steward status</code>`) : '');
  return section('exports', 'Exports', `${verified} of ${records.length} manifests verify`, body);
}

function nameCell({ job, summary, source, connection, from }: ExportView): string {
  const name =
    summary === undefined
      ? `<strong>${escape(job)}</strong>`
      : `<a id="s-${escape(job)}-${from.getTime()}" href="/archive/${summary.split('/').map(encodeURIComponent).join('/')}">${escape(job)}</a>`;
  return `${name}<br><span class="soft">${escape(connection)} · ${escape(source)}</span>`;
}

function stateCell({ state, reason }: ExportView): string {
  return tag(state, TONES[state]) + (reason === undefined ? '' : `<br><span class="soft">${escape(reason)}</span>`);
}

function recordCell({ record }: ExportView): string {
  if (record === undefined) return '–';
  const [tone, text] = RECORDS[record];
  return `<span class="${tone}">${text}</span>`;
}
