import { Socket } from 'node:net';
import { afterAll, expect } from 'vitest';

/**
 * Every test file: nothing but loopback is contacted (S92); by the contract suites also the endpoint that they were told
 * to run on (test/contract/README.md). TLS and HTTP clients connect through `Socket` too; one that tries is let go on, and
 * the file fails at its end with the addresses.
 */
export const contacted = new Set<string>();

const LOOPBACK = /^(?:(?:::ffff:)?127\.|::1$)/;
const IS_AWS = process.env['CONTRACT_ON'] === 'aws';

/** The host of `AWS_ENDPOINT_URL`, and what it resolves to. */
export const endpointAddresses = new Set<string>();
const endpoint = URL.parse(process.env['AWS_ENDPOINT_URL'] ?? '')?.hostname.replace(/^\[(.*)\]$/u, '$1');
if (endpoint !== undefined) endpointAddresses.add(endpoint);

const { connect } = Socket.prototype;
// oxlint-disable-next-line typescript/no-explicit-any -- connect has seven overloads, and all are passed on
Socket.prototype.connect = function watched(this: Socket, ...given: any[]) {
  this.on('lookup', (_error, address, _family, host) => {
    if (endpointAddresses.has(host)) endpointAddresses.add(address);
  });
  this.on('connectionAttempt', (address) => void (LOOPBACK.test(address) || contacted.add(address)));
  return Reflect.apply(connect, this, given) as Socket;
};

afterAll(() => {
  // oxlint-disable-next-line vitest/no-standalone-expect -- asked for the file that this is, which nothing else says
  const isContract = expect.getState().testPath?.includes('/test/contract/') === true;
  if (isContract && IS_AWS) contacted.clear();
  if (isContract) for (const address of endpointAddresses) contacted.delete(address);
  if (contacted.size > 0) throw new Error(`S92: contacted besides loopback: ${[...contacted].join(', ')}`);
});
