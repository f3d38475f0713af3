import { between, fraction, pick, stamp } from './deterministic.ts';
import type { Action1Settings } from './options.ts';
import type { SimulatedEndpoint, SimulatedOrganization } from './population.ts';

const DAY_MS = 86_400_000;

export interface SimulatedVulnerability {
  readonly cve: string;
  readonly score: number;
  readonly publishedAt: number;
  readonly product: string;
  readonly vendor: string;
  readonly endpoints: number;
  remediationStatus: string;
  knownExploited: boolean;
}

export const PRODUCTS = [
  ['Google Chrome', 'Google LLC'],
  ['Mozilla Firefox (x64 en-US)', 'Mozilla'],
  ['Adobe Acrobat (64-bit)', 'Adobe'],
  ['7-Zip 23.01 (x64)', 'Igor Pavlov'],
  ['Microsoft 365 Apps for business', 'Microsoft Corporation'],
  ['Python 3.10 (64-bit)', 'Python Software Foundation'],
  ['Zoom Workplace (64-bit)', 'Zoom'],
  ['VLC media player', 'VideoLAN'],
] as const;

export function vulnerabilitiesOf(settings: Action1Settings, organization: number): SimulatedVulnerability[] {
  const { seed, startedAt } = settings;
  return Array.from({ length: settings.vulnerabilitiesPerOrganization }, (_, index) => {
    const [product, vendor] = pick(PRODUCTS, seed, 'product', organization, index);
    const score = Math.round((2 + fraction(seed, 'score', organization, index) * 8) * 10) / 10;
    const age = between(5, 700, seed, 'published', organization, index);
    return {
      cve: `CVE-${2021 + (index % 6)}-${10_000 + index}`,
      score,
      publishedAt: startedAt.getTime() - age * DAY_MS,
      product,
      vendor,
      endpoints: 1 + between(0, Math.max(0, settings.endpointsPerOrganization - 1), seed, 'hit', organization, index),
      remediationStatus: pick(
        ['Not_required_yet', 'Due_soon', 'Overdue', 'Compensated'],
        seed,
        'due',
        organization,
        index,
      ),
      knownExploited: score >= 7 && fraction(seed, 'kev', organization, index) < 0.05,
    };
  });
}

/** Score words of the query parameter. */
export function scoreWord(score: number): string {
  return score >= 9 ? 'Critical' : score >= 7 ? 'High' : score >= 4 ? 'Medium' : 'Low';
}

export function showVulnerability(
  settings: Action1Settings,
  organization: SimulatedOrganization,
  one: SimulatedVulnerability,
): Record<string, unknown> {
  return {
    cve_id: one.cve,
    cvss_score: settings.switches.scoresAsNumbers ? one.score : one.score.toFixed(1),
    published_date: stamp(one.publishedAt),
    vector_string: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H',
    remediation_status: one.remediationStatus,
    remediation_deadline: stamp(one.publishedAt + 30 * DAY_MS),
    endpoints_count: one.endpoints,
    cisa_kev: one.knownExploited ? 'Yes' : 'No',
    software: [showSoftware(one)],
    organization_id: organization.id,
  };
}

export function showVulnerableEndpoint(
  organization: SimulatedOrganization,
  one: SimulatedVulnerability,
  endpoint: SimulatedEndpoint,
): Record<string, unknown> {
  return {
    endpoint_id: endpoint.id,
    endpoint_name: endpoint.name,
    OS: endpoint.os,
    software: [showSoftware(one)],
    organization_id: organization.id,
  };
}

function showSoftware(one: SimulatedVulnerability) {
  return {
    product_name: one.product,
    platform: 'Windows',
    endpoints_count: one.endpoints,
    versions: [{ version: '24.111.0602.3', uninstall_type: 'auto', install_type: 'msi' }],
    available_updates: [
      {
        package_id: `${packageName(one.vendor, one.product)}_1570243626751_builtin`,
        version_id: '25.0_1717475794124',
        version: '25.0.1',
      },
    ],
    cve_origin: ['NVD'],
  };
}

export function packageName(vendor: string, product: string): string {
  return `${vendor} ${product}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/_+$/g, '');
}
