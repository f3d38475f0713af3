/** A submit button: what it says and what it sends. */
interface FormButton {
  readonly name: string;
  readonly value: string;
  readonly label: string;
}

/** A form as it stands in a page. */
interface HtmlForm {
  readonly method: 'GET' | 'POST';
  readonly action: string;
  /** Successful controls in their order, with the values that the page gives them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly buttons: readonly FormButton[];
}

/**
 * The first form of a page, or `undefined`. Enough of HTML for pages of our own making and plain login forms: attributes
 * in quotes, no nesting of forms, no scripts.
 */
export function firstForm(html: string): HtmlForm | undefined {
  const match = /<form\b([^>]*)>([\s\S]*?)<\/form>/iu.exec(html);
  if (match === null) return undefined;
  const [, head = '', inside = ''] = match;
  return {
    method: attribute(head, 'method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
    action: attribute(head, 'action') ?? '',
    fields: [...inputs(inside), ...selects(inside)],
    buttons: buttons(inside),
  };
}

/** The request that pressing a button makes. */
export function submit(
  form: HtmlForm,
  page: URL,
  button: FormButton | undefined,
  overrides: Readonly<Record<string, string>>,
): { method: 'GET' | 'POST'; url: URL; body?: string } {
  const values = new URLSearchParams(
    form.fields.map(([name, value]): [string, string] => [name, overrides[name] ?? value]),
  );
  if (button !== undefined && button.name !== '') values.append(button.name, button.value);
  const url = new URL(form.action, page);
  if (form.method === 'POST') return { method: 'POST', url, body: values.toString() };
  url.search = values.toString();
  return { method: 'GET', url };
}

function inputs(html: string): (readonly [string, string])[] {
  return [...html.matchAll(/<input\b([^>]*)>/giu)].flatMap(([, attributes = '']) => {
    const type = attribute(attributes, 'type')?.toLowerCase() ?? 'text';
    const name = attribute(attributes, 'name');
    if (name === undefined || type === 'submit' || type === 'button') return [];
    if ((type === 'checkbox' || type === 'radio') && !/\bchecked\b/iu.test(attributes)) return [];
    return [[name, attribute(attributes, 'value') ?? ''] as const];
  });
}

function selects(html: string): (readonly [string, string])[] {
  return [...html.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/giu)].flatMap(([, attributes = '', body = '']) => {
    const name = attribute(attributes, 'name');
    const options = [...body.matchAll(/<option\b([^>]*)>/giu)].map(([, option = '']) => option);
    const chosen = options.find((option) => /\bselected\b/iu.test(option)) ?? options[0];
    return name === undefined || chosen === undefined ? [] : [[name, attribute(chosen, 'value') ?? ''] as const];
  });
}

function buttons(html: string): FormButton[] {
  const pressed = [...html.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/giu)]
    .filter(([, attributes = '']) => (attribute(attributes, 'type') ?? 'submit').toLowerCase() === 'submit')
    .map(([, attributes = '', label = '']) => toButton(attributes, label.replaceAll(/<[^>]*>/gu, '').trim()));
  const inputButtons = [...html.matchAll(/<input\b([^>]*)>/giu)]
    .filter(([, attributes = '']) => attribute(attributes, 'type')?.toLowerCase() === 'submit')
    .map(([, attributes = '']) => toButton(attributes, attribute(attributes, 'value') ?? ''));
  return [...pressed, ...inputButtons];
}

function toButton(attributes: string, label: string): FormButton {
  return { name: attribute(attributes, 'name') ?? '', value: attribute(attributes, 'value') ?? '', label };
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'iu').exec(attributes);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : unescaped(value);
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
