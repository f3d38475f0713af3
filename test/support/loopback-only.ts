import { Socket } from 'node:net';
import { afterAll } from 'vitest';

/**
 * Every test file: nothing but loopback is contacted (S92). TLS and HTTP clients connect through `Socket` too; one that
 * tries is let go on, and the file fails at its end with the addresses.
 */
export const contacted = new Set<string>();

const LOOPBACK = /^(?:(?:::ffff:)?127\.|::1$)/;

const { connect } = Socket.prototype;
// oxlint-disable-next-line typescript/no-explicit-any -- connect has seven overloads, and all are passed on
Socket.prototype.connect = function watched(this: Socket, ...given: any[]) {
  this.on('connectionAttempt', (address) => void (LOOPBACK.test(address) || contacted.add(address)));
  return Reflect.apply(connect, this, given) as Socket;
};

afterAll(() => {
  if (contacted.size > 0) throw new Error(`S92: contacted besides loopback: ${[...contacted].join(', ')}`);
});
