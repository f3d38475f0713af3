import type { Provider } from '../core/provider.ts';
import { action1 } from './action1/provider.ts';
import { actionstep } from './actionstep/provider.ts';
import { opsramp } from './opsramp/provider.ts';

/** Every provider there is. A fourth one is a folder beside these and a line here. */
export const PROVIDERS: Readonly<Record<string, Provider>> = { action1, actionstep, opsramp };
