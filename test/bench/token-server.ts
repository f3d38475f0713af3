// A token endpoint in a process of its own, so that it does not share a thread with what is measured:
// `node test/bench/token-server.ts <latency in ms>` prints its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const latencyMs = Number(process.argv[2] ?? 0);
let issued = 0;

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const answer = () => {
      issued += 1;
      const body = JSON.stringify({
        access_token: `access-${issued}-${'a'.repeat(400)}`,
        refresh_token: `refresh-${issued}-${'r'.repeat(200)}`,
        token_type: 'Bearer',
        expires_in: 3600,
      });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    };
    if (latencyMs === 0) answer();
    else setTimeout(answer, latencyMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
