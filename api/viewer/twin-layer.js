/**
 * The twin in anybody's CesiumJS page: tiles, live colours, picks (docs/embedding.md). Brings no CesiumJS of its own; it works with
 * the copy that draws the page's viewer. The address of this file, and what is said here, are stable.
 *
 *   import { addTwinLayer } from "https://twin.example/viewer/twin-layer.js";
 *   const twin = await addTwinLayer(viewer, Cesium, { token, theme: "temperature" });
 *   twin.flyTo();
 */

import { Api } from "./api.js";
import { LiveChannel } from "./live/channel.js";
import { LiveColours } from "./scene/colours.js";
import { pickedOf } from "./scene/picked.js";
import { Visibility } from "./scene/visibility.js";
import { NO_FILTERS } from "./state.js";

/** @typedef {import("./vendor/cesium/cesium.js").Cesium3DTileset} Cesium3DTileset */
/** @typedef {import("./vendor/cesium/cesium.js").CustomShader} CustomShader */
/** @typedef {typeof import("./vendor/cesium/cesium.js")} Cesium */
/** @typedef {Omit<import("./types").Theme, "signals" | "names">} Theme */

/**
 * @typedef {object} Options
 * @property {string} [server] address of the twin; default: where this module came from
 * @property {string | null} [token] sent with every request; default: none, which reads from this machine only
 * @property {string[]} [models] keys; default: all that the token may see
 * @property {string | null} [theme] key of what the objects are coloured by; default: their own colours
 * @property {Record<string, any>} [tileset] options for each Cesium3DTileset, such as `maximumScreenSpaceError`
 * @property {(status: "connecting" | "live" | "lost" | "off", reason: string) => void} [onStatus] how far the colours can be trusted; `reason`: the
 *   server's words where it refuses
 */

/**
 * Adds the twin to a viewer.
 * @param {{ scene: import("./vendor/cesium/cesium.js").Scene, camera: import("./vendor/cesium/cesium.js").Camera }} viewer a Viewer or CesiumWidget
 * @param {Cesium} Cesium the same copy that made `viewer`
 * @param {Options} [options]
 * @returns {Promise<TwinLayer>} resolves when the tilesets are added; their tiles follow as the camera needs them
 * @throws Error of the server's words (`status` is that of HTTP, 0: not reached), or for a theme or model that is not there
 */
export async function addTwinLayer(viewer, Cesium, options = {}) {
  const layer = new TwinLayer(viewer, Cesium, options);
  try {
    await layer.load(options);
  } catch (error) {
    layer.destroy();
    throw error;
  }
  return layer;
}

export class TwinLayer {
  /** By key of the model. @type {Map<string, Cesium3DTileset>} */
  tilesets = new Map();
  /** What can be coloured by. @type {Theme[]} */
  themes = [];
  /** Key of what it is coloured by now. @type {string | null} */
  theme = null;
  /** What the tilesets are drawn with. @type {CustomShader | undefined} */
  shader = undefined;
  /** @type {LiveChannel | null} */
  #channel = null;

  /**
   * @param {Parameters<typeof addTwinLayer>[0]} viewer
   * @param {Cesium} Cesium
   * @param {Options} options
   */
  constructor(viewer, Cesium, { server, token = null, onStatus = () => {} }) {
    this.viewer = viewer;
    this.cesium = Cesium;
    this.api = new Api({ base: new URL(server ? `${server.replace(/\/+$/, "")}/` : "../", import.meta.url).href, token });
    this.onStatus = onStatus;
    this.colours = new LiveColours(Cesium, viewer.scene, this);
    this.filters = NO_FILTERS;
    this.visibility = new Visibility(() => this.filters, () => {});
  }

  /** Shows and hides; what is not named stays as it is. Rooms (`spaces`) are hidden at first. @param {Partial<import("./types").Filters>} patch */
  filter(patch) {
    this.filters = { ...this.filters, ...patch };
    for (const [key, tileset] of this.tilesets) tileset.show = !this.filters.hiddenModels.has(key);
    this.visibility.refresh();
    this.viewer.scene.requestRender();
  }

  /** Called once, by `addTwinLayer`. @param {Options} options */
  async load({ models: wanted, theme = null, tileset = {} }) {
    const [models, themes] = await Promise.all([this.api.models(), this.api.all("themes")]);
    this.themes = themes;
    const missing = wanted?.filter((key) => !models.some((model) => model.key === key)) ?? [];
    if (missing.length) throw new Error(`no such model: ${missing.join(", ")}; there are ${models.map(({ key }) => key).join(", ") || "none"}`);
    const drawn = models.filter(({ key, drawn: n }) => n > 0 && (wanted?.includes(key) ?? true));
    await Promise.all(drawn.map((model) => this.#add(model, tileset)));
    this.setTheme(theme);
  }

  /** @param {import("./types").Model} model @param {Record<string, any>} options */
  async #add(model, options) {
    const { Cesium3DTileset, Resource } = this.cesium;
    const url = new URL(model.tileset, this.api.base).href;
    const tileset = await Cesium3DTileset.fromUrl(new Resource({ url, headers: this.api.headers }), options);
    tileset.customShader = this.shader;
    tileset.tileLoad.addEventListener((tile) => {
      this.visibility.add(tile.content, model.key);
      this.viewer.scene.requestRender();
    });
    tileset.tileUnload.addEventListener((tile) => this.visibility.remove(tile.content));
    this.tilesets.set(model.key, tileset);
    this.viewer.scene.primitives.add(tileset);
  }

  /**
   * Colours by a theme, live; null: the objects' own colours.
   * @param {string | null} key one of `themes`
   */
  setTheme(key) {
    const theme = key === null ? null : this.themes.find((each) => each.key === key);
    if (theme === undefined) throw new Error(`no such theme: ${key}; there are ${this.themes.map((each) => each.key).join(", ")}`);
    this.#channel?.close();
    this.#channel = null;
    this.theme = key;
    this.colours.show(theme?.colours ?? null);
    if (!theme) return this.onStatus("off", "");
    this.#channel = new LiveChannel(this.api, { format: "codes", theme: theme.key }, {
      onFrame: ({ kind, indices, codes }) => kind !== "beat" && kind !== "reset" && this.colours.put(indices, codes, kind === "snapshot"),
      onStatus: (status, reason = "") => this.onStatus(status, reason),
    });
    return undefined;
  }

  /** For LiveColours. @param {CustomShader | undefined} shader */
  setShader(shader) {
    this.shader = shader;
    for (const tileset of this.tilesets.values()) tileset.customShader = shader;
  }

  /**
   * What of the twin is drawn at a place of the canvas.
   * @param {import("./vendor/cesium/cesium.js").Cartesian2} position CSS pixels from the canvas's upper left
   */
  pick(position) {
    return this.pickedOf(this.viewer.scene.pick(position));
  }

  /** The same of what `scene.pick`, `drillPick` or `pickAsync` found. @param {any} feature */
  pickedOf(feature) {
    return pickedOf(feature, (tileset) => [...this.tilesets].find(([, known]) => known === tileset)?.[0] ?? null);
  }

  /** Flies to where all of it is seen. @param {Parameters<import("./vendor/cesium/cesium.js").Camera["flyToBoundingSphere"]>[1]} [options] */
  flyTo(options) {
    const spheres = [...this.tilesets.values()].map((tileset) => tileset.boundingSphere);
    if (spheres.length) this.viewer.camera.flyToBoundingSphere(this.cesium.BoundingSphere.fromBoundingSpheres(spheres), options);
  }

  /** Takes it out of the viewer and ends its connection. */
  destroy() {
    this.#channel?.close();
    this.#channel = null;
    if (this.viewer.scene.isDestroyed()) return;
    this.colours.destroy();
    for (const tileset of this.tilesets.values()) this.viewer.scene.primitives.remove(tileset);
    this.tilesets.clear();
  }
}
