/** Of memory, got at once: a piece for each value takes longer to get and to free than the value takes to encrypt. */
const PIECE_BYTES = 16_384;

/**
 * Memory for sealed values. They share pieces with each other and with nothing else: Node's own pool, where small buffers
 * of all kinds lie side by side, has tokens in the clear in it. No byte is handed out twice.
 */
export function createSealedMemory(): (length: number) => Uint8Array {
  let piece = new Uint8Array(0);
  return (length) => {
    if (piece.byteLength < length) piece = new Uint8Array(Math.max(PIECE_BYTES, length));
    const part = piece.subarray(0, length);
    piece = piece.subarray(length);
    return part;
  };
}
