import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startEnvironment } from '../../infra/local/lambda/environment.ts';
import { startTestDynamo } from '../support/dynamo.ts';
import { benchBundles, emptyHandler, environmentOf } from './bundles.ts';
import { atMost, type Figure, inTurn, median, plain } from './figures.ts';

const ROUNDS = 15;
const IMPORT_BUDGET = 2.5;
const REQUEST_BUDGET = 4;

const CREDENTIALS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };

/** Process start to imported, and to a first answer, against an empty handler; spawned in turn. */
export async function coldStart(): Promise<readonly Figure[]> {
  const functions = await benchBundles();
  const empty = emptyHandler();
  const directories = { empty, ...Object.fromEntries(functions.map(({ name, directory }) => [name, directory])) };
  const callback = join(directories['oauth-callback' as keyof typeof directories], 'index.mjs');
  const times = await inTurn(ROUNDS, {
    ...Object.fromEntries(
      Object.entries(directories).map(([name, directory]) => [
        name,
        () => importMs(join(directory, 'index.mjs'), name === 'empty' ? {} : environmentOf(name), []),
      ]),
    ),
    'empty, mapped': () => importMs(join(empty, 'index.mjs'), {}, ['--enable-source-maps']),
    'oauth-callback, mapped': () => importMs(callback, environmentOf('oauth-callback'), ['--enable-source-maps']),
  });
  const of = (name: string) => median(times[name as keyof typeof times] ?? []);
  return [
    plain('empty handler, imported', of('empty'), 'ms', 0),
    ...functions.map(({ name }) => {
      const ratio = of(name) / of('empty');
      return name === 'oauth-callback'
        ? { what: `${name}, imported`, ...atMost(ratio, IMPORT_BUDGET, '×') }
        : plain(`${name}, imported`, ratio, '×');
    }),
    plain('oauth-callback, imported, with source maps', of('oauth-callback, mapped') / of('empty, mapped'), '×'),
    ...(await firstRequests(empty, directories['oauth-callback' as keyof typeof directories])),
  ];
}

function importMs(path: string, environment: Readonly<Record<string, string>>, flags: readonly string[]): number {
  const program = `await import(${JSON.stringify(path)}); process.exit(0)`;
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    env: { PATH: process.env['PATH'], ...CREDENTIALS, ...environment },
    encoding: 'utf8',
  });
  const elapsed = performance.now() - began;
  if (status !== 0) throw new Error(`${path} could not be imported: ${stderr}`);
  return elapsed;
}

/** Process start to the answer, in AWS's runtime client, DynamoDB on loopback. */
async function firstRequests(empty: string, callback: string): Promise<readonly Figure[]> {
  const dynamo = await startTestDynamo();
  const variables = {
    ...CREDENTIALS,
    ...environmentOf('oauth-callback'),
    AWS_ENDPOINT_URL: dynamo.endpoint,
    CONNECTIONS_TABLE_NAME: dynamo.connections.tableName,
    STATE_TABLE_NAME: dynamo.state.tableName,
  };
  try {
    const unknown = `code=abc&state=${'A'.repeat(43)}`;
    const times = await inTurn(ROUNDS, {
      empty: () => answerMs(empty, variables, unknown),
      unknown: () => answerMs(callback, variables, unknown),
      malformed: () => answerMs(callback, variables, 'code=abc'),
    });
    const floor = median(times.empty);
    return [
      plain('empty handler, first answer', floor, 'ms', 0),
      { what: 'unknown state, first answer', ...atMost(median(times.unknown) / floor, REQUEST_BUDGET, '×') },
      plain('malformed callback, first answer', median(times.malformed) / floor, '×'),
    ];
  } finally {
    await dynamo.stop();
  }
}

async function answerMs(taskRoot: string, variables: Readonly<Record<string, string>>, query: string): Promise<number> {
  const lines: string[] = [];
  const began = performance.now();
  const environment = await startEnvironment({
    functionName: 'bench',
    taskRoot,
    timeoutMs: 20_000,
    memoryMb: 512,
    variables,
    onLine: (_, line) => lines.push(line),
  });
  const outcome = await environment.run({
    requestId: '00000000-0000-4000-8000-000000000000',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    payload: JSON.stringify(callbackEvent(query)),
  });
  const elapsed = performance.now() - began;
  await environment.kill();
  const status = 'payload' in outcome ? (JSON.parse(outcome.payload) as { statusCode?: number }).statusCode : undefined;
  if (status !== 400) throw new Error(`The callback answered ${JSON.stringify(outcome)}; ${lines.join('\n')}`);
  return elapsed;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function callbackEvent(rawQueryString: string) {
  const rawPath = '/callback/actionstep';
  return {
    version: '2.0',
    routeKey: 'ANY /callback/{provider}',
    rawPath,
    rawQueryString,
    headers: { accept: 'text/html' },
    isBase64Encoded: false,
    requestContext: { http: { method: 'GET', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' } },
  };
}
