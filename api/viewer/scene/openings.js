/**
 * Openings of the ground: a ramp that leads into a basement lies below the terrain, which closes over it. So the terrain is cut over each ramp;
 * around the ramp the model's own land covers the cut.
 */

import { Cartesian3, Cartographic, ClippingPolygon, ClippingPolygonCollection } from "../vendor/cesium/cesium.js";
import { BELOW_M } from "./ground.js";

/** @typedef {import("../types").TwinObject} TwinObject */

/** More than any town has; each is a polygon that every pixel of the ground is looked up in. */
const MOST = 64;

export class Openings {
  /** @type {TwinObject[]} */
  #ramps = [];
  /** Whether a ramp leads below the ground, once that is drawn there. @type {Map<string, boolean>} */
  #below = new Map();
  #shown = "";

  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {() => import("../types").Filters} filters
   * @param {Promise<void>} seen resolves when the ground is looked at; until then each ramp counts as leading below it: a ground that is cut has shaders of its
   *   own, and so they are the only ones
   */
  constructor(scene, filters, seen) {
    this.scene = scene;
    this.filters = filters;
    this.isSeen = false;
    void seen.then(() => (this.isSeen = true)).then(() => this.refresh());
    scene.globe.tileLoadProgressEvent.addEventListener((waiting) => waiting === 0 && this.#ramps.length && this.refresh());
  }

  /** Opens the ground over those of these ramps that pass through it. @param {TwinObject[]} ramps */
  set(ramps) {
    this.#ramps = ramps.filter(({ bounds }) => bounds).slice(0, MOST);
    this.#below.clear();
    this.refresh();
  }

  /** The ground is whole where what lies around a ramp is hidden: a model, or all but a storey of it. */
  refresh() {
    if (!this.#ramps.length || !ClippingPolygonCollection.isSupported(this.scene)) return;
    const { hiddenModels, hiddenStoreys, onlyStoreys, onlyObjects } = this.filters();
    const whole = !hiddenStoreys.size && !onlyStoreys && !onlyObjects;
    const open = this.#ramps.filter((ramp) => whole && this.#leadsBelow(ramp) && !hiddenModels.has(ramp.model));
    const shown = open.map(({ id }) => id).join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.scene.globe.clippingPolygons = new ClippingPolygonCollection({ polygons: open.map(polygonOver), enabled: open.length > 0 });
    this.scene.requestRender();
  }

  /** @param {TwinObject} ramp */
  #leadsBelow({ id, bounds }) {
    const known = this.#below.get(id);
    if (known !== undefined || !this.isSeen) return known ?? true;
    const [west, south, low, east, north, high] = /** @type {import("../types").Bounds} */ (bounds);
    const ground = this.scene.globe.getHeight(Cartographic.fromDegrees((west + east) / 2, (south + north) / 2));
    if (ground === undefined) return false;
    const below = low < ground - BELOW_M && high > ground;
    // Coarse tiles, as they come first, may lie metres beside the ground.
    if (this.scene.globe.tilesLoaded) this.#below.set(id, below);
    return below;
  }
}

/** @param {TwinObject} ramp */
function polygonOver({ bounds }) {
  const [west, south, , east, north] = /** @type {import("../types").Bounds} */ (bounds);
  return new ClippingPolygon({ positions: Cartesian3.fromDegreesArray([west, south, east, south, east, north, west, north]) });
}
