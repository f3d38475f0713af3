import { execFileSync, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { steward } from '../../support/command.ts';

const hasShell = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe.skipIf(!hasShell('bash'))('completion for bash', () => {
  let script = '';
  beforeAll(async () => {
    ({ stdout: script } = await steward(['completion', 'bash']));
  });

  /** What the shell would offer for a line whose last word is being written. */
  function offered(...words: readonly string[]): readonly string[] {
    const line = words.map((word) => `'${word}'`).join(' ');
    const call = `COMP_WORDS=(steward ${line}); COMP_CWORD=${words.length}; _steward; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', `${script}\n${call}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
  }

  it('offers commands, and what begins like the word', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['apply', 'connect', 'status', 'verify', 'doctor', '--stage']));
    expect(offered('con')).toEqual(['connect', 'console']);
  });

  it('offers subcommands and their options, behind options of the program', () => {
    expect(offered('alerts', '')).toEqual(expect.arrayContaining(['tail', 'replay']));
    expect(offered('--json', 'alerts', 'tail', '--s')).toEqual(['--since', '--stage']);
    expect(offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh']));
  });

  it('offers files where an option takes one', () => {
    expect(offered('apply', '--file', 'package')).toEqual(
      ['package.json', 'package-lock.json'].toSorted((a, b) => (a < b ? -1 : 1)),
    );
  });
});

describe('completion for zsh', () => {
  it('is a script that zsh can read, where there is one', async () => {
    const { code, stdout } = await steward(['completion', 'zsh']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#compdef steward\n/);
    expect(stdout).toContain('" alerts tail") compadd -- --since --for');
    if (hasShell('zsh')) expect(spawnSync('zsh', ['-n'], { input: stdout }).status).toBe(0);
  });

  it('is not made for a shell that is not known', async () => {
    const { code, stderr } = await steward(['completion', 'fish']);
    expect(stderr).toMatch(/Allowed choices are bash, zsh/);
    expect(code).toBe(2);
  });
});
