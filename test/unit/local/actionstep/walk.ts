import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ConnectDouble {
  readonly url: string;
  readonly redirectUri: string;
  /** Queries that the callback was reached with. */
  readonly callbacks: URLSearchParams[];
  /** Cookies that came with them. */
  readonly cookies: string[];
  stop(): Promise<void>;
}

/**
 * Stands in for Steward's own pages: a connect page whose one form posts, a redirect to the provider, a callback that
 * answers 303 to a clean page.
 */
export async function startConnectDouble(authorizeUrl: (redirectUri: string) => string): Promise<ConnectDouble> {
  const callbacks: URLSearchParams[] = [];
  const cookies: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const html = { 'content-type': 'text/html; charset=utf-8' };
    if (url.pathname === '/connect/ticket-1' && request.method === 'GET') {
      response.writeHead(200, html);
      response.end(
        '<title>Connect</title><form method="post" action=""><input type="hidden" name="proof" value="a&amp;b"><button>Go on</button></form>',
      );
    } else if (url.pathname === '/connect/ticket-1') {
      response.writeHead(303, {
        location: authorizeUrl(redirectUri()),
        'set-cookie': 'ticket=t1; HttpOnly; Path=/; Max-Age=600',
      });
      response.end();
    } else if (url.pathname === '/callback/actionstep') {
      callbacks.push(url.searchParams);
      cookies.push(request.headers.cookie ?? '');
      const outcome = url.searchParams.has('error') ? 'declined' : 'connected';
      response.writeHead(303, { location: `/outcome/${outcome}`, 'set-cookie': 'ticket=; Max-Age=0' });
      response.end();
    } else {
      response.writeHead(url.pathname.startsWith('/outcome/') ? 200 : 404, html);
      response.end(`<title>${url.pathname.split('/').at(-1)}</title><p>Done</p>`);
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = () => `${origin}/callback/actionstep`;
  return {
    url: `${origin}/connect/ticket-1`,
    redirectUri: redirectUri(),
    callbacks,
    cookies,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
