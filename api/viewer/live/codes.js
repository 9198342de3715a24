/** Frames of codes as `/api/v1/live?format=codes` and `/api/v1/state?at=&theme=` send them (docs/live.md, "Codes for viewers"). Pure. */

const MAGIC = 0x31435754; // "TWC1", little-endian
const HEAD_BYTES = 24;

/** By number: what a frame is. */
const KINDS = /** @type {const} */ (["snapshot", "delta", "beat", "reset"]);

/**
 * @typedef {object} Frame
 * @property {"snapshot" | "delta" | "beat" | "reset"} kind
 * @property {string} seq the cursor to come back with; a text, since it may be larger than JavaScript's whole numbers
 * @property {Uint32Array} indices state indices
 * @property {Uint8Array} codes one for each
 */

/**
 * @param {ArrayBuffer} data
 * @returns {Frame | null} null: no such frame
 */
export function readFrame(data) {
  if (data.byteLength < HEAD_BYTES) return null;
  const head = new DataView(data);
  const kind = KINDS[head.getUint8(4)];
  const count = head.getUint32(16, true);
  if (head.getUint32(0, true) !== MAGIC || !kind || data.byteLength < HEAD_BYTES + 5 * count) return null;
  return {
    kind,
    seq: String(head.getBigInt64(8, true)),
    indices: new Uint32Array(data, HEAD_BYTES, count),
    codes: new Uint8Array(data, HEAD_BYTES + 4 * count, count),
  };
}
