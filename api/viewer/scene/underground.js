/** The view below ground: the globe grows translucent, and the camera may go through it. */

import { Color, NearFarScalar } from "../vendor/cesium/cesium.js";

/** Ground seen from below, dimmer than from above, so that one knows which way is up. */
const BACK_SHARE = 0.6;

/**
 * @param {import("../vendor/cesium/cesium.js").Scene} scene
 * @param {{ on: boolean, opacity: number }} view `opacity` of the ground, 0…1
 */
export function applyUnderground(scene, { on, opacity }) {
  const { globe } = scene;
  globe.translucency.enabled = on;
  globe.translucency.frontFaceAlphaByDistance = new NearFarScalar(0, opacity, 1e7, 1);
  globe.translucency.backFaceAlpha = opacity * BACK_SHARE;
  globe.undergroundColor = Color.fromCssColorString("#262b31");
  globe.undergroundColorAlphaByDistance = new NearFarScalar(0, 0.2, 5e5, 1);
  scene.screenSpaceCameraController.enableCollisionDetection = !on;
  scene.requestRender();
}
