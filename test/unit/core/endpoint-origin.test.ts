import { expect, it } from 'vitest';
import { isEndpointOrigin } from '../../../functions/core/endpoint-origin.ts';

it.each([
  'https://gateway.example',
  'https://gateway.example/',
  'https://Gateway.Example:8443',
  'http://127.0.0.1:4000',
  'http://localhost',
  'http://[::1]:9/',
  'https://gateway.example:443',
  'http://localhost:80/',
])('%s may take the place of a provider', (text) => {
  expect(isEndpointOrigin(text)).toBe(true);
});

it.each([
  '',
  'nonsense',
  'gateway.example',
  'https://:80',
  'http://gateway.example',
  'http://127.0.0.2',
  'ftp://localhost',
  'ws://127.0.0.1:4000',
  'wss://gateway.example',
  'file:///etc/passwd',
  'https://user@gateway.example',
  'https://:word@gateway.example',
  'https://gateway.example//',
  'https://gateway.example/path',
  'https://gateway.example?x=1',
  'https://gateway.example#x',
  'https://gateway.example?',
  'https://gateway.example#',
  ' https://gateway.example',
  'https://gateway.example ',
  'https:gateway.example',
  'https:\\\\gateway.example',
  'https://gateway.example\\',
])('%j may not', (text) => {
  expect(isEndpointOrigin(text)).toBe(false);
});
