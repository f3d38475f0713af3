import type { Provider, ProviderSettings } from '../provider.ts';

/** The last segment of a redirect URI: the provider, and the authorization server where the folder serves several. */
export function callbackName(
  { id, authorization }: Pick<Provider, 'id' | 'authorization'>,
  settings: ProviderSettings,
): string {
  const server = authorization?.server?.(settings);
  return server === undefined ? id : `${id}.${server}`;
}
