/**
 * Ground under the models. CesiumJS ships no terrain, and its bare ellipsoid lies 50 m below or above most building sites:
 * models would float or be buried. So the ground follows the models: near one it lies at that model's ±0.00, between
 * models it blends, far from all it is the ellipsoid. It is a backdrop, not a survey.
 */

import { Cartographic, CesiumTerrainProvider, CustomHeightmapTerrainProvider, GeographicTilingScheme, Math as CesiumMath, Resource, sampleTerrainMostDetailed } from "../vendor/cesium/cesium.js";

/** @typedef {import("../types").Model} Model */
/** @typedef {{ lon: number, lat: number, height: number }} Datum degrees and metres */

const SAMPLES = 16;
const EARTH_M = 6_378_137;
/** Refines one level more than needed: a translucent globe has no skirts, and shows the steps between levels as cracks. */
const CAREFUL = 4;
/** Radius in degrees within which a model sets the ground (about 11 km), and where its influence ends (about 55 km). */
const INNER_DEG = 0.1;
const OUTER_DEG = 0.5;
/** Below ±0.00: the land outside lies a step or three under the ground floor, and models draw their own lawns there. */
const SETTLE_M = 0.5;
/** Deeper than this is below the ground, and not merely in its unevenness. */
export const BELOW_M = 0.5;
/** The page does not wait longer for heights; without them, it goes by the models' own. */
const PATIENCE_MS = 6_000;

/**
 * Height of a model's ground: its own origin where that lies within the model, else its lowest point (models whose
 * coordinates carry the sea level themselves).
 * @param {Model} model
 * @returns {Datum | null}
 */
export function datumOf(model) {
  if (!model.bounds) return null;
  const [west, south, lowest, east, north, highest] = model.bounds;
  const origin = model.placement?.origin?.[2];
  const inside = typeof origin === "number" && origin >= lowest - 1 && origin <= highest + 50;
  return { lon: (west + east) / 2, lat: (south + north) / 2, height: inside ? origin : lowest };
}

/**
 * Height of the ground at a place, metres above the ellipsoid: inverse-distance weights of the models' datums, fading to
 * zero between the inner and the outer radius.
 * @param {Datum[]} datums
 * @param {number} lon degrees
 * @param {number} lat degrees
 */
export function groundHeight(datums, lon, lat) {
  let weights = 0;
  let sum = 0;
  let nearest = Infinity;
  const shrink = Math.cos((lat * Math.PI) / 180);
  for (const datum of datums) {
    const turn = ((lon - datum.lon + 540) % 360) - 180;
    const distance = Math.hypot(turn * shrink, lat - datum.lat);
    const weight = 1 / (distance + 1e-5) ** 4;
    weights += weight;
    sum += weight * (datum.height - SETTLE_M);
    nearest = Math.min(nearest, distance);
  }
  if (!weights) return 0;
  const fade = Math.min(1, Math.max(0, (OUTER_DEG - nearest) / (OUTER_DEG - INNER_DEG)));
  return (sum / weights) * fade;
}

/** @param {Datum[]} datums */
export function groundFor(datums) {
  const tilingScheme = new GeographicTilingScheme();
  const provider = new CustomHeightmapTerrainProvider({
    width: SAMPLES,
    height: SAMPLES,
    tilingScheme,
    callback: (x, y, level) => {
      const { west, south, east, north } = tilingScheme.tileXYToRectangle(x, y, level);
      const heights = new Float32Array(SAMPLES * SAMPLES);
      for (let row = 0; row < SAMPLES; row += 1) {
        const lat = CesiumMath.toDegrees(north + ((south - north) * row) / (SAMPLES - 1));
        for (let column = 0; column < SAMPLES; column += 1) {
          const lon = CesiumMath.toDegrees(west + ((east - west) * column) / (SAMPLES - 1));
          heights[row * SAMPLES + column] = groundHeight(datums, lon, lat);
        }
      }
      return heights;
    },
  });
  provider.getLevelMaximumGeometricError = errorOfLevel;
  return provider;
}

/**
 * How far a tile of that level is from the true surface (m): the sagitta of one cell. CesiumJS assumes rough terrain, and
 * would refine this smooth one through ten levels more than there is anything to see.
 * @param {number} level
 */
function errorOfLevel(level) {
  const cell = (Math.PI * EARTH_M) / 2 ** level / (SAMPLES - 1);
  return (CAREFUL * cell ** 2) / (8 * EARTH_M);
}

/**
 * The terrain that was imported with the models, null where none was.
 * @param {import("../api.js").Api} api
 */
export async function publishedTerrain(api) {
  const resource = new Resource({ url: new URL("terrain/", api.base).href, headers: api.headers });
  try {
    const layer = await resource.getDerivedResource({ url: "layer.json" }).fetchJson();
    if (!layer.tiles?.length) return null;
    return await CesiumTerrainProvider.fromUrl(resource, { requestVertexNormals: true });
  } catch (error) {
    console.warn("terrain:", error);
    return null;
  }
}

/** From this level on tiles are flat enough that a finer one without data of its own shows nothing more. */
const FLAT_LEVEL = 9;

/**
 * Refines the ground only where the terrain has more of it. CesiumJS would go on and cut its finer tiles out of the coarser ones, one step with each frame.
 * @param {import("../vendor/cesium/cesium.js").Globe} globe
 */
export function endWithTerrain(globe) {
  // Not a public part of CesiumJS; without it the ground takes longer.
  const surface = /** @type {any} */ (globe)._surface?.tileProvider;
  if (!surface?.canRefine) return;
  const canRefine = surface.canRefine.bind(surface);
  surface.canRefine = (/** @type {{ x: number, y: number, level: number }} */ tile) => canRefine(tile) && (tile.level < FLAT_LEVEL || hasFiner(globe.terrainProvider, tile));
}

/** @param {import("../vendor/cesium/cesium.js").TerrainProvider} terrain @param {{ x: number, y: number, level: number }} tile */
function hasFiner(terrain, { x, y, level }) {
  return [0, 1].some((right) => [0, 1].some((down) => terrain.getTileDataAvailable(2 * x + right, 2 * y + down, level + 1) !== false));
}

/**
 * Share of these boxes that lie below the terrain over their middles; null: the terrain says nothing about them.
 * @param {import("../vendor/cesium/cesium.js").TerrainProvider} terrain
 * @param {import("../types").Bounds[]} boxes
 */
export async function shareBelow(terrain, boxes) {
  const places = boxes.map(([west, south, , east, north]) => Cartographic.fromDegrees((west + east) / 2, (south + north) / 2));
  try {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no heights in time")), PATIENCE_MS));
    await Promise.race([sampleTerrainMostDetailed(terrain, places), late]);
  } catch (error) {
    console.warn("heights of the terrain:", error);
    return null;
  }
  // Where there is no terrain the height stays as it was, or is undefined.
  const known = boxes.flatMap((box, i) => (places[i].height ? [box[5] < places[i].height - BELOW_M] : []));
  return known.length ? known.filter(Boolean).length / known.length : null;
}
