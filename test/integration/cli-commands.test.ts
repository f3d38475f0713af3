import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import type { ServiceEvent } from '../../functions/core/events.ts';
import type { Overview } from '../../infra/cli/overview.ts';
import { createOverviewReader } from '../../infra/cli/read-overview.ts';
import { consentFlow } from '../../infra/local/providers/actionstep/consent.ts';
import { type CommandOptions, lastJson, steward } from '../support/command.ts';
import { startSteward } from '../support/start-process.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

/** The line of the demo's configuration that the tests change. */
const POLLED = /(source: vulnerabilities, every: )(\d+)s/;

describe('steward, against a running service', () => {
  let running: RunningService;
  let file: string;
  /** How often the demo's job polls before it is changed. */
  let everySeconds: number;
  const run = (args: readonly string[], options?: CommandOptions) =>
    steward(['--directory', running.directory, ...args], options);
  const services = () => running.service.services;

  /** Events that were published and are of a type. */
  async function published(type: string): Promise<readonly ServiceEvent[]> {
    const store = createOutboxStore(services().stateTable);
    const found: ServiceEvent[] = [];
    for (const shard of ['0', '1']) {
      for await (const { event } of store.published(
        shard,
        new Date(Date.now() - 3_600_000),
        new Date(Date.now() + 1000),
      ))
        if (event.type === type) found.push(event);
    }
    return found;
  }
  const audited = (type: string) =>
    eventually(type, async () => {
      const events = await published(type);
      return events.length > 0 && events;
    });

  beforeAll(async () => {
    running = await startRunning();
    file = join(running.directory, 'wanted.yaml');
    writeFileSync(file, running.configuration);
    everySeconds = Number(POLLED.exec(running.configuration)?.[2]);
  }, 90_000);
  afterAll(async () => {
    await running?.stop();
  });

  describe('apply', () => {
    it('finds nothing to do where everything is as the file says', async () => {
      const { code, stdout } = await run(['apply', '--file', file, '--yes']);
      expect(stdout).toBe('Nothing to change: everything is as the file says.\n');
      expect(code).toBe(0);
    });

    it('shows the difference and writes nothing with --dry-run', async () => {
      writeFileSync(file, running.configuration.replace(POLLED, '$177s'));
      const { code, stdout } = await run(['apply', '--file', file, '--dry-run']);
      expect(stdout).toContain(`~ alert new-vulnerabilities\n    everySeconds: ${everySeconds} → 77\n`);
      expect(code).toBe(0);
      expect((await services().jobs.find('new-vulnerabilities'))?.job).toMatchObject({ everySeconds });
    });

    it('says what to do where nobody can be asked, and writes nothing', async () => {
      const { code, stderr } = await run(['apply', '--file', file]);
      expect(stderr).toBe('Apply 1 change to local? [y/N] Nobody can answer here: say --yes\n');
      expect(code).toBe(2);
      expect((await services().jobs.find('new-vulnerabilities'))?.job).toMatchObject({ everySeconds });
    });

    it('writes with --yes, says so as JSON, and leaves an audit event with actor and difference', async () => {
      const result = await run(['--json', 'apply', '--file', file, '--yes']);
      expect(result.code).toBe(0);
      expect(result.stderr).toBe('');
      expect(lastJson(result)).toMatchObject({
        stage: 'local',
        applied: true,
        changes: [{ action: 'update', kind: 'alert', name: 'new-vulnerabilities' }],
      });
      expect((await services().jobs.find('new-vulnerabilities'))?.job).toMatchObject({ everySeconds: 77 });
      const [event] = await audited('steward.configuration.applied');
      expect(event?.data).toMatchObject({
        complete: true,
        counts: { create: 0, update: 1, remove: 0 },
        changes: [{ name: 'new-vulnerabilities', details: [`everySeconds: ${everySeconds} → 77`] }],
      });
      expect(event?.data['actor']).toMatch(/./);
    });

    it('lays the stage’s overlay over the file, says so, and points into it', async () => {
      const overlay = file.replace(/yaml$/, 'local.yaml');
      try {
        writeFileSync(overlay, 'alerts:\n  new-vulnerabilities: { every: 99s }\n');
        const { code, stdout, stderr } = await run(['apply', '--file', file, '--dry-run']);
        expect(stderr).toBe(`${file} with ${overlay} over it.\n`);
        expect(stdout).toContain('everySeconds: 77 → 99');
        expect(code).toBe(0);

        writeFileSync(overlay, 'alerts:\n  new-vulnerability: { every: 99s }\n');
        const wrong = await run(['apply', '--file', file, '--dry-run']);
        expect(wrong.stderr).toContain(`${overlay}:2:3: alerts.new-vulnerability.connection is missing`);
        expect(wrong.code).toBe(2);
      } finally {
        rmSync(overlay, { force: true });
      }
    });

    it('registers webhooks with the keeper, and takes them back', async () => {
      writeFileSync(
        file,
        `${readFileSync(file, 'utf8')}hooks:\n  matters: { connection: harbour-law, events: [ActionCreated], job: matter-changes }\n`,
      );
      const { code, stdout } = await run(['apply', '--file', file, '--yes']);
      expect(stdout).toContain('+ hook harbour-law/matters');
      expect(code).toBe(0);
      expect(await services().hooks.wanted('harbour-law')).toMatchObject([
        { name: 'matters', job: 'matter-changes', events: ['ActionCreated'], provider: 'actionstep' },
      ]);

      writeFileSync(file, readFileSync(file, 'utf8').replace(/hooks:[\s\S]*$/, ''));
      expect((await run(['apply', '--file', file, '--yes'])).stdout).toContain('- hook harbour-law/matters');
      expect(await services().hooks.wanted('harbour-law')).toEqual([]);
    });

    it.each([
      [
        'an unknown provider',
        'provider: opsramp',
        'provider: opsram',
        /:\d+:\d+: connections\.\S+ names the unknown provider opsram\. Did you mean opsramp\?/,
      ],
      [
        'an unknown connection',
        'connection: harbour-law',
        'connection: harbor-law',
        /:\d+:\d+: reports\.\S+ names the unknown connection harbor-law\. Did you mean harbour-law\?/,
      ],
      [
        'a missing secret',
        'secret: opsramp',
        'secret: opsrump',
        /^Credentials are missing: opsrump \(of northwind-operations\)\. Nothing was applied\. Store them first: steward credentials set opsrump/,
      ],
      ['a broken line', 'version: 1', 'version: [1', /wanted\.yaml:\d+:\d+: /],
      ['a schedule that never fires', '"0 6 * * *"', '"0 6 31 2 *"', /:\d+:\d+: reports\.\S+ 0 6 31 2 \* never fires/],
      [
        'a name that is no source',
        'source: missing-updates',
        'source: missing-update',
        /Did you mean missing-updates\?/,
      ],
    ])('refuses %s with its place, and writes nothing', async (_what, from, to, sentence) => {
      const before = await services().jobs.list();
      expect(running.configuration).toContain(from);
      writeFileSync(file, running.configuration.replace(from, to).replace(POLLED, '$178s'));
      const { code, stdout, stderr } = await run(['apply', '--file', file, '--yes']);
      expect(stderr).toMatch(sentence);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect([code, stdout]).toEqual([2, '']);
      const configured = (states: typeof before) =>
        states.map(({ job }) => job).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      expect(configured(await services().jobs.list())).toEqual(configured(before));
    });

    it('says that there is no such file', async () => {
      const { code, stderr } = await run(['apply', '--file', '/nowhere/steward.yaml']);
      expect(stderr).toMatch(/^There is no \/nowhere\/steward\.yaml\. Name another with --file/);
      expect(stderr).toContain('infra/cli/examples/steward.yaml is one to begin with');
      const own = join(running.directory, 'steward.yaml');
      writeFileSync(own, running.configuration);
      const again = await run(['apply', '--file', '/nowhere/steward.yaml']);
      rmSync(own);
      expect(again.stderr).toContain(`${own} is one to begin with`);
      expect(code).toBe(2);
    });
  });

  describe('credentials set', () => {
    const stored = async (name: string) => {
      const SecretId = `steward/local/${name}`;
      return (await services().secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '';
    };

    it('takes a secret through a pipe, beside the others of its kind, and shows it nowhere', async () => {
      const secret = randomBytes(24).toString('base64url');
      const { code, stdout, stderr } = await run(
        ['credentials', 'set', 'action1#other', '--client-id', 'other-id', '--stdin'],
        { input: `${secret}\n` },
      );
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(secret);
      expect(JSON.parse(await stored('action1'))).toMatchObject({
        other: { clientId: 'other-id', clientSecret: secret },
        northwind: { clientId: expect.any(String) as string },
      });
    });

    it.each([
      ['nothing', { args: ['a', '--client-id', 'x', '--stdin'], input: '\n' }, /nothing was stored/],
      ['a name with blanks', { args: ['a b', '--client-id', 'x', '--stdin'], input: 's' }, /not the name of a secret/],
      [
        'a key beside one client',
        { args: ['opsramp#k', '--client-id', 'x', '--stdin'], input: 's' },
        /holds one client, not many/,
      ],
      [
        'no key beside many clients',
        { args: ['action1', '--client-id', 'x', '--stdin'], input: 's' },
        /holds many clients: say which with name#key, none was replaced/,
      ],
      ['an empty key', { args: ['action1#', '--client-id', 'x', '--stdin'], input: 's' }, /not the name of a secret/],
      ['two keys', { args: ['action1#a#b', '--client-id', 'x', '--stdin'], input: 's' }, /not the name of a secret/],
      ['nobody to ask', { args: ['a', '--client-id', 'x'], input: '' }, /Nobody can answer here: say --stdin/],
    ])('refuses %s', async (_what, { args, input }, sentence) => {
      const before = await stored('action1');
      const { code, stderr } = await run(['credentials', 'set', ...args], { input });
      expect(stderr).toMatch(sentence);
      expect(code).toBe(2);
      expect(await stored('action1')).toBe(before);
    });

    it('replaces nothing that it cannot read, and does not show it', async () => {
      const SecretString = 'canary, and no JSON';
      await services().secrets.send(new CreateSecretCommand({ Name: 'steward/local/broken', SecretString }));
      for (const name of ['broken', 'broken#k']) {
        const args = ['credentials', 'set', name, '--client-id', 'x', '--stdin'];
        const { code, stdout, stderr } = await run(args, { input: 's' });
        expect(stderr).toContain('steward/local/broken holds something that is no JSON object');
        expect(stdout + stderr).not.toContain('canary');
        expect(code).toBe(2);
      }
      expect(await stored('broken')).toBe(SecretString);
    });
  });

  describe('connect, pause, resume and disconnect', () => {
    it('status says with exit code 1 that a consent is missing, and which command is next', async () => {
      const { code, stdout } = await run(['status']);
      expect(stdout).toContain('steward connect harbour-law');
      expect(code).toBe(1);
    });

    it('prints a link that connects, once, and audits that it was made', async () => {
      const result = await run(['--json', 'connect', 'harbour-law', '--no-wait', '--authorized-by', 'Pat Example']);
      expect(result.code).toBe(0);
      const { url } = lastJson(result) as { url: string };
      expect((await consentFlow(url)).url).toMatch(/\/outcome\/connected$/);
      const [event] = await audited('steward.connection.invited');
      expect(event).toMatchObject({ connection: 'harbour-law', data: { authorizedBy: 'Pat Example' } });
      expect(event?.data['actor']).toMatch(/./);
      expect(JSON.stringify(event)).not.toContain(url.slice(-20));
    });

    it('waits for the consent and says to which account', async () => {
      const waiting = run(['connect', 'harbour-law']);
      const link = await eventually('a second link', async () => {
        const events = await published('steward.connection.invited');
        return events.length > 1;
      });
      expect(link).toBe(true);
      // The link itself is only on the command's output: another one does as well.
      const { url } = lastJson(await run(['--json', 'connect', 'harbour-law', '--no-wait'])) as { url: string };
      await consentFlow(url);
      const { code, stdout, stderr } = await waiting;
      expect(stdout).toMatch(/^http:\/\/\S+\/connect\/\S+\n$/);
      expect(stderr).toContain('harbour-law is connected to harbourlegal.');
      expect(code).toBe(0);
    });

    it('says of the link that it waits for how each try ended', async () => {
      const child = startSteward('--directory', running.directory, 'connect', 'harbour-law');
      const [url] = await child.says(/http:\S+\/connect\/\S+/);
      expect((await consentFlow(url, { decline: true })).url).toMatch(/\/outcome\/declined$/);
      await child.says(/The consent was declined\. The same link may be used again\./);
      await consentFlow(url);
      await child.says(/harbour-law is connected to harbourlegal\./);
      expect(await child.ended).toBe(0);
    });

    it('status is content then, and says the same as JSON', async () => {
      const table = await run(['status']);
      expect(table.stdout).toContain('connected');
      expect(table.code).toBe(0);
      const { connections, stage } = lastJson(await run(['--json', 'status'])) as Overview;
      expect(stage).toBe('local');
      expect(connections.map(({ name, status }) => [name, status])).toEqual([
        ['harbour-law', 'connected'],
        ['northwind-endpoints', 'connected'],
        ['northwind-operations', 'connected'],
      ]);
    });

    it('pauses and resumes, each once', async () => {
      expect((await run(['pause', 'northwind-operations'])).stderr).toContain('northwind-operations is paused');
      expect((await run(['pause', 'northwind-operations'])).stderr).toContain('paused already');
      expect((await services().connections.find('northwind-operations'))?.paused).toBe(true);
      expect((await run(['resume', 'northwind-operations'])).stderr).toContain('is resumed');
      expect((await services().connections.find('northwind-operations'))?.paused).toBe(false);
      expect(await audited('steward.connection.paused')).toHaveLength(1);
    });

    it('disconnects only when that is meant, and reconnects', async () => {
      expect((await run(['disconnect', 'northwind-operations'])).code).toBe(2);
      const { code, stderr } = await run(['disconnect', 'northwind-operations', '--yes']);
      expect(stderr).toContain('OpsRamp itself was not told');
      expect(code).toBe(0);
      expect((await services().connections.find('northwind-operations'))?.access).toBeUndefined();
      expect((await audited('steward.connection.disconnected'))[0]?.data['actor']).toMatch(/./);
      const again = await run(['connect', 'northwind-operations']);
      expect(again.stderr).toContain('nobody has to consent');
      expect(again.code).toBe(0);
      await eventually(
        'a fresh token',
        async () => (await services().connections.find('northwind-operations'))?.health === 'connected',
      );
    });

    it('restore holds what rotates until somebody decides, and audits who did', async () => {
      expect((await run(['restore'])).code).toBe(2);
      const held = await run(['--json', 'restore', '--yes']);
      expect([held.code, lastJson(held)]).toEqual([0, { held: ['harbour-law'], free: [] }]);
      const status = await run(['status']);
      expect(status.stdout).toContain(
        'harbour-law: Held until somebody decides: Came out of a backup with generation ',
      );
      expect(status.code).toBe(1);
      expect((await audited('steward.connection.suspect'))[0]?.data).toMatchObject({
        cause: 'restored',
        actor: expect.stringMatching(/./) as string,
      });

      const unknown = await run(['restore', '--trust', 'harbor-law', '--yes']);
      expect(unknown.stderr).toContain('Did you mean harbour-law?');
      expect(unknown.code).toBe(2);
      const { code, stderr } = await run(['restore', '--trust', 'harbour-law', '--yes']);
      expect([code, stderr]).toEqual([0, 'harbour-law: refreshed with the next tick.\n']);
      await eventually('another generation', async () => {
        const connection = await services().connections.find('harbour-law');
        return connection?.health === 'connected' && (await services().connections.highWater('harbour-law')) > 1;
      });
      expect((await run(['status'])).code).toBe(0);
    });

    it('erases a client who has left, once nothing runs on it, and tells who did', async () => {
      const used = await run(['disconnect', 'northwind-operations', '--erase', '--yes']);
      expect(used.stderr).toMatch(/is used by .*operations-alerts.*: take it and them out of steward\.yaml/);
      expect(used.code).toBe(2);
      expect((await services().connections.find('northwind-operations'))?.health).toBe('connected');

      const left = /^ {2}northwind-operations:\n(?: {4}.*\n)+/m.exec(running.configuration)?.[0] ?? '';
      const another = left.replace('northwind-operations', 'gone-away').replace('client_1001', 'client_1002');
      writeFileSync(file, running.configuration.replace(left, left + another));
      expect((await run(['apply', '--file', file, '--yes'])).stdout).toContain('+ connection gone-away');
      writeFileSync(file, running.configuration);
      expect((await run(['apply', '--file', file, '--yes'])).stdout).toContain('steward disconnect gone-away');

      const erased = await run(['--json', 'disconnect', 'gone-away', '--erase', '--yes']);
      expect([erased.code, lastJson(erased)]).toEqual([0, { connection: 'gone-away', status: 'erased' }]);
      expect(await services().connections.find('gone-away')).toBeUndefined();
      expect((await run(['apply', '--file', file, '--yes'])).stdout).not.toContain('gone-away');
      await eventually('its event', async () =>
        (await published('steward.connection.disconnected')).some(({ connection }) => connection === 'gone-away'),
      );
    });

    it('names the nearest connection', async () => {
      const { code, stderr } = await run(['pause', 'harbor-law']);
      expect(stderr).toMatch(/^There is no connection harbor-law\. Did you mean harbour-law\?/);
      expect(code).toBe(2);
    });
  });

  describe('export and verify', () => {
    const archive = () => join(running.directory, 'archive');

    it('exports now and waits for it', async () => {
      const { code, stderr } = await run(['export', 'vulnerabilities']);
      expect(stderr).toMatch(/vulnerabilities: \d[\d ]* rows in \d+ windows?\. Check them with: steward verify/);
      expect(code).toBe(0);
    });

    it.each([
      ['a job that there is not', ['export', 'vulnerabilitys'], /Did you mean vulnerabilities\?/],
      ['a date that is none', ['export', 'vulnerabilities', '--from', 'yesterday'], /yesterday is not a date/],
      ['reaching back into a snapshot', ['export', 'vulnerabilities', '--from', '2026-01-01'], /snapshot/],
    ])('refuses %s', async (_what, args, sentence) => {
      const { code, stderr } = await run(args);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(2);
    });

    it('verifies the folder with a pinned key, with nothing running', async () => {
      const key = join(running.directory, 'public.pem');
      writeFileSync(key, (await run(['verify', '--print-key'])).stdout);
      const { code, stdout } = await steward(['--directory', '/nowhere', 'verify', archive(), '--key', key]);
      expect(stdout).toContain('Everything verifies.');
      expect(code).toBe(0);
    });

    it('verifies the archive of the folder that it works on when none is named', async () => {
      const { code, stdout } = await run(['verify']);
      expect(stdout).toContain('Everything verifies.');
      expect(code).toBe(0);
    });

    it('says which file and which bytes, after one was tampered with', async () => {
      const { exports } = await createOverviewReader(services())();
      const manifest =
        exports.find(({ job, state }) => job === 'vulnerabilities' && state === 'exported')?.manifest ?? '';
      const part =
        (JSON.parse(readFileSync(join(archive(), manifest), 'utf8')) as { parts: { key: string }[] }).parts[0]?.key ??
        '';
      const bytes = readFileSync(join(archive(), part));
      const changed = Buffer.from(bytes);
      changed[100] = (changed[100] ?? 0) ^ 1;
      rmSync(join(archive(), part), { force: true });
      writeFileSync(join(archive(), part), changed);
      const { code, stdout } = await run(['verify', archive()]);
      expect(stdout).toContain(part);
      expect(stdout).toMatch(/Bytes 0 to \d+ are not what was signed/);
      expect(stdout).toContain('This archive does not verify.');
      expect(code).toBe(1);
      writeFileSync(join(archive(), part), bytes);
      expect((await run(['verify', archive()])).code).toBe(0);
    });

    it('a manifest that was changed or is gone is so in the overview, and in the exit code of status', async () => {
      const look = async () =>
        (await createOverviewReader(services())()).exports.find(({ job }) => job === 'vulnerabilities');
      const view = await look();
      expect(view?.record).toBe('verified');
      const path = join(archive(), view?.manifest ?? '');
      const text = readFileSync(path, 'utf8');
      try {
        writeFileSync(path, text.replace('"rows": ', '"rows":  '));
        expect((await look())?.record).toBe('altered');
        const { code, stdout } = await run(['status']);
        expect(stdout).toContain('is not what was signed');
        expect(code).toBe(1);
      } finally {
        writeFileSync(path, text);
      }
      expect((await look())?.record).toBe('verified');
    });

    it.each([
      ['a folder that is not there', ['verify', '/nowhere'], /There is no folder \/nowhere/],
      [
        'a key that is not there',
        ['verify', '/tmp', '--key', '/nowhere.pem'],
        /There is no public key in \/nowhere\.pem/,
      ],
    ])('refuses %s', async (_what, args, sentence) => {
      const { code, stderr } = await run(args);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(2);
    });
  });

  describe('alerts, note and doctor', () => {
    it('tails what is published, as JSON lines, and ends when it is to', async () => {
      running.doubles.opsramp.control.openAlert({ currentState: 'Critical', subject: 'Tail sees this' });
      const { code, stdout } = await run(['--json', 'alerts', 'tail', '--since', '30', '--for', '10']);
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ServiceEvent);
      expect(events.some(({ summary }) => summary.includes('Tail sees this'))).toBe(true);
      expect(code).toBe(0);
    });

    it('replays a span with the same ids, and audits it', async () => {
      const from = new Date(Date.now() - 60_000).toISOString();
      const result = await run(['--json', 'alerts', 'replay', '--from', from]);
      expect((lastJson(result) as { replayed: number }).replayed).toBeGreaterThan(0);
      expect(result.code).toBe(0);
      const [event] = await audited('steward.alert.replayed');
      expect(event?.data).toMatchObject({ from, actor: expect.stringMatching(/./) as string });
    });

    it.each([
      ['no beginning', ['alerts', 'replay'], /--from/],
      ['no date', ['alerts', 'replay', '--from', 'noon'], /noon is not a date/],
      [
        'an end before the beginning',
        ['alerts', 'replay', '--from', '2026-02-01', '--to', '2026-01-01'],
        /--from comes before --to/,
      ],
    ])('refuses a replay with %s', async (_what, args, sentence) => {
      const { code, stderr } = await run(args);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(2);
    });

    it('writes a file note once', async () => {
      const result = await run(['--json', 'note', 'harbour-law', '1001', 'Checked by the command']);
      expect(result.code).toBe(0);
      const { marker } = lastJson(result) as { marker: string };
      expect(marker).toMatch(/./);
      const other = await run(['note', 'northwind-endpoints', '1001', 'text']);
      expect(other.stderr).toMatch(/action1 has no file notes/);
      expect(other.code).toBe(2);
    });

    it('the doctor finds everything well', async () => {
      const result = await run(['--json', 'doctor']);
      const { findings } = lastJson(result) as { findings: { check: string; ok: boolean }[] };
      expect(findings.filter(({ ok }) => !ok)).toEqual([]);
      expect(findings.map(({ check }) => check)).toContain('connection harbour-law');
      expect(result.code).toBe(0);
    });
  });
});
