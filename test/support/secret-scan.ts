/** Texts and bytes that must hold no secret, by a name for people. */
export type Sinks = ReadonlyMap<string, Buffer>;

/** A secret by what it is. */
export type Secrets = ReadonlyMap<string, string>;

/**
 * Where a secret stands in a sink in any form that a careless line would give it: raw, percent-encoded, as a JSON string,
 * in base64 of either alphabet at each of its three alignments, in hex of either case.
 */
export function findSecrets(secrets: Secrets, sinks: Sinks): readonly string[] {
  return [...secrets].flatMap(([what, secret]) => {
    const forms = formsOf(secret);
    return [...sinks].flatMap(([sink, bytes]) =>
      forms.filter(([, text]) => bytes.includes(text)).map(([form]) => `${what}, ${form}, in ${sink}`),
    );
  });
}

/** Shorter than this a form is found by chance. */
const SHORTEST = 8;

export function formsOf(secret: string): readonly (readonly [form: string, text: string])[] {
  const hex = Buffer.from(secret).toString('hex');
  const forms: (readonly [string, string])[] = [
    ['raw', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['form-encoded', new URLSearchParams({ v: secret }).toString().slice(2)],
    ['as JSON', JSON.stringify(secret).slice(1, -1)],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ...[0, 1, 2].map((offset) => [`base64 at ${offset}`, base64At(secret, offset)] as const),
  ];
  const urlSafe = forms.map(([form, text]) => {
    return [`${form}, URL-safe`, text.replaceAll('+', '-').replaceAll('/', '_')] as const;
  });
  const base64Url = urlSafe.filter(([form]) => form.startsWith('base64'));
  const seen = new Set<string>();
  return [...forms, ...base64Url].filter(([, text]) => {
    const isNew = !seen.has(text) && text.length >= SHORTEST;
    seen.add(text);
    return isNew;
  });
}

/** What is certain of the base64 of a longer text that has the secret at `offset` bytes, modulo 3. */
function base64At(secret: string, offset: number): string {
  const bytes = Buffer.from(`${'\0'.repeat(offset)}${secret}`);
  const whole = bytes.toString('base64').replace(/=+$/, '');
  const from = offset === 0 ? 0 : offset + 1;
  return whole.slice(from, Math.floor((bytes.length * 8) / 6));
}
