import { abridgedPage, json, refusal, resultPage, type Action1Answer } from './answers.ts';
import { lazy, listOf } from './deterministic.ts';
import { auditTrail, updatesOf } from './inventory.ts';
import { ENTERPRISE_ID } from './options.ts';
import { showEndpoint, type SimulatedEndpoint, type SimulatedOrganization } from './population.ts';
import type { Call, Routes } from './routes.ts';
import { takeOnce } from './state.ts';
import {
  scoreWord,
  showVulnerability,
  showVulnerableEndpoint,
  type SimulatedVulnerability,
} from './vulnerabilities.ts';

const TOTAL = { total: true } as const;
const NO_TOTAL = { total: false } as const;

export const listRoutes: Routes = {
  'GET me': ({ state }) =>
    json(200, {
      id: '1',
      type: 'User',
      self: `${state.settings.baseUrl}/users/1`,
      user_type: 'API',
      first_name: 'Steward',
    }),
  'GET organizations': ({ state, list }) => {
    const shown = state.organizations.map((organization) => showOrganization(state.settings.baseUrl, organization));
    return json(200, resultPage(list, listOf(shown), TOTAL));
  },
  'GET endpoints/managed/:org': answerEndpoints,
  'GET vulnerabilities/:org': answerVulnerabilities,
  'GET vulnerabilities/:org/:cve/endpoints': answerVulnerableEndpoints,
  'GET updates/:org': answerUpdates,
  'GET automations/instances/:org': (call) => {
    const status = call.query.get('status')?.toLowerCase();
    const runs = call.state.automations.get(call.organization().id) ?? [];
    const kept = runs.filter((run) => status === undefined || String(run['status']).toLowerCase() === status);
    return json(200, resultPage(call.list, listOf(kept), NO_TOTAL));
  },
  'GET automations/instances/:org/:instance/endpoint-results': answerResults,
  'GET audit/events': answerAudit,
  // A package that is not there is answered with 200 and nothing.
  'GET software-repository/:org/:package': () => ({ status: 200, headers: {}, body: '' }),
};

function showOrganization(baseUrl: string, { id, name }: SimulatedOrganization) {
  return {
    id,
    type: 'Organization',
    self: `${baseUrl}/organizations/${id}`,
    name,
    description: '',
    access: `${baseUrl}/organizations/${id}/access`,
    enterprise_id: ENTERPRISE_ID,
  };
}

function answerEndpoints({ state, query, list, now, organization }: Call): Action1Answer {
  const owner = organization();
  const extended = query.get('fields') === '*';
  const status = query.get('status')?.toLowerCase();
  if (takeOnce(state, 'emptyEndpointsOnce')) return json(200, resultPage(list, listOf([]), TOTAL));
  const kept = owner.endpoints.filter(
    ({ offlineSince }) =>
      status === undefined || status === (offlineSince === undefined ? 'connected' : 'disconnected'),
  );
  const shown = lazy(kept.length, (index) => {
    const endpoint = kept[index];
    return endpoint === undefined ? undefined : showEndpoint(state.settings, owner, endpoint, extended, now);
  });
  return json(200, resultPage(list, shown, TOTAL));
}

function answerVulnerabilities({ state, query, list, organization }: Call): Action1Answer {
  const owner = organization();
  const all = state.vulnerabilities.get(owner.id) ?? [];
  const score = query.get('score')?.toLowerCase();
  const status = query.get('remediation_status')?.toLowerCase();
  const kept = all.filter(
    (one) =>
      (score === undefined || scoreWord(one.score).toLowerCase() === score) &&
      (status === undefined || statusMatches(one, status)),
  );
  const page = abridgedPage(list, listOf(kept.map((one) => showVulnerability(state.settings, owner, one))));
  if (page['from'] === 0 && kept.length > 0 && takeOnce(state, 'shiftVulnerabilitiesOnce')) {
    all.splice(all.indexOf(kept[0] as SimulatedVulnerability), 1);
  }
  return json(200, page);
}

/** The words of the query are others than those of the objects. */
function statusMatches({ remediationStatus }: SimulatedVulnerability, wanted: string): boolean {
  const status = remediationStatus.toLowerCase();
  const controlled = status === 'compensated';
  if (wanted === 'control_applied') return controlled;
  if (wanted === 'all_except_control_applied') return !controlled;
  if (wanted === 'overdue_due_soon') return status === 'overdue' || status === 'due_soon';
  if (wanted === 'due_later') return status === 'not_required_yet';
  return status === wanted;
}

function answerVulnerableEndpoints({ state, list, organization, param }: Call): Action1Answer {
  const owner = organization();
  const one = state.vulnerabilities.get(owner.id)?.find(({ cve }) => cve === param('cve'));
  if (one === undefined) return refusal(400, `Vulnerability ${param('cve')} not found`);
  const shown = lazy(Math.min(one.endpoints, owner.endpoints.length), (index) =>
    showVulnerableEndpoint(owner, one, owner.endpoints[index] as SimulatedEndpoint),
  );
  return json(200, abridgedPage(list, shown));
}

function answerUpdates({ state, query, list, organization }: Call): Action1Answer {
  const all = updatesOf(state.settings, organization());
  const shown = Array.from({ length: all.length }, (_, index) => all.at(index));
  const kept = shown.filter((update) => {
    const [version] = update['versions'] as readonly Record<string, unknown>[];
    return (
      fits(version?.['security_severity'], query.get('security_severity')) &&
      fits(version?.['approval_status'], query.get('approval_status'))
    );
  });
  return json(200, resultPage(list, listOf(kept), TOTAL));
}

function answerResults({ state, list, organization, param }: Call): Action1Answer {
  const owner = organization();
  const run = state.automations.get(owner.id)?.find(({ id }) => id === param('instance'));
  if (run === undefined) return refusal(400, `Automation with id=${param('instance')} not found`);
  const results = owner.endpoints.slice(0, 5).map((endpoint) => ({
    id: endpoint.id,
    type: 'AutomationInstance_Endpoint',
    self: `${String(run['self'])}/endpoint-results/${endpoint.id}`,
    details: `${String(run['self'])}/endpoint-results/${endpoint.id}/details`,
    endpoint_name: endpoint.name,
    status: run['status'],
    time: run['end_time'],
    action_name: 'Deploy SoftwareRepositoryPackage',
    description:
      run['status'] === 'Success' ? 'The packages have been installed successfully' : 'The installation failed',
    percent_completed: '100',
  }));
  return json(200, resultPage(list, listOf(results), TOTAL));
}

function answerAudit({ state, query, list, now }: Call): Action1Answer {
  const { entries, timeOf } = auditTrail(state.settings, state.organizations, now);
  const everyMs = timeOf(1) - timeOf(0);
  const place = (text: string | null, otherwise: number, round: (value: number) => number) =>
    text === null ? otherwise : round((wireTime(text) - timeOf(0)) / everyMs);
  const first = Math.max(0, place(query.get('timefrom'), 0, Math.ceil));
  const last = Math.min(entries.length - 1, place(query.get('timeto'), entries.length - 1, Math.floor));
  const spanned = lazy(Math.max(0, last - first + 1), (index) => entries.at(first + index));
  const wanted = query.get('event')?.toLowerCase().split(',');
  if (wanted === undefined) return json(200, resultPage(list, spanned, TOTAL));
  const kept = Array.from({ length: spanned.length }, (_, index) => spanned.at(index)).filter((entry) =>
    wanted.includes(String(entry['event']).toLowerCase()),
  );
  return json(200, resultPage(list, listOf(kept), TOTAL));
}

function wireTime(text: string): number {
  const [day, time] = text.split('_');
  return Date.parse(`${day}T${(time ?? '').replaceAll('-', ':')}Z`);
}

/** `-Critical` is everything else. */
function fits(value: unknown, wanted: string | null): boolean {
  if (wanted === null) return true;
  const word = String(value).toLowerCase();
  return wanted.startsWith('-') ? word !== wanted.slice(1).toLowerCase() : word === wanted.toLowerCase();
}
