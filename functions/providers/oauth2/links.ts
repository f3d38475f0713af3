import { ProviderResponseInvalidError } from '../../core/errors.ts';

/** One link of the header, and its parameters up to the comma before the next link. */
const LINK = /<([^<>]*)>([^<]*)/gu;
const REL = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/iu;

/**
 * Target of the link with `rel=next`. A link may have several relations, and a header several links.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function nextOfHeader(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  for (const [, target, parameters = ''] of header.matchAll(LINK)) {
    const rel = REL.exec(parameters);
    const relations = (rel?.[1] ?? rel?.[2])?.toLowerCase().split(/\s/u);
    if (relations?.includes('next')) return target;
  }
  return undefined;
}

/**
 * The page that a link leads to. It carries our access token, so it goes where the page that named it came from and
 * nowhere else (S73).
 *
 * @throws ProviderResponseInvalidError where it leads to another host
 */
export function followed(link: string, page: URL): URL {
  const url = URL.canParse(link, page.href) ? new URL(link, page) : undefined;
  if (url === undefined) throw new ProviderResponseInvalidError('The link to the next page is no address');
  if (url.origin !== page.origin || url.username !== '' || url.password !== '') {
    throw new ProviderResponseInvalidError(
      `The next page is said to be at ${url.origin}, and links are followed on ${page.origin} only`,
    );
  }
  url.hash = '';
  return url;
}
