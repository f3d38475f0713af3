import { connectLink, redirectUriOf } from '../cli/commands/connect.ts';
import type { Services } from '../cli/services.ts';

/** A connection that waits for a person, and what that person needs. */
export interface WantedConsent {
  readonly name: string;
  readonly link: string;
  /** What has to be registered with the provider. */
  readonly redirectUri: string;
}

/** A new link for every connection that stands still until somebody consents. */
export async function wantedConsents(services: Services): Promise<readonly WantedConsent[]> {
  const waiting = (await services.connections.list()).filter(
    ({ provider, health }) =>
      services.providers[provider]?.grant === 'authorization-code' &&
      (health === 'pending' || health === 'reauthorization-required'),
  );
  return Promise.all(
    waiting.map(async (connection) => ({
      name: connection.name,
      link: await connectLink(services, connection.name, {}),
      redirectUri: redirectUriOf(services, connection),
    })),
  );
}
