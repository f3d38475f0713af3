import { createHash } from 'node:crypto';
import type { WebResponse } from './web.ts';

/** Every page there is. Nothing that came in with a request is ever in one of them. */
export type PageName =
  | 'connect'
  | 'connected'
  | 'received'
  | 'declined'
  | 'other-account'
  | 'busy'
  | 'invalid'
  | 'link-over'
  | 'not-found'
  | 'method'
  | 'provider-failed'
  | 'provider-silent';

/** Pages that a callback ends on, under a clean URL. */
export const OUTCOMES = ['connected', 'received', 'declined', 'other-account', 'busy'] as const;
export type Outcome = (typeof OUTCOMES)[number];

interface PageText {
  readonly tone: 'good' | 'wait' | 'bad';
  readonly title: string;
  readonly text: string;
  /** Markup of ours, for the one page that has a button. */
  readonly form?: string;
}

const START_AGAIN = 'Open the link that you were given once more to try again.';
const ASK_AGAIN = 'Ask whoever sent you the link for a new one.';

const PAGES: Readonly<Record<PageName, PageText>> = {
  connect: {
    tone: 'wait',
    title: 'Connect your account',
    text: 'You will be sent to the provider to sign in and to agree. Only continue if you expected this link.',
    form: '<form method="post"><button type="submit">Continue to sign in</button></form>',
  },
  connected: {
    tone: 'good',
    title: 'Connected',
    text: 'Your account is connected. There is nothing more to do; you can close this window.',
  },
  received: {
    tone: 'good',
    title: 'Consent received',
    text: 'Your consent has arrived and is being stored. It takes a few minutes; you can close this window.',
  },
  declined: { tone: 'wait', title: 'Not connected', text: `The provider did not grant access. ${START_AGAIN}` },
  'other-account': {
    tone: 'bad',
    title: 'A different account',
    text: `You signed in to another account than the one that was connected before. Nothing was changed. ${START_AGAIN}`,
  },
  busy: {
    tone: 'wait',
    title: 'One moment',
    text: `The connection is being renewed right now. ${START_AGAIN}`,
  },
  invalid: {
    tone: 'bad',
    title: 'This did not work',
    text: `The answer of the provider could not be used, or was used already. ${START_AGAIN}`,
  },
  'link-over': {
    tone: 'bad',
    title: 'This link is over',
    text: `It was used already, or its time has run out. ${ASK_AGAIN}`,
  },
  'not-found': { tone: 'bad', title: 'Nothing here', text: 'There is no page at this address.' },
  method: { tone: 'bad', title: 'Not like this', text: 'This address does not take such a request.' },
  'provider-failed': {
    tone: 'bad',
    title: 'That did not work just now',
    text: `Nothing was connected. ${START_AGAIN}`,
  },
  'provider-silent': {
    tone: 'bad',
    title: 'The provider did not answer',
    text: `Nothing was connected. ${START_AGAIN}`,
  },
};

const STYLE = [
  ':root{color-scheme:light dark;--paper:#f6f7f5;--card:#fff;--ink:#1b2420;--soft:#55615b;--line:#d9dfda;',
  '--good:#17693f;--wait:#7a5200;--bad:#a02b2b}',
  '@media(prefers-color-scheme:dark){:root{--paper:#121614;--card:#1b211e;--ink:#eef2ef;--soft:#a9b5ae;--line:#343d38;',
  '--good:#6fcf97;--wait:#e3b04b;--bad:#f28b82}}',
  '*{box-sizing:border-box}html{font:100%/1.55 system-ui,sans-serif}',
  'body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--paper);color:var(--ink)}',
  'main{width:100%;max-width:29rem;padding:2rem 1.75rem;background:var(--card);border:1px solid var(--line);',
  'border-top:.3rem solid var(--tone);border-radius:.6rem}',
  '.good{--tone:var(--good)}.wait{--tone:var(--wait)}.bad{--tone:var(--bad)}',
  'h1{margin:0 0 .6rem;font-size:1.45rem;line-height:1.25;color:var(--tone)}p{margin:0;color:var(--soft)}',
  'form{margin-top:1.6rem}',
  'button{width:100%;min-height:3rem;padding:.6rem 1rem;border:0;border-radius:.4rem;background:#17693f;color:#fff;',
  'font:inherit;font-weight:600;cursor:pointer}',
  'button:hover{background:#0f5230}button:focus-visible{outline:.2rem solid var(--tone);outline-offset:.2rem}',
  'footer{margin-top:1.8rem;font-size:.85rem;color:var(--soft)}',
].join('');

/** The one inline style, allowed by its hash: no `unsafe-inline`, no file to fetch. */
const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const BODIES: ReadonlyMap<PageName, string> = new Map(
  (Object.entries(PAGES) as [PageName, PageText][]).map(([name, text]) => [name, render(text)]),
);

function render({ tone, title, text, form = '' }: PageText): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title} – Steward</title><style>${STYLE}</style></head>`,
    `<body><main class="${tone}"><h1>${title}</h1><p>${text}</p>${form}<footer>Steward</footer></main></body></html>`,
  ].join('');
}

/** The full set of RELIABILITY 1.2, on every answer whatever it is. */
function headers(formAction: string): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      `style-src ${STYLE_SOURCE}`,
      "base-uri 'none'",
      `form-action ${formAction}`,
      "frame-ancestors 'none'",
      "object-src 'none'",
    ].join('; '),
    'content-type': 'text/html; charset=utf-8',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=63072000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

/** A constant page. */
export function page(name: PageName, status: WebResponse['status'], cookies: readonly string[] = []): WebResponse {
  return { status, headers: headers("'none'"), cookies, body: BODIES.get(name) ?? '' };
}

/**
 * The page with the button. Browsers apply `form-action` to the redirect that follows the form, too, so that the
 * providers' origins have to be in it. @see https://www.w3.org/TR/CSP3/#directive-form-action
 */
export function connectPage(origins: readonly string[]): WebResponse {
  return {
    status: 200,
    headers: headers(["'self'", ...origins].join(' ')),
    cookies: [],
    body: BODIES.get('connect') ?? '',
  };
}

/** On to another address, after which neither code nor state is in the address bar. */
export function redirect(location: string, cookies: readonly string[] = []): WebResponse {
  return { status: 303, headers: { ...headers("'none'"), location }, cookies, body: '' };
}
