import type { Provider } from '../core/provider.ts';
import { action1 } from './action1/provider.ts';
import { actionstep } from './actionstep/provider.ts';
import { oauth2, oauth2Client } from './oauth2/provider.ts';
import { opsramp } from './opsramp/provider.ts';

/** Every provider there is, by its id. A further one is a folder beside these and a line here. */
export const PROVIDERS: Readonly<Record<string, Provider>> = Object.fromEntries(
  [action1, actionstep, oauth2, oauth2Client, opsramp].map((provider) => [provider.id, provider]),
);
