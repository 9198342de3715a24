// Undoes EXT_meshopt_compression with the decoder of the npm package `meshoptimizer`: another implementation than the
// encoder's. Reads a .glb, returns one whose views are plain.
import { MeshoptDecoder } from "meshoptimizer";

const EXTENSION = "EXT_meshopt_compression";

export async function decodeGlb(bytes) {
  await MeshoptDecoder.ready;
  const { json, binary } = readGlb(bytes);
  const blocks = [];
  let size = 0;
  for (const view of json.bufferViews ?? []) {
    const data = viewBytes(view, binary);
    if (view.extensions) {
      delete view.extensions[EXTENSION];
      if (Object.keys(view.extensions).length === 0) delete view.extensions;
    }
    view.buffer = 0;
    view.byteOffset = size;
    view.byteLength = data.length;
    const padding = (8 - (data.length % 8)) % 8;
    blocks.push(data, new Uint8Array(padding));
    size += data.length + padding;
  }
  json.buffers = [{ byteLength: size }];
  for (const list of ["extensionsUsed", "extensionsRequired"]) {
    json[list] = (json[list] ?? []).filter((name) => name !== EXTENSION);
    if (json[list].length === 0) delete json[list];
  }
  return writeGlb(json, Buffer.concat(blocks));
}

function viewBytes(view, binary) {
  const packed = view.extensions?.[EXTENSION];
  if (!packed) return binary.subarray(view.byteOffset ?? 0, (view.byteOffset ?? 0) + view.byteLength);
  const source = binary.subarray(packed.byteOffset ?? 0, (packed.byteOffset ?? 0) + packed.byteLength);
  const target = new Uint8Array(packed.count * packed.byteStride);
  MeshoptDecoder.decodeGltfBuffer(target, packed.count, packed.byteStride, source, packed.mode, packed.filter);
  if (target.length !== view.byteLength) throw new Error(`view of ${view.byteLength} bytes decodes to ${target.length}`);
  return target;
}

function readGlb(bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.getUint32(0, true) !== 0x46546c67 || data.getUint32(8, true) !== bytes.length) throw new Error("not a whole .glb");
  const jsonLength = data.getUint32(12, true);
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + jsonLength)));
  const binaryLength = data.getUint32(20 + jsonLength, true);
  return { json, binary: bytes.subarray(28 + jsonLength, 28 + jsonLength + binaryLength) };
}

function writeGlb(json, binary) {
  const text = Buffer.from(JSON.stringify(json));
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, 0x20)]);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(0x46546c67, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(28 + padded.length + binary.length, 8);
  head.writeUInt32LE(padded.length, 12);
  head.writeUInt32LE(0x4e4f534a, 16);
  const middle = Buffer.alloc(8);
  middle.writeUInt32LE(binary.length, 0);
  middle.writeUInt32LE(0x004e4942, 4);
  return Buffer.concat([head, padded, middle, binary]);
}
