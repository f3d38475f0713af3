import { createHash } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../functions/core/errors.ts';
import { HOOK_LIMIT_BYTES } from '../../../functions/core/work/receive-hook.ts';
import { createHandler } from '../../../functions/event-receiver/handler.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { fakeClock, recordingLog } from '../../support/alert-world.ts';
import { createMemoryHookStore, createMemoryWorkStore } from '../../support/memory-work-store.ts';

const SECRET = 'a-secret-of-32-characters-0123456';

async function setUp(provider = 'actionstep') {
  const hooks = createMemoryHookStore();
  const work = createMemoryWorkStore();
  const log = recordingLog();
  const clock = fakeClock();
  const secretHash = createHash('sha256').update(SECRET).digest('hex');
  await hooks.put({ connection: 'acme', provider, name: 'h', job: 'changes', shard: '3', secretHash }, clock.now());
  let drawn = 0;
  const dependencies = {
    hooks,
    work,
    hints: (id: string, body: unknown) => PROVIDERS[id]?.hooks?.hints(body) ?? [],
    clock,
    random: { bytes: (length: number) => new Uint8Array(length).fill((drawn += 1)) },
    log,
  };
  return { ...dependencies, dependencies, receive: createHandler(dependencies) };
}

function post(change: { body?: string; secret?: string; connection?: string; method?: string; type?: string | null }) {
  return {
    body: change.body ?? '{}',
    isBase64Encoded: false,
    headers: change.type === null ? {} : { 'content-type': change.type ?? 'application/json' },
    pathParameters: { connection: change.connection ?? 'acme', secret: change.secret ?? SECRET },
    requestContext: { http: { method: change.method ?? 'POST' } },
  } as unknown as APIGatewayProxyEventV2;
}

const TODAY = { data: { type: 'filenotes', id: '9001', attributes: { text: 'Client called.' } } };
const OLDER = { actions: [{ id: 7 }, { id: 8 }] };

const down = async () => Promise.reject(new StoreUnavailableError('down'));

describe('event-receiver', () => {
  it.each([
    ['the shape of today', TODAY, ['filenotes/9001']],
    ['the older shape', OLDER, ['actions/7', 'actions/8']],
  ])('takes %s and adds one row of work for each record', async (_shape, body, ids) => {
    const { receive, work } = await setUp();
    expect(await receive(post({ body: JSON.stringify(body) }))).toMatchObject({ statusCode: 200 });
    expect([...work.rows.values()]).toMatchObject(
      ids.map((id) => ({ connection: 'acme', kind: 'hook', id: `changes#${id}`, payload: { job: 'changes', id } })),
    );
    expect([...work.rows.keys()].every((key) => key.startsWith('3|'))).toBe(true);
  });

  it('asks anew with each delivery, two in one moment too, so that neither is taken for done with the other', async () => {
    const { receive, work } = await setUp();
    const revisions = new Set<string>();
    for (let delivery = 0; delivery < 2; delivery += 1) {
      await receive(post({ body: JSON.stringify(TODAY) }));
      for (const { revision } of work.rows.values()) revisions.add(revision);
    }
    expect(work.rows.size).toBe(1);
    expect(revisions.size).toBe(2);
  });

  it('counts bytes where letters have several', async () => {
    const { receive } = await setUp();
    const wide = 'ü'.repeat(HOOK_LIMIT_BYTES / 2);
    expect(await receive(post({ body: wide }))).toMatchObject({ statusCode: 200 });
    expect(await receive(post({ body: `${wide}.` }))).toMatchObject({ statusCode: 413 });
  });

  it('takes a body in base64, as API Gateway may send it', async () => {
    const { receive, work } = await setUp();
    const event = post({ body: Buffer.from(JSON.stringify(TODAY)).toString('base64') });
    await receive({ ...event, isBase64Encoded: true });
    expect(work.rows.size).toBe(1);
  });

  it('keeps one row for a delivery that is replayed ten times', async () => {
    const { receive, work } = await setUp();
    for (let n = 0; n < 10; n += 1) {
      expect(await receive(post({ body: JSON.stringify(TODAY) }))).toMatchObject({ statusCode: 200 });
    }
    expect(work.rows.size).toBe(1);
  });

  it.each([
    ['another secret', { secret: SECRET.replace('a', 'b') }],
    ['a secret that is none', { secret: '../etc' }],
    ['no secret', { secret: '' }],
    ['another connection', { connection: 'other' }],
    ['a connection that is none', { connection: 'a#b' }],
  ])('answers 404 to %s, and does nothing', async (_what, change) => {
    const { receive, work } = await setUp();
    expect(await receive(post({ body: JSON.stringify(TODAY), ...change }))).toMatchObject({
      statusCode: 404,
      body: '',
    });
    expect(work.rows.size).toBe(0);
  });

  it.each(['GET', 'PUT', 'HEAD', 'DELETE'])('answers 405 to %s', async (method) => {
    const { receive } = await setUp();
    const answer = await receive(post({ method }));
    expect(answer).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
  });

  it('answers 413 to 10 MB, and 200 to what is just within the limit', async () => {
    const { receive, work } = await setUp();
    expect(await receive(post({ body: 'x'.repeat(10_000_000) }))).toMatchObject({ statusCode: 413 });
    const [front, back] = ['{"padding":"', `","data":${JSON.stringify(TODAY.data)}}`];
    const padding = 'x'.repeat(HOOK_LIMIT_BYTES - front.length - back.length);
    expect(await receive(post({ body: `${front}${padding}${back}` }))).toMatchObject({ statusCode: 200 });
    expect(await receive(post({ body: `${front}${padding}x${back}` }))).toMatchObject({ statusCode: 413 });
    expect(work.rows.size).toBe(1);
  });

  it.each([
    ['the wrong type', { body: JSON.stringify(TODAY), type: 'text/html' }],
    ['no JSON', { body: '{"data":' }],
    ['nothing', { body: '' }],
    ['a body that names no record', { body: '{"hello":"world"}' }],
    ['deep nesting', { body: `${'['.repeat(50_000)}${']'.repeat(50_000)}` }],
  ])('answers 200 to %s from whoever has the secret, and does nothing', async (_what, change) => {
    const { receive, work, log } = await setUp();
    expect(await receive(post(change))).toMatchObject({ statusCode: 200 });
    expect(work.rows.size).toBe(0);
    expect(log.events.map(([event]) => event)).toContain('hook.unreadable');
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    ' Application/JSON ',
    'application/vnd.api+json ;v=1',
  ])('takes %j for JSON', async (type) => {
    const { receive, work } = await setUp();
    await receive(post({ body: JSON.stringify(TODAY), type }));
    expect(work.rows.size).toBe(1);
  });

  it.each(['text/plain application/json', 'application/jsonp', 'application/json-seq', 'application/json x', 'json'])(
    'does not take %j for JSON',
    async (type) => {
      const { receive, work } = await setUp();
      await receive(post({ body: JSON.stringify(TODAY), type }));
      expect(work.rows.size).toBe(0);
    },
  );

  it('follows a hundred records of one delivery, and says nothing of a readable one', async () => {
    const { receive, work, log } = await setUp();
    const actions = Array.from({ length: 150 }, (_, index) => ({ id: index + 1 }));
    await receive(post({ body: JSON.stringify({ actions }) }));
    expect(work.rows.size).toBe(100);
    expect(log.events).toEqual([['hook.taken', { connection: 'acme', provider: 'actionstep', hints: 100 }]]);
  });

  it('follows a hundred of them, however many a provider reads out of it', async () => {
    const { dependencies, work } = await setUp();
    const hints = () => Array.from({ length: 150 }, (_, index) => `TaskCreated/${index}`);
    await createHandler({ ...dependencies, hints })(post({ body: '{}' }));
    expect(work.rows.size).toBe(100);
  });

  it.each([
    { connection: '#acme' },
    { connection: 'acme#' },
    { connection: 'x'.repeat(129) },
    { secret: `#${SECRET}` },
    { secret: `${SECRET}#` },
    { secret: 'x'.repeat(15) },
    { secret: 'x'.repeat(257) },
  ])('asks the table for nothing that can be none of ours: %j', async (change) => {
    const { dependencies } = await setUp();
    let asked = 0;
    const find = async () => void (asked += 1);
    const receive = createHandler({ ...dependencies, hooks: { find } });
    expect(await receive(post(change))).toMatchObject({ statusCode: 404 });
    expect(asked).toBe(0);
  });

  it('takes no hook of another connection for one of this, and stops for what nobody knows', async () => {
    const { dependencies, hooks, work } = await setUp();
    const secretHash = createHash('sha256').update(SECRET).digest('hex');
    const find = async () => ({ ...(await hooks.find('acme', secretHash)), connection: 'other' }) as never;
    const body = JSON.stringify(TODAY);
    expect(await createHandler({ ...dependencies, hooks: { find } })(post({ body }))).toMatchObject({
      statusCode: 404,
    });
    expect(work.rows.size).toBe(0);
    const broken = createHandler({
      ...dependencies,
      work: { add: async () => Promise.reject(new TypeError('a bug')) },
    });
    await expect(broken(post({ body }))).rejects.toThrow(TypeError);
  });

  it('takes a body without a content type', async () => {
    const { receive, work } = await setUp();
    await receive(post({ body: JSON.stringify(TODAY), type: null }));
    expect(work.rows.size).toBe(1);
  });

  it.each(['find', 'add'] as const)(
    'answers 200 when the store is down at %s: a bad answer switches a hook off',
    async (at) => {
      const { dependencies, log } = await setUp();
      const receive = createHandler({
        ...dependencies,
        ...(at === 'find' ? { hooks: { find: down } } : { work: { add: down } }),
      });
      expect(await receive(post({ body: JSON.stringify(TODAY) }))).toMatchObject({ statusCode: 200 });
      expect(log.events).toContainEqual(['hook.lost', { connection: 'acme', code: 'STORE_UNAVAILABLE' }]);
    },
  );

  it('logs neither the secret nor the body', async () => {
    const { receive, log } = await setUp();
    await receive(post({ body: JSON.stringify(TODAY) }));
    await receive(post({ secret: `${SECRET}x`, body: JSON.stringify(TODAY) }));
    expect(JSON.stringify(log.events)).not.toMatch(/secret-of|Client called/);
  });
});
