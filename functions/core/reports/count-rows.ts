const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Records of a CSV file, its header not counted. Line breaks inside quotes end no record. */
export function countCsvRows(bytes: Uint8Array): number {
  let records = 0;
  let quoted = false;
  for (const byte of bytes) {
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === NEWLINE && !quoted) records += 1;
  }
  return Math.max(0, records - 1);
}

/** Lines of a JSON Lines file. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === NEWLINE) lines += 1;
  return lines;
}
