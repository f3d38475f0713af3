import { ENTERPRISE_ID } from './options.ts';
import type { Action1State } from './state.ts';

export interface SimulatedReport {
  readonly id: string;
  readonly name: string;
  readonly simple: boolean;
  readonly builtin: boolean;
  readonly rows: 'endpoint' | 'updates' | 'many' | 'summary';
}

const simple = (id: string, name: string, rows: SimulatedReport['rows'] = 'endpoint'): SimulatedReport => ({
  id,
  name,
  simple: true,
  builtin: true,
  rows,
});

/** Some built-in reports under the ids that they have everywhere, and one that was saved here. */
export const REPORTS: readonly SimulatedReport[] = [
  { ...simple('installed_software_1635264799139', 'Installed Software', 'summary'), simple: false },
  simple('missing_third_party___windows_updates_1671801861492', 'Missing Third-Party & Windows Updates', 'updates'),
  simple('antivirus_status_1647107026187', 'Antivirus Status'),
  simple('bitlocker_key_1652709701072', 'BitLocker Key'),
  simple('low_disk_space_1637319696228', 'Low Disk Space'),
  simple('hardware_summary_1635380496058', 'Hardware Summary'),
  simple('reboot_required_1635422625514', 'Reboot Required'),
  { ...simple('compliance_overview_1225221157946', 'Compliance overview', 'many'), builtin: false },
];

/** Definitions as `GET /reports/all` shows them. */
export function definitions({ settings }: Action1State, subtree: boolean): unknown[] {
  const { baseUrl } = settings;
  const category = (id: string, name: string) => ({
    id,
    type: 'ReportCategory',
    self: `${baseUrl}/reports/${ENTERPRISE_ID}/${id}`,
    name,
    description: name,
    long_description: '',
    children: `${baseUrl}/reports/${id}/children`,
    parent_category: `${baseUrl}/reports`,
  });
  const categories = [
    { of: true, shown: category('cat_builtin', 'Built-in Reports') },
    { of: false, shown: category(`cat_custom_${ENTERPRISE_ID}`, 'Custom Reports') },
  ];
  const within = (builtin: boolean) =>
    REPORTS.filter((report) => report.builtin === builtin).map((report) => definition(baseUrl, report));
  if (!subtree || settings.switches.subtree === 'categories') return categories.map(({ shown }) => shown);
  if (settings.switches.subtree === 'nested') {
    return categories.map(({ of, shown }) => ({ ...shown, items: within(of) }));
  }
  return categories.flatMap(({ of, shown }) => [shown, ...within(of)]);
}

export function definition(baseUrl: string, report: SimulatedReport): Record<string, unknown> {
  const category = report.builtin ? 'cat_builtin' : `cat_custom_${ENTERPRISE_ID}`;
  return {
    id: report.id,
    type: 'Report',
    self: `${baseUrl}/reports/${ENTERPRISE_ID}/${report.id}`,
    name: report.name,
    description: report.name,
    long_description: '',
    report_data: `${baseUrl}/reportdata/${ENTERPRISE_ID}/${report.id}/data`,
    report_errors: `${baseUrl}/reportdata/${ENTERPRISE_ID}/${report.id}/errors`,
    parent_category: `${baseUrl}/reports/${ENTERPRISE_ID}/${category}`,
    simple: report.simple ? 'yes' : 'no',
    alertable: 'yes',
    builtin: report.builtin ? 'yes' : 'no',
    summary_customizable: 'yes',
  };
}
