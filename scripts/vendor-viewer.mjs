#!/usr/bin/env node
/**
 * Puts CesiumJS and the charting library where the viewer finds them: node_modules/@cesium/engine → api/viewer/vendor/cesium,
 * node_modules/uplot → api/viewer/vendor/uplot (both ignored by git).
 *
 *   node scripts/vendor-viewer.mjs [--from FOLDER] [--force]
 *
 * --from: folder whose node_modules holds @cesium/engine, uplot and esbuild (default: the checkout). --force: make it anew
 * although the versions are the same.
 *
 * Workers that the first view waits for become one file each: from the package they load some twenty parts, one after another. What every page
 * loads lies there compressed as well.
 *
 * Other workers, wasm files and assets (base map, sky, earth orientation) are copied as they are. The engine itself ships as
 * some 1,500 source modules with bare imports, a few of them CommonJS, so a browser cannot load it from its package:
 * esbuild makes one module of it. Two things happen to the sources on the way, both noted in the bundle's first lines:
 *   - debug checks between `//>>includeStart('debug'` and `//>>includeEnd('debug')` are left out, as in Cesium's own
 *     release build;
 *   - two places that write styles as markup, which a Content Security Policy without 'unsafe-inline' refuses, write them
 *     through the CSS object model (EDITS). If a newer version no longer has such a place, this stops and says so.
 */
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const VENDOR = join(ROOT, "api", "viewer", "vendor");
const TARGET = join(VENDOR, "cesium");
const CHART = join(VENDOR, "uplot");
const RECIPE = 4; // raise when what this script does to the sources changes

const DEBUG_CHECKS = /\/\/>>includeStart\('debug'[^\n]*\n[\s\S]*?\/\/>>includeEnd\('debug'\);?/g;
/** File → what to find in it and what to put in its place; each must be found. */
const EDITS = {
  "CreditDisplay.js": [
    /const styleElem = document\.createElement\("style"\);\s*styleElem\.innerHTML = style;\s*shadowRootOrDocumentHead\.appendChild\(styleElem\);/,
    `const sheet = new CSSStyleSheet();
     sheet.replaceSync(style);
     const owner = getShadowRoot(container) ?? document;
     owner.adoptedStyleSheets = [...owner.adoptedStyleSheets, sheet];`,
  ],
  "FeatureDetection.js": [/canvas\.setAttribute\(\s*"style",\s*("[^"]*"(?:\s*\+\s*"[^"]*")*),?\s*\);/, "canvas.style.cssText = $1;"],
};

async function packageFolder(from, name) {
  const folder = join(from, "node_modules", ...name.split("/"));
  try {
    return { folder, manifest: JSON.parse(await readFile(join(folder, "package.json"), "utf8")) };
  } catch {
    throw new Error(`${name} is not in ${join(from, "node_modules")}: run scripts/setup (npm ci) first.`);
  }
}

/** esbuild plugin that edits the engine's sources as the head of this file says. */
function forTheBrowser() {
  const waiting = new Set(Object.keys(EDITS));
  return {
    name: "for-the-browser",
    setup(build) {
      build.onLoad({ filter: /@cesium[\\/]engine[\\/]Source[\\/].*\.js$/ }, async ({ path }) => {
        let contents = (await readFile(path, "utf8")).replace(DEBUG_CHECKS, "");
        const [pattern, replacement] = EDITS[basename(path)] ?? [];
        if (pattern?.test(contents)) {
          contents = contents.replace(pattern, replacement);
          waiting.delete(basename(path));
        }
        return { contents, loader: "js" };
      });
      build.onEnd(() => {
        if (waiting.size) throw new Error(`${[...waiting].join(", ")} of @cesium/engine changed: adapt EDITS in scripts/vendor-viewer.mjs.`);
      });
    },
  };
}

async function bundle(esbuild, engine, version, folder) {
  await esbuild.build({
    stdin: { contents: 'export * from "@cesium/engine";', resolveDir: dirname(dirname(dirname(engine))) },
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    // The licence texts of everything inside go into a file of their own.
    legalComments: "external",
    banner: {
      js: `/* @cesium/engine ${version}, Apache-2.0, bundled by scripts/vendor-viewer.mjs: debug checks left out, styles written through the CSS object model. */`,
    },
    loader: { ".wasm": "file" },
    logLevel: "warning",
    outfile: join(folder, "cesium.js"),
    plugins: [forTheBrowser()],
  });
}

/** Those of the ground. */
const FIRST_WORKERS = ["createVerticesFromQuantizedTerrainMesh", "createVerticesFromHeightmap", "upsampleQuantizedTerrainMesh", "incrementallyBuildTerrainPicker"];

async function joinWorkers(esbuild, folder) {
  const workers = join(folder, "Workers");
  await esbuild.build({
    entryPoints: FIRST_WORKERS.map((name) => join(workers, `${name}.js`)),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none", // those of the parts are in LICENSE.md
    logLevel: "warning",
    outdir: workers,
    allowOverwrite: true,
  });
}

/** Beside the file as `.br` and `.gz`, which the server hands out: compressed once, and better than it would for each request. */
async function compress(file) {
  const content = await readFile(file);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}

async function copyAssets(engine, require, folder) {
  const copies = [
    [join(engine, "Build", "Workers"), "Workers"],
    [join(engine, "Build", "ThirdParty"), "ThirdParty"],
    [join(engine, "Source", "ThirdParty"), "ThirdParty"],
    [join(engine, "Source", "Assets"), "Assets"],
    [join(engine, "Source", "Widget", "CesiumWidget.css"), "CesiumWidget.css"],
    [join(engine, "LICENSE.md"), "LICENSE.md"],
  ];
  for (const [from, to] of copies) await cp(from, join(folder, to), { recursive: true });
  const draco = join(folder, "ThirdParty", "draco_decoder.wasm");
  if (!(await exists(draco))) await cp(require.resolve("draco3d/draco_decoder.wasm"), draco);
}

const exists = (path) => stat(path).then(() => true, () => false);

async function sizeOf(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return bytes;
}

/** uPlot is one module already: it is made smaller, and its types lie beside it for the type checker. */
async function vendorChart(from, force) {
  const { folder, manifest } = await packageFolder(from, "uplot");
  const stampFile = join(CHART, "version.json");
  const stamp = JSON.stringify({ uplot: manifest.version, recipe: RECIPE });
  if (!force && (await exists(stampFile)) && (await readFile(stampFile, "utf8")) === stamp) return;
  const { folder: esbuildFolder, manifest: builder } = await packageFolder(from, "esbuild");
  const esbuild = await import(pathToFileURL(join(esbuildFolder, builder.main)).href);
  await rm(CHART, { recursive: true, force: true });
  await mkdir(CHART, { recursive: true });
  const source = await readFile(join(folder, "dist", "uPlot.esm.js"), "utf8");
  const { code } = await esbuild.transform(source, { minify: true, format: "esm", target: "es2022", legalComments: "inline" });
  await writeFile(join(CHART, "uPlot.js"), code);
  await cp(join(folder, "dist", "uPlot.min.css"), join(CHART, "uPlot.css"));
  await cp(join(folder, "dist", "uPlot.d.ts"), join(CHART, "uPlot.d.ts"));
  await cp(join(folder, "LICENSE"), join(CHART, "LICENSE"));
  await writeFile(stampFile, stamp);
  console.log(`uPlot ${manifest.version} is in api/viewer/vendor/uplot (${((await sizeOf(CHART)) / 1e3).toFixed(0)} kB).`);
}

async function main() {
  const { values } = parseArgs({ options: { from: { type: "string" }, force: { type: "boolean" } } });
  const from = resolve(values.from ?? ROOT);
  await vendorChart(from, values.force);
  const { folder: engine, manifest } = await packageFolder(from, "@cesium/engine");
  const { folder: esbuildFolder, manifest: builder } = await packageFolder(from, "esbuild");
  const stamp = JSON.stringify({ engine: manifest.version, esbuild: builder.version, recipe: RECIPE });
  const stampFile = join(TARGET, "version.json");
  if (!values.force && (await exists(stampFile)) && (await readFile(stampFile, "utf8")) === stamp) {
    console.log(`CesiumJS engine ${manifest.version} is in place.`);
    return;
  }
  const esbuild = await import(pathToFileURL(join(esbuildFolder, builder.main)).href);
  const fresh = `${TARGET}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  await bundle(esbuild, engine, manifest.version, fresh);
  await copyAssets(engine, createRequire(join(engine, "package.json")), fresh);
  await joinWorkers(esbuild, fresh);
  for (const part of ["cesium.js", ...FIRST_WORKERS.map((name) => join("Workers", `${name}.js`))]) await compress(join(fresh, part));
  // For editors and the type checker; the page never asks for it.
  await writeFile(join(fresh, "cesium.d.ts"), 'export * from "@cesium/engine";\n');
  await writeFile(join(fresh, "version.json"), stamp);
  await rm(TARGET, { recursive: true, force: true });
  await rename(fresh, TARGET);
  console.log(`CesiumJS engine ${manifest.version} is in api/viewer/vendor/cesium (${((await sizeOf(TARGET)) / 1e6).toFixed(1)} MB).`);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
