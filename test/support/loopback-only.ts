import { Socket } from 'node:net';
import { afterAll } from 'vitest';

/**
 * Every test file: nothing but loopback is contacted (S92), and the endpoint that the contract suites were told to run on
 * (test/contract/README.md). TLS and HTTP clients connect through `Socket` too; one that tries is let go on, and the file
 * fails at its end with the addresses.
 */
export const contacted = new Set<string>();

const LOOPBACK = /^(?:(?:::ffff:)?127\.|::1$)/;
const IS_AWS = process.env['CONTRACT_ON'] === 'aws';

/** The host of `AWS_ENDPOINT_URL`, and what it resolves to. */
export const endpointAddresses = new Set<string>();
const endpoint = URL.parse(process.env['AWS_ENDPOINT_URL'] ?? '')?.hostname.replace(/^\[(.*)\]$/u, '$1');
if (endpoint !== undefined) endpointAddresses.add(endpoint);

const isAllowed = (address: string) => IS_AWS || LOOPBACK.test(address) || endpointAddresses.has(address);

const { connect } = Socket.prototype;
// oxlint-disable-next-line typescript/no-explicit-any -- connect has seven overloads, and all are passed on
Socket.prototype.connect = function watched(this: Socket, ...given: any[]) {
  this.on('lookup', (_error, address, _family, host) => {
    if (endpointAddresses.has(host)) endpointAddresses.add(address);
  });
  this.on('connectionAttempt', (address) => void (isAllowed(address) || contacted.add(address)));
  return Reflect.apply(connect, this, given) as Socket;
};

afterAll(() => {
  if (contacted.size > 0) throw new Error(`S92: contacted besides loopback: ${[...contacted].join(', ')}`);
});
