import { randomBytes, randomUUID } from 'node:crypto';
import { readJsonFile, writePrivateFile } from '../files.ts';
import { ACCOUNT, REGION } from './account.ts';
import { AwsFault, type AwsService, jsonService } from './wire.ts';

interface Version {
  readonly id: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly text?: string;
  /** Base64, as it came. */
  readonly binary?: string;
  stages: string[];
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  changedAt: number;
  description?: string;
  deletedAt?: number;
  versions: Version[];
}

type Input = Readonly<Record<string, unknown>>;
type Secrets = Map<string, Secret>;

const MAX_SECRET_BYTES = 65_536;
const DAY_SECONDS = 86_400;
const now = () => Date.now() / 1000;

/** Secrets Manager as far as this service and its command use it, kept in one file that only this user can read. */
export function createSecretsManager(file: string): AwsService {
  const secrets: Secrets = new Map((readJsonFile<Secret[]>(file) ?? []).map((secret) => [secret.name, secret]));
  const writing = (operation: (secrets: Secrets, input: Input) => unknown) => (input: Input) => {
    const output = operation(secrets, input);
    writePrivateFile(file, JSON.stringify([...secrets.values()]));
    return output;
  };
  return jsonService({
    CreateSecret: writing(create),
    PutSecretValue: writing(putValue),
    UpdateSecret: writing(update),
    UpdateSecretVersionStage: writing(updateStage),
    DeleteSecret: writing(remove),
    RestoreSecret: writing(restore),
    GetSecretValue: (input) => getValue(secrets, input),
    DescribeSecret: (input) => describe(find(secrets, input, { deletedToo: true })),
    ListSecrets: (input) => list(secrets, input),
  });
}

/** A member that is a text, where it is there. */
function textOf(input: Input, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

function find(secrets: Secrets, input: Input, { deletedToo = false } = {}): Secret {
  const id = String(input['SecretId']);
  const secret =
    secrets.get(id) ?? [...secrets.values()].find(({ arn }) => arn === id || arn.replace(/-[^-]{6}$/, '') === id);
  if (!secret) {
    throw new AwsFault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  if (secret.deletedAt !== undefined && !deletedToo) {
    const message = "You can't perform this operation on the secret because it was marked for deletion.";
    throw new AwsFault('InvalidRequestException', message);
  }
  return secret;
}

function staged(secret: Secret, stage: string): Version | undefined {
  return secret.versions.find(({ stages }) => stages.includes(stage));
}

/** Moves a staging label; moving AWSCURRENT leaves AWSPREVIOUS where it was. */
function moveStage(secret: Secret, stage: string, to: Version | undefined): void {
  const from = staged(secret, stage);
  if (from === to) return;
  const drop = (version: Version | undefined, label: string) => {
    if (version) version.stages = version.stages.filter((held) => held !== label);
  };
  if (stage === 'AWSCURRENT' && from) {
    drop(staged(secret, 'AWSPREVIOUS'), 'AWSPREVIOUS');
    from.stages.push('AWSPREVIOUS');
    drop(to, 'AWSPREVIOUS');
  }
  drop(from, stage);
  to?.stages.push(stage);
}

function addVersion(secret: Secret, input: Input): Version {
  const id = textOf(input, 'ClientRequestToken') ?? randomUUID();
  const text = textOf(input, 'SecretString');
  const binary = textOf(input, 'SecretBinary');
  if (Buffer.byteLength(text ?? '') > MAX_SECRET_BYTES) {
    throw new AwsFault('ValidationException', `A secret's value has at most ${MAX_SECRET_BYTES} bytes.`);
  }
  const existing = secret.versions.find((version) => version.id === id);
  if (existing && (existing.text !== text || existing.binary !== binary)) {
    throw new AwsFault('ResourceExistsException', `A version ${id} with another value exists.`);
  }
  if (existing) return existing;
  const version: Version = {
    id,
    createdAt: now(),
    ...(text === undefined ? {} : { text }),
    ...(binary === undefined ? {} : { binary }),
    stages: [],
  };
  secret.versions.push(version);
  for (const stage of (input['VersionStages'] as string[] | undefined) ?? ['AWSCURRENT']) {
    moveStage(secret, stage, version);
  }
  secret.versions = secret.versions.filter(({ stages }) => stages.length > 0);
  secret.changedAt = now();
  return version;
}

function create(secrets: Secrets, input: Input): Input {
  const name = String(input['Name']);
  const before = secrets.get(name);
  if (before) {
    const type = before.deletedAt === undefined ? 'ResourceExistsException' : 'InvalidRequestException';
    throw new AwsFault(type, `The operation failed because the secret ${name} already exists.`);
  }
  const secret: Secret = {
    name,
    arn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-${randomBytes(3).toString('hex')}`,
    createdAt: now(),
    changedAt: now(),
    versions: [],
    ...(typeof input['Description'] === 'string' ? { description: input['Description'] } : {}),
  };
  secrets.set(name, secret);
  const hasValue = input['SecretString'] !== undefined || input['SecretBinary'] !== undefined;
  const version = hasValue ? addVersion(secret, input) : undefined;
  return { ARN: secret.arn, Name: name, ...(version ? { VersionId: version.id } : {}) };
}

function putValue(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input);
  const version = addVersion(secret, input);
  return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages };
}

function update(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input);
  if (typeof input['Description'] === 'string') secret.description = input['Description'];
  const hasValue = input['SecretString'] !== undefined || input['SecretBinary'] !== undefined;
  const version = hasValue ? addVersion(secret, input) : undefined;
  return { ARN: secret.arn, Name: secret.name, ...(version ? { VersionId: version.id } : {}) };
}

function updateStage(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input);
  const stage = String(input['VersionStage']);
  const holder = staged(secret, stage);
  const target = input['MoveToVersionId'];
  if (holder && input['RemoveFromVersionId'] !== holder.id && target !== holder.id) {
    const message = `Staging label ${stage} is attached to version ${holder.id}, which RemoveFromVersionId has to name.`;
    throw new AwsFault('InvalidParameterException', message);
  }
  const to = target === undefined ? undefined : secret.versions.find(({ id }) => id === target);
  moveStage(secret, stage, to);
  return { ARN: secret.arn, Name: secret.name };
}

function remove(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input, { deletedToo: true });
  const force = input['ForceDeleteWithoutRecovery'] === true;
  if (force) secrets.delete(secret.name);
  else secret.deletedAt = now();
  const days = force ? 0 : Number(input['RecoveryWindowInDays'] ?? 30);
  return { ARN: secret.arn, Name: secret.name, DeletionDate: now() + days * DAY_SECONDS };
}

function restore(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input, { deletedToo: true });
  delete secret.deletedAt;
  return { ARN: secret.arn, Name: secret.name };
}

function getValue(secrets: Secrets, input: Input): Input {
  const secret = find(secrets, input);
  const stage = textOf(input, 'VersionStage') ?? 'AWSCURRENT';
  const id = textOf(input, 'VersionId');
  const version = id === undefined ? staged(secret, stage) : secret.versions.find((one) => one.id === id);
  if (!version || (id !== undefined && input['VersionStage'] !== undefined && !version.stages.includes(stage))) {
    const which = id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`;
    const message = `Secrets Manager can't find the specified secret value for ${which}`;
    throw new AwsFault('ResourceNotFoundException', message);
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.text,
    SecretBinary: version.binary,
    VersionStages: version.stages,
    CreatedDate: version.createdAt,
  };
}

function describe(secret: Secret): Input {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.changedAt,
    DeletedDate: secret.deletedAt,
    VersionIdsToStages: Object.fromEntries(secret.versions.map(({ id, stages }) => [id, stages])),
  };
}

function list(secrets: Secrets, input: Input): Input {
  const filters = (input['Filters'] ?? []) as { Key: string; Values: string[] }[];
  const prefixes = filters.filter(({ Key }) => Key === 'name').flatMap(({ Values }) => Values);
  const shown = [...secrets.values()].filter(
    ({ name, deletedAt }) =>
      (deletedAt === undefined || input['IncludePlannedDeletion'] === true) &&
      (prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))),
  );
  return { SecretList: shown.map(describe) };
}
