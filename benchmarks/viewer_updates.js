/** The three ways of colouring tiles by live state, for viewer_updates.py: `bench.use(way)`, `bench.measure(seconds, hertz)`. */

import * as Cesium from "/viewer/vendor/cesium/cesium.js";
import { LiveColours } from "/viewer/scene/colours.js";

const RAMP = Array.from({ length: 256 }, (_, code) => `#${[code, 90, 255 - code].map((part) => part.toString(16).padStart(2, "0")).join("")}`);
const COLOURS = RAMP.map((colour) => Cesium.Color.fromCssColorString(colour));
/** Codes from 250 on are no values. */
const CODES = 250;

const widget = new Cesium.CesiumWidget("map", { baseLayer: false, scene3DOnly: true, msaaSamples: 1 });
const { scene } = widget;
scene.globe.show = false;
for (const part of [scene.skyAtmosphere, scene.skyBox, scene.sun, scene.moon]) if (part) part.show = false;
widget.clock.shouldAnimate = false;
scene.light = new Cesium.DirectionalLight({ direction: new Cesium.Cartesian3(-0.5, 0.5, -0.7) });

const tileset = await Cesium.Cesium3DTileset.fromUrl("/tiles/tileset.json", { maximumScreenSpaceError: 1, environmentMapOptions: { enabled: false } });
/** Features of each content with their state indices, read once. @type {{ content: any, indices: number[] }[]} */
const contents = [];
tileset.tileLoad.addEventListener(({ content }) => {
  if (!content.featuresLength) return;
  const indices = Array.from({ length: content.featuresLength }, (_, id) => content.getFeature(id).getProperty("state_index"));
  contents.push({ content, indices });
});
scene.primitives.add(tileset);
widget.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0.6, -0.7, tileset.boundingSphere.radius * 2) });

const tiles = {
  shader: undefined,
  setShader(shader) {
    this.shader = shader;
    tileset.customShader = shader;
  },
};
const live = new LiveColours(Cesium, scene, tiles);
let codes = new Uint8Array(0);
let everyone = new Uint32Array(0);

/** A style whose colour is a look-up, not an expression: the fastest that a style can be. */
function styleByCode() {
  const style = new Cesium.Cesium3DTileStyle();
  style.color = /** @type {any} */ ({ evaluateColor: (feature, result) => Cesium.Color.clone(COLOURS[codes[feature.getProperty("state_index")]], result) });
  return style;
}

const WAYS = {
  texture: { start: () => live.show(RAMP), update: () => live.put(everyone, codes, false), stop: () => live.show(null) },
  feature: {
    start: () => {},
    update: () => {
      for (const { content, indices } of contents) for (let id = 0; id < indices.length; id += 1) content.getFeature(id).color = COLOURS[codes[indices[id]]];
    },
    stop: () => {
      for (const { content, indices } of contents) for (let id = 0; id < indices.length; id += 1) content.getFeature(id).color = Cesium.Color.WHITE;
    },
  },
  style: { start: () => (tileset.style = styleByCode()), update: () => tileset.makeStyleDirty(), stop: () => (tileset.style = undefined) },
};
/** @type {keyof typeof WAYS | null} */
let used = null;

const frames = (/** @type {number} */ n) =>
  new Promise((resolve) => {
    const stop = scene.postRender.addEventListener(() => (n -= 1) <= 0 && (stop(), resolve(null)));
  });

const bench = {
  /** Waits until that many objects are drawn. */
  async load(/** @type {number} */ count) {
    while (contents.reduce((sum, { indices }) => sum + indices.length, 0) < count || !tileset.tilesLoaded) await frames(1);
    codes = new Uint8Array(count);
    everyone = Uint32Array.from({ length: count }, (_, index) => index);
  },
  /** Colours in that way from here on. */
  async use(/** @type {keyof typeof WAYS} */ way) {
    if (used) WAYS[used].stop();
    used = way;
    WAYS[way].start();
    await bench.all(125);
    await frames(5);
  },
  /** All objects take one code. */
  async all(/** @type {number} */ code) {
    codes.fill(code);
    WAYS[/** @type {keyof typeof WAYS} */ (used)].update();
    await frames(3);
  },
  /**
   * Frames for some seconds, with every object changed `hertz` times a second.
   * @returns {Promise<{ fps: number, updates: number, updateMs: number, frameMs: number }>} `updates` a second that were done; `updateMs`: script
   *   in one; `frameMs`: script in a frame, from the first listener to the last
   */
  async measure(/** @type {number} */ seconds, /** @type {number} */ hertz) {
    const { update } = WAYS[/** @type {keyof typeof WAYS} */ (used)];
    let [drawn, done, spent, inFrames, began, turn] = [0, 0, 0, 0, 0, 0];
    const stops = [
      scene.preUpdate.addEventListener(() => (began = performance.now())),
      scene.postRender.addEventListener(() => ((drawn += 1), (inFrames += performance.now() - began))),
    ];
    const timer = hertz && setInterval(() => {
      const start = performance.now();
      turn += 7;
      for (let i = 0; i < codes.length; i += 1) codes[i] = (i + turn) % CODES;
      update();
      spent += performance.now() - start;
      done += 1;
    }, 1000 / hertz);
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const took = (performance.now() - start) / 1000;
    clearInterval(timer);
    for (const stop of stops) stop();
    return { fps: drawn / took, updates: done / took, updateMs: done ? spent / done : 0, frameMs: drawn ? inFrames / drawn : 0 };
  },
};

Object.assign(window, { bench });
