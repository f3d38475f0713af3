import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isNetworkError, mayHaveArrived } from '../../../functions/http/network-error.ts';

const failure = (code: string, syscall?: string) =>
  Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) });

/** Several addresses, tried one after the other: Node names the whole after the first. */
const several = (...errors: NodeJS.ErrnoException[]) =>
  Object.assign(new AggregateError(errors), { code: errors[0]?.code });

describe('R10 what was never sent', () => {
  it.each([
    failure('ECONNREFUSED', 'connect'),
    failure('ETIMEDOUT', 'connect'),
    failure('EADDRNOTAVAIL', 'connect'),
    several(failure('ETIMEDOUT', 'connect'), failure('ECONNREFUSED', 'connect')),
  ])('a connection that was not made: %s', (error) => {
    expect(isNetworkError(error)).toBe(true);
    expect(mayHaveArrived(error)).toBe(false);
  });

  it.each(['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])(
    'P09 a certificate that is not trusted: %s',
    (code) => {
      expect(mayHaveArrived(failure(code))).toBe(false);
    },
  );

  it('is what Node itself says of a port where nobody listens', async () => {
    const error = await new Promise<Error>((resolve) => connect(1, '127.0.0.1').once('error', resolve));
    expect(mayHaveArrived(error)).toBe(false);
  });
});

describe('R09 what may have arrived', () => {
  it.each([
    failure('ETIMEDOUT', 'read'),
    failure('ECONNRESET', 'read'),
    failure('EPIPE', 'write'),
    failure('UND_ERR_SOCKET'),
    failure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
    new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
    several(failure('ETIMEDOUT', 'connect'), failure('ECONNRESET', 'read')),
    new AggregateError([]),
  ])('a connection that broke: %s', (error) => {
    expect(mayHaveArrived(error)).toBe(true);
  });
});
