import type { ChangeCondition, ConnectionChange, LeaseRequest, TokenCommit } from '../../core/connections/store.ts';
import { attemptItem, lastErrorItem, tokenItem } from './connection-item.ts';
import { Update } from './update.ts';

/** Lease and intent, as one update. */
export function leaseUpdate(request: LeaseRequest): Update {
  const update = new Update();
  const now = update.value(request.now.getTime());
  update.require(`attribute_exists(${update.name('connection')})`);
  const until = update.name('leaseUntil');
  update.require(`attribute_not_exists(${until}) OR ${until} <= ${now}`);
  if (request.stored === null) update.require(`attribute_not_exists(${update.name('fingerprint')})`);
  else if (request.stored !== undefined) {
    update.require(`${update.name('fingerprint')} = ${update.value(request.stored)}`);
  }
  update.require(`${update.name('health')} IN (${request.healths.map((health) => update.value(health)).join(', ')})`);
  if (request.whenDue === true) {
    const due = `${update.name('nextRefreshAt')} <= ${now}`;
    const rejected = `${update.name('rejectedGeneration')} = ${update.name('generation')}`;
    // A rejection jumps the schedule, never a back-off.
    const free = `${update.name('failures')} = ${update.value(0)} AND attribute_not_exists(${update.name('refusedFingerprint')})`;
    update.require(`${due} OR (${rejected} AND ${free})`);
  }
  update.set(['leaseOwner'], request.owner);
  update.set(['leaseAttempt'], request.attempt);
  update.set(['leaseUntil'], request.until.getTime());
  update.set(
    ['attempts', request.attempt],
    attemptItem({
      fingerprint: request.spends,
      startedAt: request.now,
      kind: request.kind,
    }),
  );
  for (const id of request.forgets ?? []) update.remove('attempts', id);
  if (request.dueAt !== undefined) update.set(['nextRefreshAt'], request.dueAt.getTime());
  return update;
}

/** The token set, on condition that what it replaces is what was spent. Never on the lease: RELIABILITY 0, finding 1. */
export function commitUpdate(commit: TokenCommit): Update {
  const update = new Update();
  if (commit.authorization === undefined) {
    update.require(`${update.name('fingerprint')} = ${update.value(commit.spent)}`);
    update.require(`${update.name('generation')} < ${update.value(commit.generation)}`);
  } else {
    // A consent replaces any token, but only what it has seen, and not after a disconnect, which clears the attempts.
    update.require(`${update.name('generation')} = ${update.value(commit.authorization.replacesGeneration)}`);
    update.require(`attribute_exists(${update.name('attempts', commit.attempt)})`);
    update.set(['authorizedAt'], commit.authorization.authorizedAt.getTime());
    update.assign('authorizedBy', commit.authorization.authorizedBy);
  }
  update.set(['generation'], commit.generation);
  update.set(['fingerprint'], commit.fingerprint);
  update.set(['committedAttempt'], commit.attempt);
  update.set(['access'], tokenItem(commit.access));
  update.set(['lastRefreshAt'], commit.access.issuedAt.getTime());
  update.assign('refresh', commit.refresh && tokenItem(commit.refresh));
  if (commit.apiEndpoint !== undefined) update.set(['apiEndpoint'], commit.apiEndpoint);
  if (commit.providerAccount !== undefined) update.set(['providerAccount'], commit.providerAccount);
  if (commit.scopes !== undefined) update.set(['scopes'], commit.scopes);
  update.set(['health'], commit.health);
  update.set(['failures'], commit.failures ?? 0);
  update.assign('rejections', commit.rejections === 0 ? undefined : commit.rejections);
  update.assign('warnedDays', (commit.warnedDays ?? []).length === 0 ? undefined : commit.warnedDays);
  update.assign('lastError', commit.lastError && lastErrorItem(commit.lastError));
  update.assign('nextRefreshAt', commit.nextRefreshAt?.getTime());
  update.remove('rejectedGeneration');
  update.remove('refusedFingerprint');
  if (commit.releasesLease) removeLease(update);
  for (const id of commit.resolves) update.remove('attempts', id);
  return update;
}

/** A change under conditions. Nothing in it touches a token. */
export function changeUpdate(condition: ChangeCondition, change: ConnectionChange): Update {
  const update = new Update();
  update.require(`attribute_exists(${update.name('connection')})`);
  requireAll(update, condition);
  if (change.health !== undefined) update.set(['health'], change.health);
  if (change.paused !== undefined) update.assign('paused', change.paused || undefined);
  if (change.nextRefreshAt !== undefined) update.assign('nextRefreshAt', change.nextRefreshAt?.getTime());
  if (change.failures !== undefined) update.set(['failures'], change.failures);
  if (change.lastError !== undefined) update.assign('lastError', change.lastError && lastErrorItem(change.lastError));
  if (change.warnedDays !== undefined) update.set(['warnedDays'], change.warnedDays);
  if (change.rejections !== undefined) update.set(['rejections'], change.rejections);
  if (change.rejectedGeneration === null) update.remove('rejectedGeneration');
  if (change.refusedFingerprint !== undefined) update.assign('refusedFingerprint', change.refusedFingerprint);
  if (change.releasesLease === true) removeLease(update);
  for (const id of change.resolves ?? []) update.remove('attempts', id);
  return update;
}

function requireAll(update: Update, condition: ChangeCondition): void {
  const { attempt, fingerprint, generation, rejectedGeneration, unleasedAt, nextRefreshAt } = condition;
  if (attempt !== undefined) update.require(`${update.name('leaseAttempt')} = ${update.value(attempt)}`);
  if (fingerprint !== undefined) update.require(`${update.name('fingerprint')} = ${update.value(fingerprint)}`);
  if (generation !== undefined) update.require(`${update.name('generation')} = ${update.value(generation)}`);
  if (rejectedGeneration !== undefined) {
    update.require(`${update.name('rejectedGeneration')} = ${update.value(rejectedGeneration)}`);
  }
  if (unleasedAt !== undefined) {
    const until = update.name('leaseUntil');
    update.require(`attribute_not_exists(${until}) OR ${until} <= ${update.value(unleasedAt.getTime())}`);
  }
  if (nextRefreshAt !== undefined) {
    const schedule = update.name('nextRefreshAt');
    const isSame = nextRefreshAt && `${schedule} = ${update.value(nextRefreshAt.getTime())}`;
    update.require(isSame ?? `attribute_not_exists(${schedule})`);
  }
}

/** Forgets what a disconnected connection must not have: tokens, their fingerprint, lease and attempts. */
export function disconnectUpdate(): Update {
  const update = new Update();
  update.require(`attribute_exists(${update.name('connection')})`);
  update.set(['health'], 'disconnected');
  update.set(['attempts'], {});
  update.set(['failures'], 0);
  for (const attribute of ['access', 'refresh', 'fingerprint', 'nextRefreshAt', 'committedAttempt']) {
    update.remove(attribute);
  }
  for (const attribute of ['rejectedGeneration', 'refusedFingerprint', 'rejections', 'lastError']) {
    update.remove(attribute);
  }
  removeLease(update);
  return update;
}

function removeLease(update: Update): void {
  for (const attribute of ['leaseOwner', 'leaseAttempt', 'leaseUntil']) update.remove(attribute);
}
