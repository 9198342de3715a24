/**
 * One Cesium3DTileset per model, so that models are switched, placed and refreshed one by one; the scene's own
 * `/tiles/tileset.json` is for other viewers. They share one memory budget.
 */

import { Cesium3DTileset, OrientedBoundingBox, Resource } from "../vendor/cesium/cesium.js";

/** @typedef {import("../types").Model} Model */

/** Graphics memory for tiles in all: what an office laptop spares. */
const CACHE_BYTES = 768 * 2 ** 20;
/** Width up to which points of a cloud grow where they lie far apart on the screen. */
const POINT_PX = 4;
const LEAST_CACHE_BYTES = 32 * 2 ** 20;

export class ModelTiles {
  /** @type {Map<string, Cesium3DTileset>} */
  tilesets = new Map();

  /**
   * @param {object} options
   * @param {import("../vendor/cesium/cesium.js").Scene} options.scene
   * @param {import("../api.js").Api} options.api
   * @param {import("./visibility.js").Visibility} options.visibility
   * @param {number} options.screenSpaceError pixels
   * @param {import("../vendor/cesium/cesium.js").ImageBasedLighting | null} options.lighting of all of them; null: as CesiumJS does it
   * @param {() => void} options.onLeft a content went
   * @param {(pending: number) => void} options.onProgress tiles on their way, over all models
   */
  constructor({ scene, api, visibility, screenSpaceError, lighting, onLeft, onProgress }) {
    this.scene = scene;
    this.api = api;
    this.visibility = visibility;
    this.screenSpaceError = screenSpaceError;
    this.lighting = lighting;
    this.onLeft = onLeft;
    this.onProgress = onProgress;
    /** @type {Map<string, number>} */
    this.pending = new Map();
    /** Of all tilesets. @type {import("../vendor/cesium/cesium.js").CustomShader | undefined} */
    this.shader = undefined;
    /** @type {ReadonlySet<string>} */
    this.hidden = new Set();
    /** @type {"held" | "fetched" | "shown"} */
    this.stage = "shown";
  }

  /** @param {import("../vendor/cesium/cesium.js").CustomShader | undefined} shader */
  setShader(shader) {
    this.shader = shader;
    for (const tileset of this.tilesets.values()) tileset.customShader = shader;
  }

  /**
   * Loads the tilesets of these models; those already there stay.
   * @param {Model[]} models
   * @returns {Promise<Model[]>} the models whose tileset could not be loaded
   */
  async load(models) {
    const cacheBytes = Math.max(LEAST_CACHE_BYTES, CACHE_BYTES / Math.max(1, models.length));
    const wanted = models.filter((model) => model.drawn > 0 && !this.tilesets.has(model.key));
    const failed = await Promise.all(wanted.map((model) => this.#loadOne(model, cacheBytes)));
    return failed.filter((model) => model !== null);
  }

  /** @param {Model} model @param {number} cacheBytes @returns {Promise<Model | null>} */
  async #loadOne(model, cacheBytes) {
    const url = new URL(model.tileset, this.api.base).href;
    try {
      const tileset = await Cesium3DTileset.fromUrl(new Resource({ url, headers: this.api.headers }), {
        cacheBytes,
        maximumCacheOverflowBytes: cacheBytes / 2,
        maximumScreenSpaceError: this.screenSpaceError,
        environmentMapOptions: { enabled: false },
        imageBasedLighting: this.lighting ?? undefined,
        enableCollision: false,
        pointCloudShading: { attenuation: true, maximumAttenuation: POINT_PX },
      });
      forgetRange(tileset);
      tileset.customShader = this.shader;
      this.#listen(tileset, model.key);
      this.tilesets.set(model.key, tileset);
      tileset.show = this.stage === "shown";
      this.scene.primitives.add(tileset);
      return null;
    } catch (error) {
      console.warn(`tileset of ${model.key}:`, error);
      return model;
    }
  }

  /** @param {Cesium3DTileset} tileset @param {string} key */
  #listen(tileset, key) {
    tileset.tileLoad.addEventListener((tile) => {
      this.visibility.add(tile.content, key);
      this.scene.requestRender();
    });
    tileset.tileUnload.addEventListener((tile) => {
      this.visibility.remove(tile.content);
      this.onLeft();
    });
    tileset.loadProgress.addEventListener((requests, processing) => {
      this.pending.set(key, requests + processing);
      this.onProgress([...this.pending.values()].reduce((sum, n) => sum + n, 0));
    });
  }

  /** Whether no model waits for tiles of this view. */
  get allLoaded() {
    return this.stage !== "held" && [...this.tilesets.values()].every((tileset) => tileset.tilesLoaded || !(tileset.show || tileset.preloadWhenHidden));
  }

  /** A model's own box, or null while it has none. @param {string} key @returns {OrientedBoundingBox | null} */
  boxOf(key) {
    const volume = /** @type {any} */ (this.tilesets.get(key))?.root?.boundingVolume?.boundingVolume;
    return volume instanceof OrientedBoundingBox ? volume : null;
  }

  /** @param {ReadonlySet<string>} hidden */
  setHidden(hidden) {
    this.hidden = hidden;
    for (const [key, tileset] of this.tilesets) {
      const wanted = !hidden.has(key);
      tileset.show = wanted && this.stage === "shown";
      tileset.preloadWhenHidden = wanted && this.stage === "fetched";
    }
    this.scene.requestRender();
  }

  /** Whether they wait, are fetched for the camera as it is, or are drawn. @param {"held" | "fetched" | "shown"} stage */
  setStage(stage) {
    if (stage === this.stage) return;
    this.stage = stage;
    this.setHidden(this.hidden);
  }

  /** Key of the model that a tileset belongs to. @param {unknown} tileset */
  keyOf(tileset) {
    for (const [key, known] of this.tilesets) if (known === tileset) return key;
    return null;
  }
}

/**
 * CesiumJS writes the least and the largest value of a property into each shader that reads it: with those of `state_index`, no two models would
 * share one, and a theme would take as many more programs as there are models.
 * @param {Cesium3DTileset} tileset
 */
function forgetRange(tileset) {
  const { statistics } = /** @type {any} */ (tileset).metadataExtension ?? {};
  for (const { properties } of Object.values(statistics?.classes ?? {})) delete properties?.state_index;
}
