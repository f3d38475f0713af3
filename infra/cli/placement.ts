import type { Connection } from '../../functions/core/connections/connection.ts';

/** What is worth knowing and stops nobody. */
export interface Warning {
  readonly about: string;
  readonly what: string;
}

/** `https://ap-southeast-2.actionstep.com/api/`: providers name their region in the host. */
const REGION_IN_HOST = /^([a-z]{2}-[a-z]+-\d)\./;

/**
 * Connections whose data lives in another region than the stack: what is exported leaves the one for the other, which a
 * contract or a law may forbid. In this machine's own stage there is no region to compare.
 */
export function regionWarnings(connections: readonly Connection[], stackRegion: string): readonly Warning[] {
  return connections.flatMap(({ name, apiEndpoint }) => {
    const host = apiEndpoint === undefined || !URL.canParse(apiEndpoint) ? '' : new URL(apiEndpoint).hostname;
    const region = REGION_IN_HOST.exec(host)?.[1];
    if (region === undefined || region === stackRegion) return [];
    const what = `its data is in ${region} and this stack in ${stackRegion}: exports leave the region. If that may not be, deploy there.`;
    return [{ about: name, what }];
  });
}

/**
 * Connections of one provider account in two Stewards. Each rotates its own grant and neither knows of the other's draws on
 * the account's budget; a provider that allows one grant per client ends one of them with each consent.
 */
export function twiceWarnings(
  here: readonly Connection[],
  elsewhere: readonly Connection[],
  place: string,
): readonly Warning[] {
  const theirs = elsewhere.filter(isAlive);
  return here.filter(isAlive).flatMap((connection) => {
    const other = theirs.find((each) => isSameAccount(each, connection));
    if (other === undefined) return [];
    const what = `the same account runs in ${place} as ${other.name}: they draw on one budget, and one's consent can end the other's grant. Disconnect one.`;
    return [{ about: connection.name, what }];
  });
}

function isAlive({ access, health }: Connection): boolean {
  return access !== undefined && health !== 'disconnected';
}

function isSameAccount(one: Connection, other: Connection): boolean {
  if (one.provider !== other.provider || one.budgetAccount !== other.budgetAccount) return false;
  return one.providerAccount === other.providerAccount;
}
