// Copies CesiumJS from its npm package @cesium/engine into one folder that the viewer loads from its own server.
// Usage: node scripts/vendor-cesium.mjs FOLDER (removed and made anew).
//
// The package ships its workers built, but its main code as some 1,500 modules that import CommonJS packages by bare
// names: no browser loads those. So they are joined into one ES module, the way CesiumJS's own release build does
// it: minified, and without the argument checks marked as debug. Nothing else is changed.
// docs/decisions/0003-cesium-from-npm.md has the alternatives.
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node scripts/vendor-cesium.mjs FOLDER");
  process.exit(2);
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const engine = join(root, "node_modules", "@cesium", "engine");
const unfinished = `${folder}.unfinished`;

const debugPragma = /\/\/>>includeStart\('debug', pragmas\.debug\);?[\s\S]*?\/\/>>includeEnd\('debug'\);?/g;
const withoutDebugChecks = {
  name: "without-debug-checks",
  setup({ onLoad }) {
    onLoad({ filter: /@cesium[\\/]engine[\\/]Source[\\/].*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(debugPragma, ""),
      loader: "js",
    }));
  },
};

await rm(unfinished, { recursive: true, force: true });
await mkdir(unfinished, { recursive: true });
await build({
  stdin: { contents: 'export * from "@cesium/engine";', resolveDir: root },
  outfile: join(unfinished, "cesium.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
  plugins: [withoutDebugChecks],
  // Workers and Assets lie beside this file, wherever the server mounts it.
  banner: { js: 'globalThis.CESIUM_BASE_URL ??= new URL("./", import.meta.url).href;' },
});

for (const [from, to] of [
  ["Build/Workers", "Workers"],
  ["Build/ThirdParty", "ThirdParty"],
  ["Source/ThirdParty", "ThirdParty"],
  ["Source/Assets", "Assets"],
  ["Source/Widget/CesiumWidget.css", "CesiumWidget.css"],
  ["LICENSE.md", "LICENSE.md"],
]) {
  await cp(join(engine, from), join(unfinished, to), { recursive: true });
}

const { version } = JSON.parse(await readFile(join(engine, "package.json"), "utf8"));
await writeFile(join(unfinished, "package.json"), `${JSON.stringify({ name: "@cesium/engine", version })}\n`);
await rm(folder, { recursive: true, force: true });
await mkdir(dirname(folder), { recursive: true });
await rename(unfinished, folder);
