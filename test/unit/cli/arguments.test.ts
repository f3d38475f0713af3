import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../functions/core/errors.ts';
import { DEFAULT_PORT, parseArguments } from '../../../infra/local/arguments.ts';

describe('the arguments of npm start', () => {
  it('have defaults', () => {
    expect(parseArguments([])).toEqual({
      once: false,
      json: false,
      port: DEFAULT_PORT,
      reset: false,
      directory: '.steward',
      allowLoopback: false,
      scale: 1,
    });
  });

  it('are read', () => {
    expect(parseArguments(['--once', '--json', '--port', '0', '--directory', 'd', '--scale', '2.5'])).toMatchObject({
      once: true,
      json: true,
      port: 0,
      directory: 'd',
      scale: 2.5,
    });
    expect(parseArguments(['--config', 'c', '--secrets', 's', '--allow-loopback', '--reset'])).toMatchObject({
      config: 'c',
      secrets: 's',
      allowLoopback: true,
      reset: true,
    });
  });

  it.each([
    [['--port', '65533'], /whole number from 0 to 65532/],
    [['--port', 'x'], /whole number/],
    [['--port', '1.5'], /whole number/],
    [['--scale', '0'], /number above 0/],
    [['--secrets', 's'], /--secrets needs --config/],
    [['--allow-loopback'], /--allow-loopback needs --config/],
    [['--json'], /--json needs --once/],
    [['--onse'], /unknown option '--onse'[\s\S]*--once[\s\S]*See npm start -- --help/],
    [['extra'], /too many arguments/],
    [['--config'], /argument missing/],
  ])('refuse %j with a sentence', (argv, sentence) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(sentence);
  });
});
