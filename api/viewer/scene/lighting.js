/**
 * Light from all around without its table of reflections. Before the first model CesiumJS draws that table, 65,536 texels of 1,024 samples each: nothing
 * for a graphics card, and several seconds where the processor draws. A formula gives nearly the same.
 */

import * as Cesium from "../vendor/cesium/cesium.js";

/** Texels along each side, by the cosine of the view and by roughness: both are smooth. */
const SIZE = 64;

/**
 * Scale and bias of the reflectance at normal incidence (Karis, "Physically Based Shading on Mobile", 2014); of the integral itself they are off by less
 * than 0.02 for what does not shine.
 * @param {number} cosine of the view to the normal
 * @param {number} roughness 0…1
 * @returns {[number, number]}
 */
export function reflectance(cosine, roughness) {
  const [x, y, z, w] = [1 - roughness, 0.0425 - 0.0275 * roughness, 1.04 - 0.572 * roughness, 0.022 * roughness - 0.04];
  const edge = Math.min(x * x, 2 ** (-9.28 * cosine)) * x + y;
  return [z - 1.04 * edge, w + 1.04 * edge];
}

/** @param {any} context of CesiumJS */
function table(context) {
  const arrayBufferView = new Uint8Array(SIZE * SIZE * 4);
  for (let at = 0; at < SIZE * SIZE; at += 1) {
    const [scale, bias] = reflectance(((at % SIZE) + 0.5) / SIZE, (Math.floor(at / SIZE) + 0.5) / SIZE);
    arrayBufferView.set([scale, bias, 0, 1].map((part) => Math.round(255 * Math.min(1, Math.max(0, part)))), at * 4);
  }
  const { PixelDatatype, PixelFormat } = Cesium;
  // Texture is no public part of CesiumJS.
  const { Sampler, Texture } = /** @type {any} */ (Cesium);
  return new Texture({
    context,
    pixelFormat: PixelFormat.RGBA,
    pixelDatatype: PixelDatatype.UNSIGNED_BYTE,
    sampler: Sampler.NEAREST,
    flipY: false,
    source: { width: SIZE, height: SIZE, arrayBufferView },
  });
}

export class QuickLighting extends Cesium.ImageBasedLighting {
  /** Called by CesiumJS, which makes its table where there is none. @param {any} frameState */
  update(frameState) {
    frameState.brdfLutGenerator._colorTexture ??= table(frameState.context);
    /** @type {any} */ (Cesium.ImageBasedLighting.prototype).update.call(this, frameState);
  }
}
