/** What we use of `oidc-provider`, which ships no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface GrantContext {
    readonly oidc: { readonly params?: Readonly<Record<string, unknown>> };
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): RequestListener;
    on(event: 'grant.revoked', listener: (context: GrantContext, grantId: string) => void): this;
    on(event: 'grant.error', listener: (context: GrantContext, error: { readonly error: string }) => void): this;
    on(event: 'grant.success', listener: (context: GrantContext) => void): this;
  }
}
