import { describe, expect, it } from 'vitest';
import {
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  UsageError,
} from '../../../../functions/core/errors.ts';
import { createNoteJob, markedText, markerText, parseNoteJob } from '../../../../functions/core/notes/note.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { actionstep } from '../../../../functions/providers/actionstep/provider.ts';
import { open, response, type Harness } from './harness.ts';

const job = createNoteJob('run-1', { connection: 'harbour', action: '1002', text: 'Export of February is filed.' });

const write = (harness: Harness, call: CallApi = harness.api.call, note = job) => {
  if (actionstep.writeNote === undefined) throw new Error('Actionstep writes notes');
  return actionstep.writeNote(call, harness.api.context, note);
};

const written = (harness: Harness, marker = job.marker) =>
  harness.model.records('filenotes').filter((row) => String(row.text).includes(markerText(marker)));

describe('createNoteJob', () => {
  it('gives one request one marker, and another request another', () => {
    const again = createNoteJob('run-1', {
      connection: 'harbour',
      action: '1002',
      text: 'Export of February is filed.\r\n',
    });
    const other = createNoteJob('run-2', {
      connection: 'harbour',
      action: '1002',
      text: 'Export of February is filed.',
    });
    expect(again.marker).toBe(job.marker);
    expect(other.marker).not.toBe(job.marker);
    expect(parseNoteJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
  });

  it.each([
    ['', '1002'],
    ['   \n', '1002'],
    ['x'.repeat(10_001), '1002'],
    ['text', '0'],
    ['text', '12; drop'],
    ['text', ''],
  ])('refuses the text %j for the matter %j', (text, action) => {
    expect(() => createNoteJob('run', { connection: 'harbour', action, text })).toThrow(UsageError);
  });

  it.each([[null], ['x'], [{}], [{ ...job, marker: '*' }], [{ ...job, text: 1 }]])(
    'reads no job out of %j',
    (value) => {
      expect(parseNoteJob(value)).toBeUndefined();
    },
  );
});

describe('writeNote', () => {
  it('looks for the marker, posts, and finds its note again', async () => {
    const harness = await open();
    const outcome = await write(harness);
    expect(harness.sent.map((request) => request.method)).toEqual(['GET', 'POST', 'GET']);
    const type = 'application/vnd.api+json';
    for (const { headers } of harness.sent) expect(headers).toMatchObject({ accept: type, 'content-type': type });
    expect(outcome).toEqual({ status: 'written', id: String(written(harness)[0]?.id) });
    expect(written(harness)[0]).toMatchObject({ text: markedText(job), links: { action: '1002' } });
  });

  it.each([200, 201] as const)('takes %d for created', async (createStatus) => {
    const harness = await open({ createStatus });
    expect((await write(harness)).status).toBe('written');
  });

  it('writes once when it is called again', async () => {
    const harness = await open();
    const first = await write(harness);
    expect(await write(harness)).toEqual({ status: 'found', id: first.id });
    expect(written(harness)).toHaveLength(1);
  });

  it('writes once when the reply of the POST was lost', async () => {
    const harness = await open();
    const lossy: CallApi = async (request) => {
      const answer = await harness.api.call(request);
      if (request.method === 'POST') throw new ProviderUnavailableError('reset', { sent: true });
      return answer;
    };
    await expect(write(harness, lossy)).rejects.toThrow(ProviderUnavailableError);
    expect((await write(harness)).status).toBe('found');
    expect(written(harness)).toHaveLength(1);
  });

  it('writes on the next attempt when the POST itself was lost', async () => {
    const harness = await open();
    const lossy: CallApi = async (request) => {
      if (request.method === 'POST') throw new ProviderUnavailableError('refused', { sent: false });
      return harness.api.call(request);
    };
    await expect(write(harness, lossy)).rejects.toThrow(ProviderUnavailableError);
    expect((await write(harness)).status).toBe('written');
    expect(written(harness)).toHaveLength(1);
  });

  it('is not taken in by a note of another matter or another marker', async () => {
    const harness = await open();
    harness.model.createRecord('filenotes', { text: `mentions ${job.marker}`, links: { action: '1002' } }, new Date());
    harness.model.createRecord('filenotes', { text: markedText(job), links: { action: '1003' } }, new Date());
    expect((await write(harness)).status).toBe('written');
  });

  it('says when the matter is not there', async () => {
    const harness = await open();
    const lost = createNoteJob('run-1', { connection: 'harbour', action: '999999', text: 'x' });
    await expect(write(harness, harness.api.call, lost)).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      status: 404,
    });
  });

  it('fails where a note was taken and neither its id nor the note can be seen', async () => {
    const harness = await open();
    const blind: CallApi = async () => response(200, { filenotes: [] });
    await expect(write(harness, blind)).rejects.toThrow(ProviderResponseInvalidError);
    const told: CallApi = async ({ method }) => response(200, { filenotes: method === 'POST' ? [{}, { id: 9 }] : [] });
    expect(await write(harness, told)).toEqual({ status: 'written', id: '9' });
  });

  it('takes for its own what carries the marker in its matter, whatever the search answers', async () => {
    const harness = await open();
    const text = markedText(job);
    const posts = async (rows: readonly object[]) => {
      const methods: string[] = [];
      const call: CallApi = async ({ method, query = [] }) => {
        methods.push(method);
        if (method === 'GET') {
          expect(query).toEqual([
            ['action_eq', '1002'],
            ['text_ilike', `*${job.marker}*`],
            ['sort', 'id'],
            ['pageSize', '50'],
          ]);
        }
        return response(200, { filenotes: method === 'POST' ? { id: 9 } : rows });
      };
      return { outcome: await write(harness, call), posted: methods.includes('POST') };
    };
    for (const links of [{ action: '1002' }, { action: 1002 }, {}, undefined]) {
      const found = await posts([{ id: 5, text, links }]);
      expect(found).toEqual({ outcome: { status: 'found', id: '5' }, posted: false });
    }
    for (const row of [
      { id: 5, text, links: { action: '1003' } },
      { id: 5, text: 7 },
      { id: 5, text: 'other' },
    ]) {
      expect(await posts([row])).toEqual({ outcome: { status: 'written', id: '9' }, posted: true });
    }
  });
});
