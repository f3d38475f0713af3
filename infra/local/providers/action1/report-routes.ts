import { json, refusal, reportPage, resultPage, slice, SUCCESS, type Action1Answer } from './answers.ts';
import { lazy, listOf } from './deterministic.ts';
import { reportFile } from './report-files.ts';
import { definition, definitions, REPORTS } from './report-definitions.ts';
import { countersOf, drilldownOf, errorsOf, rowsOf, type RowsRequest } from './reports.ts';
import type { Call, Routes } from './routes.ts';

const SEARCH_LIMIT = 10;

export const reportRoutes: Routes = {
  'GET reports/all': ({ state, query }) =>
    json(200, { items: definitions(state, query.get('subtree')?.toLowerCase() === 'yes') }),
  'GET reports/all/:report': ({ state, param }) => {
    const report = REPORTS.find(({ id }) => id === param('report'));
    return report === undefined
      ? refusal(400, `Report ${param('report')} not found`)
      : json(200, definition(state.settings.baseUrl, report));
  },
  // The console's own; credentials of the API are refused.
  'GET reports/:category/children': () => refusal(403, 'Access to this organization is denied.'),
  'GET search/:org': (call) => {
    call.organization();
    const wanted = (call.query.get('query') ?? '').toLowerCase();
    const found = REPORTS.filter(({ name }) => wanted !== '' && name.toLowerCase().includes(wanted));
    const items = found.slice(0, SEARCH_LIMIT).map(({ id, name }) => ({
      id,
      type: 'Report',
      self: `${call.state.settings.baseUrl}/reports/all/${id}`,
      name,
    }));
    return json(200, { items });
  },
  'GET reportdata/:org/:report/data': (call) => withReport(call, (request) => answerRows(call, request)),
  'GET reportdata/:org/:report/errors': (call) =>
    withReport(call, (request) => json(200, resultPage(call.list, errorsOf(request), { total: true }))),
  'GET reportdata/:org/:report/export': (call) => withReport(call, (request) => answerExport(call, request)),
  'POST reportdata/:org/:report/requery': (call) =>
    withReport(call, ({ organization, report }) => {
      call.state.requeries.set(`${organization.id}|${report.id}`, call.now);
      return json(200, SUCCESS);
    }),
  'GET reportdata/:org/:report/data/:row/drilldown': (call) =>
    withReport(call, (request) => {
      const rows = drilldownOf(request, call.rawParam('row'));
      if (rows === undefined) return refusal(400, 'Report row not found');
      return json(200, reportPage(call.list, rows, { total: true }, countersOf(request)));
    }),
  'GET installed-software/:org/data': answerSoftware,
  'POST installed-software/:org/requery': (call) => {
    call.organization();
    return json(200, SUCCESS);
  },
};

function withReport(call: Call, answer: (request: RowsRequest) => Action1Answer): Action1Answer {
  const organization = call.organization();
  const report = REPORTS.find(({ id }) => id === call.param('report'));
  if (report === undefined) return refusal(400, `Report ${call.param('report')} not found`);
  return answer({
    state: call.state,
    organization,
    report,
    now: call.now,
    details: call.query.get('details')?.toLowerCase() === 'yes',
    liveOnly: call.query.get('live_only')?.toLowerCase() === 'yes',
  });
}

function answerRows({ state, list }: Call, request: RowsRequest): Action1Answer {
  const counted = request.report.simple || state.settings.switches.summaryCounters;
  return json(200, reportPage(list, rowsOf(request), { total: true }, counted ? countersOf(request) : undefined));
}

function answerExport({ state, list, query }: Call, request: RowsRequest): Action1Answer {
  const rows = rowsOf(request);
  const { exportRowsWithoutLimit, csvMark } = state.settings.switches;
  const { items } = slice(list, rows, exportRowsWithoutLimit > 0 ? exportRowsWithoutLimit : Math.max(1, rows.length));
  return reportFile(request.report.name, items, query.get('format') === 'html' ? 'html' : 'csv', csvMark);
}

/** Installed software is the report `all_apps` behind a path of its own. */
function answerSoftware(call: Call): Action1Answer {
  const organization = call.organization();
  const report = { id: 'all_apps', name: 'All applications', simple: false, builtin: true, rows: 'summary' } as const;
  const request = { state: call.state, organization, report, now: call.now, details: false, liveOnly: false };
  const groups = organization.endpoints.length === 0 ? listOf<unknown>([]) : rowsOf(request);
  const shown = lazy(groups.length, (index) => {
    const group = groups.at(index) as { readonly fields: { readonly Name: string; readonly Details: string } };
    return {
      ...group,
      fields: {
        Name: group.fields.Name,
        Vendor: 'Example Vendor',
        Version: `24.${index}`,
        'Install Type': 'msi',
        Platform: 'Windows',
        'Update Status': ['Update Available', 'Current', 'None'][index % 3],
        Endpoints: group.fields.Details,
        _AutoUninstall: 'yes',
        _Missing_Updates: [],
      },
      drilldown_field: 'Endpoints',
    };
  });
  return json(200, reportPage(call.list, shown, { total: false }, countersOf(request)));
}
