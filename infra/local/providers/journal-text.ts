/** One line of JSON in which instants stay instants. */
export function toJournalText(value: unknown): string | undefined {
  return JSON.stringify(value, function replace(this: Readonly<Record<string, unknown>>, name, plain: unknown) {
    // JSON.stringify has called toJSON already; what stood there is still in the object that holds it.
    const given = this[name];
    return given instanceof Date ? { $date: given.toISOString() } : plain;
  });
}

/** The value of a line. @throws SyntaxError */
export function fromJournalText(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) => {
    const date = typeof value === 'object' && value !== null && '$date' in value ? value.$date : undefined;
    return typeof date === 'string' ? new Date(date) : value;
  });
}
