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

it('S92: the endpoint that the contract suites were told to run on is let pass, and what its name resolves to', async () => {
  endpointAddresses.add('emulator.example');
  const attempts: string[] = [];
  const named = new Socket();
  named.on('connectionAttempt', (address) => void attempts.push(address)).on('error', () => undefined);
  named.connect({
    host: 'emulator.example',
    port: 9,
    lookup: (_host, _options, answer) => answer(null, [{ address: '192.0.2.3', family: 4 }]),
  });
  await expect.poll(() => attempts).toEqual(['192.0.2.3']);
  expect([...contacted]).toEqual([]);
  named.destroy();
  endpointAddresses.clear();
});
