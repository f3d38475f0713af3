/** A file's bytes while it is written, in one piece of memory: what comes in is encoded once and copied hardly ever. */
export interface GrowingFile {
  bytes: Buffer;
  size: number;
}

const FIRST_BYTES = 64 * 1024;

/** Memory that nothing was written to is none: growing by much costs an address range and saves copies. */
const GROWTH = 4;

/** Longer texts are measured, shorter ones are taken to need the most that UTF-8 has for a UTF-16 code unit. */
const MEASURED_FROM = 4096;
const MOST_BYTES_OF_A_UNIT = 3;

export function emptyFile(): GrowingFile {
  return { bytes: Buffer.allocUnsafeSlow(FIRST_BYTES), size: 0 };
}

/** Sees to it that so many bytes more can be written, and gives the memory to write them to. */
export function makeRoom(file: GrowingFile, bytes: number): Buffer {
  const needed = file.size + bytes;
  if (needed <= file.bytes.length) return file.bytes;
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, file.bytes.length * GROWTH));
  file.bytes.copy(larger, 0, 0, file.size);
  file.bytes = larger;
  return larger;
}

/** At least as many bytes as a text takes in UTF-8. */
export function roomFor(text: string): number {
  return text.length < MEASURED_FROM ? text.length * MOST_BYTES_OF_A_UNIT : Buffer.byteLength(text);
}

export function appendText(file: GrowingFile, text: string): void {
  const bytes = makeRoom(file, roomFor(text));
  file.size += bytes.write(text, file.size);
}

export function writtenBytes({ bytes, size }: GrowingFile): Buffer {
  return bytes.subarray(0, size);
}
