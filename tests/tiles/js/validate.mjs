// node validate.mjs FOLDER: decodes every .glb of FOLDER into FOLDER/decoded and prints what the Khronos validator says
// of the decoded files, as JSON: { name: [messages of severity error and warning, and counts of the others] }.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import validator from "gltf-validator";
import { decodeGlb } from "./decode.mjs";

const folder = process.argv[2];
mkdirSync(join(folder, "decoded"), { recursive: true });
const result = {};
for (const name of readdirSync(folder).filter((each) => each.endsWith(".glb")).sort()) {
  const decoded = await decodeGlb(readFileSync(join(folder, name)));
  writeFileSync(join(folder, "decoded", name), decoded);
  const report = await validator.validateBytes(new Uint8Array(decoded), { maxIssues: 0 });
  const serious = report.issues.messages.filter((message) => message.severity <= 1);
  const codes = {};
  for (const message of report.issues.messages.filter((each) => each.severity > 1)) {
    codes[message.code] = (codes[message.code] ?? 0) + 1;
  }
  result[name] = { serious: serious.slice(0, 20), count: serious.length, other: codes };
}
console.log(JSON.stringify(result));
