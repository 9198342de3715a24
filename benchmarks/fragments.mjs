// Converts one IFC file with @thatopen/fragments and prints one line of JSON: seconds of the conversion alone, bytes out.
// usage: node fragments.mjs FILE.ifc   (after: npm ci, in this folder)
import { readFileSync } from "node:fs";
import { dirname, sep } from "node:path";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import * as FRAGS from "@thatopen/fragments";

const require = createRequire(import.meta.url);
const importer = new FRAGS.IfcImporter();
importer.wasm = { path: dirname(require.resolve("web-ifc")) + sep, absolute: true };
const bytes = new Uint8Array(readFileSync(process.argv[2]));
console.log = console.warn = console.error = () => {};
const started = performance.now();
const result = await importer.process({ bytes });
const seconds = (performance.now() - started) / 1000;
process.stdout.write(JSON.stringify({ seconds, bytes: result.byteLength }) + "\n");
