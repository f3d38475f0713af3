// Preloaded into every environment: gives AWS's runtime client our JavaScript transport where it asks for its native
// addon, so that nothing has to be compiled. Plain JavaScript, because stripping types would cost every cold start
// 50 ms and 17 MB.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.endsWith('rapid-client.node')) return next(specifier, context);
    return { url: new URL('runtime-client.cjs', import.meta.url).href, format: 'commonjs', shortCircuit: true };
  },
});
