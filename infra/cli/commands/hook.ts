import { randomBytes } from 'node:crypto';
import { NotFoundError, UsageError } from '../../../functions/core/errors.ts';
import type { AlertJob } from '../../../functions/core/jobs.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { hashHookSecret } from '../../../functions/core/work/receive-hook.ts';
import { auditEvent, recordAudit } from '../audit.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import type { CommandContext } from './context.ts';

const SECRET_BYTES = 32;
/** Webhooks of the configuration belong to providers that let us register them, and have names of their own. */
const BY_HAND = 'by hand';

/** `steward alerts hook <job>`: an address for a person to enter at a provider where nothing can be registered for them. */
export async function hookCommand(
  context: CommandContext,
  name: string,
  { revoke = false }: { readonly revoke?: boolean },
): Promise<number> {
  const job = await alertNamed(context.services, name);
  const payload = payloadOf(context.services, job);
  return revoke ? revokeHooks(context, job) : issueHook(context, job, payload);
}

/** Known once: the table keeps the secret's hash. */
async function issueHook({ terminal, services }: CommandContext, job: AlertJob, payload: string): Promise<number> {
  const { connection, provider, shard } = job;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const hook = { connection, provider, name: BY_HAND, job: job.name, shard, secretHash: hashHookSecret(secret) };
  await services.hooks.put(hook, services.clock.now());
  await audit(services, job, 'steward.hook.issued', `An address for webhooks of ${job.name} was made`);
  const url = `${services.target.publicBaseUrl}/hooks/${encodeURIComponent(connection)}/${secret}`;
  if (terminal.json) {
    terminal.out(JSON.stringify({ job: job.name, url, method: 'POST', contentType: 'application/json', payload }));
    return EXIT.done;
  }
  terminal.note(
    `Enter this at ${services.providers[provider]?.title}. It is shown once; whoever has it can send hints.`,
  );
  terminal.out(`POST ${url}\nContent-Type: application/json\n\n${payload}`);
  return EXIT.done;
}

async function revokeHooks({ terminal, services }: CommandContext, job: AlertJob): Promise<number> {
  const all = await services.hooks.list(job.connection);
  const mine = all.filter((hook) => hook.name === BY_HAND && hook.job === job.name);
  for (const { connection, secretHash } of mine) await services.hooks.remove(connection, secretHash);
  if (mine.length > 0) {
    await audit(
      services,
      job,
      'steward.hook.revoked',
      `${mine.length} addresses for webhooks of ${job.name} were revoked`,
    );
  }
  terminal.note(`${mine.length} addresses are answered with 404 from now on. Polling finds what they told of.`);
  if (terminal.json) terminal.out(JSON.stringify({ job: job.name, revoked: mine.length }));
  return EXIT.done;
}

function audit(
  services: Services,
  { connection, provider, name }: AlertJob,
  type: 'steward.hook.issued' | 'steward.hook.revoked',
  summary: string,
): Promise<void> {
  return recordAudit(services, auditEvent(services, type, { connection, provider, summary, data: { job: name } }));
}

async function alertNamed({ jobs }: Services, name: string): Promise<AlertJob> {
  const job = (await jobs.find(name))?.job;
  if (job?.kind === 'alert') return job;
  const names = (await jobs.list()).flatMap((each) => (each.job.kind === 'alert' ? [each.job.name] : []));
  throw new NotFoundError(`There is no alert job ${name}.${suggestion(name, names)}`);
}

/** @throws UsageError where nothing of the job can be hinted at, or Steward registers its webhooks itself */
function payloadOf({ providers }: Services, { name, provider, source }: AlertJob): string {
  const profile = providers[provider]?.hooks;
  if (profile?.standing !== undefined) {
    throw new UsageError(
      `Steward registers webhooks at ${provider} itself: write them under hooks: in steward.yaml, then steward apply`,
    );
  }
  if (profile?.payload === undefined || profile.alertSource !== source) {
    throw new UsageError(`${name} reads ${source} of ${provider}, of which no webhook tells`);
  }
  return profile.payload;
}
