import { createHash } from 'node:crypto';
import type { Overview } from '../overview.ts';
import { instant } from '../words.ts';
import { attentionSection, figures } from './attention.ts';
import { connectionsSection } from './connections.ts';
import { eventsSection } from './events.ts';
import { exportsSection } from './exports.ts';
import { escape, time } from './html.ts';
import { budgetsSection, jobsSection } from './jobs.ts';
import { SCRIPT } from './live.ts';
import { STYLE } from './style.ts';

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but this page's own style and script, and its own stream. */
export const CONSOLE_CSP = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The whole page. */
export function consolePage(overview: Overview): string {
  const stage = escape(overview.stage);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>Steward · ${stage}</title><link rel="icon" href="data:,"><noscript><meta http-equiv="refresh" content="10"></noscript><style>${STYLE}</style></head>`,
    `<body><a class="skip" href="#main">To the content</a><header class="top"><h1>Steward</h1><p>stage <strong>${stage}</strong> · <span id="live">as it was when loaded</span></p></header>`,
    `<main id="main" tabindex="-1">${consoleBody(overview)}</main><script>${SCRIPT}</script></body></html>`,
  ].join('');
}

/** What changes from look to look: the content of `main`. */
export function consoleBody(overview: Overview): string {
  return [
    attentionSection(overview),
    figures(overview),
    connectionsSection(overview),
    exportsSection(overview),
    eventsSection(overview),
    `<div class="side">${jobsSection(overview)}${budgetsSection(overview)}</div>`,
    `<footer class="soft">As of ${time(overview.at, instant(overview.at))}</footer>`,
  ].join('');
}
