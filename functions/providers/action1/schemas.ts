import * as v from 'valibot';

/** Totals, limits and scores come as numbers on some endpoints and as strings on others; `null` is what is no number. */
const amount = v.optional(
  v.nullable(
    v.pipe(
      v.union([v.number(), v.string()]),
      v.transform((value) => (typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value))),
      v.transform((value) => (Number.isFinite(value) ? value : null)),
    ),
  ),
);
const text = v.optional(v.nullable(v.string()));
/** Yes and no are words here, in either case. */
const yes = v.optional(
  v.nullable(
    v.pipe(
      v.union([v.string(), v.boolean()]),
      v.transform((value) => String(value).toLowerCase() === 'yes' || value === true),
    ),
  ),
);

/** What the four list envelopes have in common. `next_page` is left out on purpose: it is missing in mid-collection. */
export const pageSchema = v.object({
  items: v.array(v.unknown()),
  total_items: amount,
  limit: amount,
  total_errors: amount,
  total_live_responses: amount,
  total_sent_requests: amount,
  last_requery: text,
});

export const organizationSchema = v.object({ id: v.string(), name: v.string() });

const counts = v.optional(v.nullable(v.object({ critical: amount, other: amount })));

/** `GET /endpoints/managed/{orgId}`. Counts only with `fields=*`; older answers have the update counts at the top. */
export const endpointSchema = v.object({
  id: v.string(),
  name: text,
  device_name: text,
  status: text,
  last_seen: text,
  address: text,
  MAC: text,
  OS: text,
  platform: text,
  agent_version: text,
  agent_install_date: text,
  last_boot_time: text,
  subscription_status: text,
  user: text,
  serial: text,
  manufacturer: text,
  comment: text,
  reboot_required: yes,
  online_status: text,
  update_status: text,
  vulnerability_status: text,
  missing_updates: counts,
  missing_critical_updates: amount,
  missing_other_updates: amount,
  vulnerabilities: counts,
});
export type Action1Endpoint = v.InferOutput<typeof endpointSchema>;

const software = v.object({
  product_name: text,
  platform: text,
  endpoints_count: amount,
  versions: v.optional(v.nullable(v.array(v.object({ version: text })))),
  available_updates: v.optional(v.nullable(v.array(v.object({ package_id: text, name: text, version: text })))),
});
export type Action1Software = v.InferOutput<typeof software>;

/** `GET /vulnerabilities/{orgId}`. There is no id, no severity word and no date of detection. */
export const vulnerabilitySchema = v.object({
  cve_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/)),
  cvss_score: amount,
  published_date: text,
  vector_string: text,
  remediation_status: text,
  remediation_deadline: text,
  endpoints_count: amount,
  cisa_kev: yes,
  software: v.optional(v.nullable(v.array(software))),
});
export type Action1Vulnerability = v.InferOutput<typeof vulnerabilitySchema>;

/** `GET /vulnerabilities/{orgId}/{cveId}/endpoints`. */
export const vulnerableEndpointSchema = v.object({
  endpoint_id: v.string(),
  endpoint_name: text,
  OS: text,
  software: v.optional(v.nullable(v.array(software))),
});

const updateVersion = v.object({
  id: text,
  version: text,
  security_severity: text,
  update_type: text,
  release_date: text,
  security_CVE: text,
  approval_status: text,
  update_sla_deadline: text,
  update_sla_status: text,
  version_outdated: text,
});

/** `GET /updates/{orgId}`: one object per package version, its severity inside `versions[0]`. */
export const updateSchema = v.object({
  id: v.string(),
  name: text,
  vendor: text,
  platform: text,
  update_type: text,
  kb_number: text,
  reboot_needed: text,
  size: text,
  optional: text,
  recommended: text,
  versions: v.optional(v.nullable(v.array(updateVersion))),
});
export type Action1Update = v.InferOutput<typeof updateSchema>;

/** Rows of reports, drilldowns and installed software. */
export const reportRowSchema = v.object({
  id: v.optional(v.union([v.string(), v.number()])),
  fields: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  last_refresh: text,
  response_type: text,
});
export type Action1ReportRow = v.InferOutput<typeof reportRowSchema>;

/** `GET /audit/events`. */
export const auditEventSchema = v.object({
  id: v.union([v.string(), v.number()]),
  event: text,
  description: text,
  object_name: text,
  object_url: text,
  user_name: text,
  user_id: text,
  timestamp: v.string(),
  org_id: text,
  org_name: text,
  status_message: text,
});

/** `GET /automations/instances/{orgId}`. */
export const automationSchema = v.object({
  id: v.string(),
  name: text,
  status: text,
  start_time: text,
  end_time: text,
  percent_completed: amount,
});
export type Action1Automation = v.InferOutput<typeof automationSchema>;

/** `GET /automations/instances/{orgId}/{instanceId}/endpoint-results`. */
export const automationResultSchema = v.object({
  endpoint_name: text,
  status: text,
  action_name: text,
  description: text,
});
