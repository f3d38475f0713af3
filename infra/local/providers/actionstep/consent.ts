import { request } from 'undici';
import { firstForm, submit } from './html-form.ts';

/** Where a walk ended, and how it went there: for a person who reads a failed run. */
export interface ConsentResult {
  readonly status: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  /** `GET 200 /connect/…`, without queries: codes and states stay out of logs. */
  readonly hops: readonly string[];
}

export interface ConsentChoice {
  /** Presses the button that declines. */
  readonly decline?: boolean;
  /** Values for fields by name, where the page's own do not do: `{ system: 'harbourlegal-archive' }`. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** A browser gives up on redirects at twenty; a consent takes six steps. */
const MAX_HOPS = 20;
const DECLINING = /declin|deny|den(?:y|ied)|cancel|reject/iu;

/**
 * Walks from a connect link to the last page of a consent, as a person's browser would: it fills in the forms that it meets
 * with the values that they come with, presses the first button, keeps cookies, follows redirects.
 *
 * @throws Error when a page is no page, or the walk does not end
 */
export async function consentFlow(startUrl: string, choice: ConsentChoice = {}): Promise<ConsentResult> {
  const jar = new Map<string, Map<string, string>>();
  const hops: string[] = [];
  let step: { method: 'GET' | 'POST'; url: URL; body?: string; from?: URL } = { method: 'GET', url: new URL(startUrl) };
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const { url } = step;
    const response = await send(step, jar);
    hops.push(`${step.method} ${response.status} ${url.origin}${masked(url.pathname)}`);
    if (response.location !== undefined) {
      step = { method: 'GET', url: new URL(response.location, url) };
      continue;
    }
    const form = response.status === 200 ? firstForm(response.body) : undefined;
    if (form === undefined) {
      const title = /<title>([^<]*)<\/title>/iu.exec(response.body)?.[1] ?? '';
      return { status: response.status, url: url.href, title, body: response.body, hops };
    }
    const button = form.buttons.find(
      ({ label, value }) => DECLINING.test(`${label} ${value}`) === (choice.decline ?? false),
    );
    step = { ...submit(form, url, button ?? form.buttons[0], choice.fields ?? {}), from: url };
  }
  throw new Error(`The consent did not end after ${MAX_HOPS} steps: ${hops.join(', ')}`);
}

interface Step {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body?: string;
  readonly from?: URL;
}

async function send({ method, url, body, from }: Step, jar: Map<string, Map<string, string>>) {
  const cookies = jar.get(url.hostname) ?? new Map<string, string>();
  jar.set(url.hostname, cookies);
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await request(url, {
    method,
    headers: {
      accept: 'text/html',
      'user-agent': 'Mozilla/5.0 (consent walk)',
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(from === undefined ? {} : { origin: from.origin }),
    },
    ...(body === undefined ? {} : { body }),
  });
  for (const line of [response.headers['set-cookie'] ?? []].flat()) store(cookies, line);
  const redirected = response.statusCode >= 300 && response.statusCode < 400;
  const location = redirected ? [response.headers.location].flat()[0] : undefined;
  return { status: response.statusCode, body: await response.body.text(), ...(location ? { location } : {}) };
}

/** A cookie with `Max-Age=0` or an empty value is taken back. */
function store(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  const gone = value === '' || attributes.some((attribute) => /^\s*max-age\s*=\s*0\s*$/iu.test(attribute));
  if (gone) cookies.delete(name);
  else cookies.set(name, value);
}

/** A one-time ticket stands in the path. */
function masked(path: string): string {
  return path.replace(/^(\/connect\/).+$/u, '$1…');
}
