// `node --expose-gc test/support/measure-send.ts <url> <path>`: by how much this process grows, at its largest, over
// what a body of the limit took it to, when a body comes that is never to be taken. Prints bytes and the failure.
import { createSend } from '../../functions/http/send.ts';

const [base = '', path = ''] = process.argv.slice(2);
const send = createSend({ allowLoopback: true });
const ask = (name: string) => send({ method: 'GET', url: new URL(name, base), maxBytes: 65_536 }, () => true);
for (let count = 0; count < 50; count += 1) await ask('/whole');
globalThis.gc?.();
const before = process.resourceUsage().maxRSS;
let failure = '';
for (let count = 0; count < 3; count += 1) await ask(path).catch((error: Error) => void (failure = error.message));
const grown = (process.resourceUsage().maxRSS - before) * 1024;
console.log(JSON.stringify({ grown, failure }));
process.exit();
