import { allEnded } from '../all-ended.ts';
import type { Connection, SealedToken, SealPurpose } from '../connections/connection.ts';
import type { TokenCommit } from '../connections/store.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { Deadline } from '../time.ts';
import type { TokenDependencies } from './dependencies.ts';
import { deadAttempts, type Leased, resolvedBy } from './leased.ts';
import { rescueFromText } from './rescue.ts';
import { storeTokens } from './store-tokens.ts';

type MergeDependencies = Pick<
  TokenDependencies,
  'store' | 'rescue' | 'sealer' | 'clock' | 'wait' | 'log' | 'metrics' | 'events'
>;

/**
 * What a dead holder bought and could not store, put into its place.
 *
 * A consent comes before a refresh, and the last consent before those that it replaces: it is the later grant, and a
 * person gave it. `false` where there is nothing.
 */
export async function mergeRescued(
  dependencies: MergeDependencies,
  leased: Leased,
  deadline: Deadline,
): Promise<boolean> {
  const dead = deadAttempts(leased).toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  const consents = dead.filter(({ kind }) => kind === 'authorization');
  for (const fingerprint of new Set([...consents, ...dead].map((attempt) => attempt.fingerprint))) {
    if (await mergeBought(dependencies, leased, fingerprint, deadline)) return true;
  }
  return false;
}

/**
 * What was bought with the token of that fingerprint, whoever bought it. An item out of a backup has no attempt that says
 * so: it is asked for by its own token, where that was refused. A consent is kept under a name of its own.
 */
export async function mergeBought(
  dependencies: MergeDependencies,
  leased: Leased,
  spent: string,
  deadline: Deadline,
): Promise<boolean> {
  const text = await dependencies.rescue.find(leased.connection.name, spent);
  return text !== undefined && mergeOne(dependencies, leased, rescueFromText(text), deadline);
}

async function mergeOne(
  dependencies: MergeDependencies,
  leased: Leased,
  rescued: TokenCommit,
  deadline: Deadline,
): Promise<boolean> {
  const { clock, log, events } = dependencies;
  const { connection, attempt, generation, until } = leased;
  const isConsent = rescued.authorization !== undefined;
  const keeps = rescued.refresh?.generation === undefined ? undefined : rescued.fingerprint;
  const stands = isConsent ? (keeps ?? connection.fingerprint) : rescued.spent;
  if (stands !== connection.fingerprint) {
    // Something newer was stored since: this set is of no more use.
    await forget(dependencies, connection.name, rescued.spent);
    return false;
  }
  const commit: TokenCommit = {
    ...(await resealed(dependencies, connection, rescued, generation)),
    attempt,
    resolves: resolvedBy(leased, keeps),
    releasesLease: clock.now() < until,
    ...(rescued.authorization === undefined
      ? {}
      : { authorization: { ...rescued.authorization, replacesGeneration: connection.generation } }),
  };
  const now = clock.now();
  const row = events(connection, isConsent ? 'authorized' : 'restored', now, {
    summary: `${connection.name} is connected: a token set that could not be stored at first was recovered`,
    about: rescued.spent,
    data: { cause: 'rescued' },
  });
  const outcome = await storeTokens(dependencies, commit, [row], deadline);
  if (outcome.kind === 'committed') {
    log.info('token.merged', { connection: connection.name, attempt });
    await forget(dependencies, connection.name, rescued.spent);
  }
  return true;
}

/** What stays is taken by the bucket's own end after 30 days; whoever finds it meanwhile sees that it is of no more use. */
async function forget({ rescue, log }: MergeDependencies, connection: string, spent: string): Promise<void> {
  try {
    await rescue.remove(connection, spent);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.warn('rescue.not-removed', { connection });
  }
}

/** The same tokens for another generation, where the one they were sealed for is not the next one any more. */
async function resealed(
  { sealer }: MergeDependencies,
  connection: Connection,
  rescued: TokenCommit,
  generation: number,
): Promise<TokenCommit> {
  const purposes: SealPurpose[] = rescued.refresh === undefined ? ['access'] : ['access', 'refresh'];
  const context = { provider: connection.provider, connection: connection.name };
  // Opened in any case: a set that does not open must not take the place of one that does.
  const opened = await allEnded(
    purposes.map((purpose) =>
      sealer.open((rescued[purpose as 'access' | 'refresh'] as SealedToken).sealed, {
        ...context,
        purpose,
        generation: rescued[purpose as 'access' | 'refresh']?.generation ?? rescued.generation,
      }),
    ),
  );
  if (rescued.generation === generation) return rescued;
  const seal = await sealer.prepare(purposes);
  const [access = '', refresh] = opened;
  const sealedAnew = ({ issuedAt, expiresAt }: SealedToken, text: string, purpose: SealPurpose): SealedToken => ({
    sealed: seal(text, { ...context, purpose, generation }),
    issuedAt,
    expiresAt,
  });
  return {
    ...rescued,
    generation,
    access: sealedAnew(rescued.access, access, 'access'),
    ...(rescued.refresh === undefined || refresh === undefined
      ? {}
      : { refresh: sealedAnew(rescued.refresh, refresh, 'refresh') }),
  };
}
