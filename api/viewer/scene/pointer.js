/** Clicks and hovering over the scene. */

import { Cartesian2, ScreenSpaceEventHandler, ScreenSpaceEventType } from "../vendor/cesium/cesium.js";
import { debounce } from "../dom.js";
import { pickedOf } from "./picked.js";

/** The pointer rests this long before the scene is asked what is under it: a pick costs a frame. */
const REST_MS = 90;

/** @typedef {import("./picked.js").Picked} Picked */

/**
 * What is drawn at a place of the canvas.
 * @param {import("../vendor/cesium/cesium.js").Scene} scene
 * @param {import("./models.js").ModelTiles} models
 * @param {Cartesian2} position CSS pixels from the canvas's upper left
 * @returns {Picked | null}
 */
export function pickAt(scene, models, position) {
  const feature = scene.pick(position);
  if (feature?.id?.globalId) return feature.id; // a pin says whose it is
  return pickedOf(feature, (tileset) => models.keyOf(tileset));
}

/**
 * @param {import("../vendor/cesium/cesium.js").Scene} scene
 * @param {import("./models.js").ModelTiles} models
 * @param {{ onClick: (picked: Picked | null) => void, onHover: (picked: Picked | null, x: number, y: number) => void }} listeners
 */
export function listenToPointer(scene, models, { onClick, onHover }) {
  const look = debounce((/** @type {number} */ x, /** @type {number} */ y) => {
    onHover(pickAt(scene, models, new Cartesian2(x, y)), x, y);
  }, REST_MS);
  const handler = new ScreenSpaceEventHandler(scene.canvas);
  handler.setInputAction((/** @type {{ position: Cartesian2 }} */ { position }) => {
    look.cancel();
    onHover(null, 0, 0);
    onClick(pickAt(scene, models, position));
  }, ScreenSpaceEventType.LEFT_CLICK);
  if (!matchMedia("(hover: hover)").matches) return;
  const { canvas } = scene;
  canvas.addEventListener("pointermove", (event) => {
    onHover(null, 0, 0);
    if (event.buttons === 0) look(event.offsetX, event.offsetY);
  });
  canvas.addEventListener("pointerleave", () => {
    look.cancel();
    onHover(null, 0, 0);
  });
}
