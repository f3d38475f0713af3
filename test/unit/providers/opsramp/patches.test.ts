import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource, SourceRow } from '../../../../functions/core/reports/source.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { NOW, opsrampBench, response } from '../../../support/opsramp.ts';

/** Reads a source to its end, with the pages of each list in their order. */
async function read(name: string, lists: Readonly<Record<string, readonly unknown[]>>, options: JsonObject = {}) {
  const { context } = await opsrampBench().open();
  const source = opsramp.sources[name] as ReportSource;
  const asked: string[] = [];
  const call: CallApi = async ({ path }) => {
    const earlier = asked.filter((one) => one === path).length;
    asked.push(path);
    return response(200, lists[path]?.[earlier] ?? '');
  };
  const window = { from: new Date(0), to: NOW };
  const given = { ...context, options: source.parseOptions(options), window, observedAt: NOW, now: NOW };
  const rows: SourceRow[] = [];
  let cursor: JsonValue | undefined;
  for (let steps = 0; steps < 30; steps += 1) {
    const page = await source.readPage(call, given, cursor);
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, last: page, asked };
    cursor = JSON.parse(JSON.stringify(page.next)) as JsonValue;
  }
  throw new Error('The source does not end');
}

const COMPLIANCES = 'patches/compliance';
const devicesOf = (id: string) => `${COMPLIANCES}/${id}/devices`;
const list = (results: readonly unknown[], totalResults?: number, nextPage = false) => ({
  results,
  nextPage,
  ...(totalResults === undefined ? {} : { totalResults }),
});
const LINUX = { id: 'P/1', name: 'Linux servers', osType: 'Linux', updatedTime: '2026-03-01T00:00:00+0000' };
const BARE = { id: 'P2' };
const GENERAL = { hostName: 'h', osName: 'os', ipAddresses: '192.0.2.1', resourceType: 'Server' };

describe('patch compliance', () => {
  it('reads the compliances first, then the devices of each, page by page', async () => {
    const { rows, last, asked } = await read('patch-compliance', {
      [COMPLIANCES]: [list([LINUX], 2, true), list([BARE], 2)],
      [devicesOf('P%2F1')]: [
        list([{ id: 'd1', generalInfo: GENERAL, clientUniqueId: 'c', type: 'DEVICE' }], 2, true),
        list([{ id: 'd2' }], 2),
      ],
      [devicesOf('P2')]: [list([{ id: 'd1', generalInfo: 'none' }], 1)],
    });
    const compliance = {
      complianceId: 'P/1',
      complianceName: 'Linux servers',
      complianceOsType: 'Linux',
      complianceUpdatedTime: '2026-03-01T00:00:00+0000',
    };
    const nothing = { hostName: '', osName: '', ipAddresses: '', resourceType: '', clientUniqueId: '', type: '' };
    expect(rows).toEqual([
      { ...compliance, deviceId: 'd1', ...GENERAL, clientUniqueId: 'c', type: 'DEVICE' },
      { ...compliance, deviceId: 'd2', ...nothing },
      {
        complianceId: 'P2',
        complianceName: '',
        complianceOsType: '',
        complianceUpdatedTime: '',
        deviceId: 'd1',
        ...nothing,
      },
    ]);
    expect(last).toEqual({
      rows: [rows[2]],
      sourceTotal: 3,
      completeness: 'reconciled',
      facts: {
        compliances: [
          { id: 'P/1', name: 'Linux servers' },
          { id: 'P2', name: '' },
        ],
      },
    });
    expect(asked).toEqual([COMPLIANCES, COMPLIANCES, devicesOf('P%2F1'), devicesOf('P%2F1'), devicesOf('P2')]);
  });

  it('is proved as well as its worst part, and has a total where each part has one', async () => {
    const verdict = async (...parts: readonly unknown[]) => {
      const [compliances, first, second] = parts;
      const { last } = await read('patch-compliance', {
        [COMPLIANCES]: [compliances],
        [devicesOf('P2')]: [first],
        [devicesOf('P3')]: [second],
      });
      return [last.completeness, last.sourceTotal];
    };
    const both = [BARE, { id: 'P3' }];
    const told = list([{ id: 'd' }], 1);
    const untold = list([{ id: 'd' }]);
    expect(await verdict(list(both, 2), told, told)).toEqual(['reconciled', 2]);
    expect(await verdict(list(both), told, told)).toEqual(['short-page', 2]);
    expect(await verdict(list(both, 2), untold, told)).toEqual(['short-page', undefined]);
    expect(await verdict(list(both, 2), told, untold)).toEqual(['short-page', undefined]);
  });

  it('leaves out the compliances of another operating system', async () => {
    const lists = { [COMPLIANCES]: [list([LINUX, BARE], 2)], [devicesOf('P%2F1')]: [list([{ id: 'd' }], 1)] };
    const { last } = await read('patch-compliance', lists, { osTypes: ['LINUX'] });
    expect(last.facts).toEqual({ compliances: [{ id: 'P/1', name: 'Linux servers' }] });
    const none = await read('patch-compliance', lists, { osTypes: ['WINDOWS'] });
    expect(none.last).toEqual({ rows: [], sourceTotal: 0, completeness: 'reconciled', facts: { compliances: [] } });
  });

  it.each([
    [{ [COMPLIANCES]: [list([{}], 1)] }, `${COMPLIANCES} has`],
    [{ [COMPLIANCES]: [list([BARE], 1)], [devicesOf('P2')]: [list([{}], 1)] }, '/devices has'],
  ])('names the list of an item without an id', async (lists, message) => {
    await expect(read('patch-compliance', lists)).rejects.toThrow(message);
  });
});

describe('patch status', () => {
  const PATH = 'resources/patches';

  it('has patch and resource in front, without the members that the vendor fills with zeros', async () => {
    const patch = { id: 5, name: 'KB5', severity: 'Critical' };
    const resource = {
      id: 'r1',
      hostName: 'h',
      ipAddress: '192.0.2.1',
      resourceName: 'n',
      resourceType: 'Server',
      cpu: 0,
    };
    const { cpu: _zero, ...shown } = resource;
    const { rows, last } = await read('patch-status', {
      [PATH]: [
        list(
          [
            { patch, resource, patchStatus: 'MISSING' },
            { patch: { id: '6' }, resource },
          ],
          2,
        ),
      ],
    });
    expect(rows).toEqual([
      { patchId: '5', patchName: 'KB5', resourceId: 'r1', patchStatus: 'MISSING', patch, resource: shown },
      { patchId: '6', patchName: '', resourceId: 'r1', patch: { id: '6' }, resource: shown },
    ]);
    expect(last).toMatchObject({ sourceTotal: 2, completeness: 'reconciled' });
  });

  it.each([{ resource: { id: 'r' } }, { patch: { id: 'p' } }, { patch: { id: 'p' }, resource: null }])(
    'refuses %j: it could not be told apart',
    async (item) => {
      await expect(read('patch-status', { [PATH]: [list([item], 1)] })).rejects.toThrow(`${PATH} has`);
    },
  );

  it('tells one patch on two resources, and two patches on one, apart', async () => {
    const item = (patch: string, resource: string) => ({ patch: { id: patch }, resource: { id: resource } });
    const { rows } = await read('patch-status', {
      [PATH]: [list([item('a', 'x'), item('a', 'y'), item('b', 'x'), item('a', 'x')], 3)],
    });
    expect(rows.map(({ patchId, resourceId }) => [patchId, resourceId])).toEqual([
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
    ]);
  });
});
