import type { JsonValue } from '../../../core/json.ts';
import type { SourceRow } from '../../../core/reports/source.ts';
import { toIso } from '../dates.ts';
import type { Organization } from '../organizations.ts';
import type { Action1ReportRow } from '../schemas.ts';

/** A report's row, flat: its own columns under the names that people gave them, ours in front. */
export function toReportRow(row: Action1ReportRow, organization: Organization, parentRowId?: string): SourceRow {
  return {
    organization: organization.name,
    organizationId: organization.id,
    ...(parentRowId === undefined ? {} : { parentRowId }),
    rowId: row.id === undefined ? null : String(row.id),
    ...(row.fields as Record<string, JsonValue> | null | undefined),
    ...(row.response_type ? { responseType: row.response_type } : {}),
    ...(row.last_refresh ? { lastRefresh: toIso(row.last_refresh) } : {}),
  };
}
