import { request } from 'node:https';
import { connect, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { contacted, endpointAddresses } from '../support/loopback-only.ts';

/** Of the block for documentation: nobody answers there. */
const NOBODY = ['192.0.2.1', '192.0.2.2'] as const;

it('S92: an address that is not loopback is noticed in every test file, over TLS too', async () => {
  const [plain, secure] = NOBODY;
  const socket = connect(9, plain);
  socket.on('error', () => undefined);
  const client = request({ host: secure, port: 9 });
  client.on('error', () => undefined);
  client.end();
  connect(9, '127.0.0.1').on('error', () => undefined);
  await expect.poll(() => [...contacted].toSorted()).toEqual([...NOBODY]);
  socket.destroy();
  client.destroy();
  contacted.clear();
});

it('S92: what the name of the endpoint resolves to is known, for the contract suites and for nobody else', async () => {
  endpointAddresses.add('emulator.example');
  const named = new Socket();
  named.on('error', () => undefined);
  named.connect({
    host: 'emulator.example',
    port: 9,
    lookup: (_host, _options, answer) => answer(null, [{ address: '192.0.2.3', family: 4 }]),
  });
  await expect.poll(() => [...contacted]).toEqual(['192.0.2.3']);
  expect([...endpointAddresses]).toEqual(['emulator.example', '192.0.2.3']);
  named.destroy();
  endpointAddresses.clear();
  contacted.clear();
});
