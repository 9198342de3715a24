/**
 * What is selected stands out: tinted, and outlined by its edge. Tiles come and go, so the tint is put on again whenever
 * a tile arrives. A CustomShader that sets colours itself overrides the tint, never the outline.
 */

import { Color, PostProcessStageLibrary } from "../vendor/cesium/cesium.js";

const TINT = Color.fromCssColorString("#ffb340");
const EDGE = Color.fromCssColorString("#ff8a00");

/** @typedef {import("./visibility.js").Visibility} Visibility */

export class Selection {
  /** @type {Set<number>} */
  #indices = new Set();
  /** @type {Map<any, Color>} features tinted now, with the colour each had */
  #tinted = new Map();

  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {Visibility} visibility
   * @param {{ outline: boolean }} options the outline draws the selected features a second time
   */
  constructor(scene, visibility, { outline }) {
    this.scene = scene;
    this.visibility = visibility;
    if (outline) this.#makeOutline();
  }

  #makeOutline() {
    if (!PostProcessStageLibrary.isSilhouetteSupported(this.scene)) return;
    this.edge = PostProcessStageLibrary.createEdgeDetectionStage();
    this.edge.uniforms.color = EDGE;
    this.edge.uniforms.length = 0.01;
    this.edge.selected = [];
    this.outline = PostProcessStageLibrary.createSilhouetteStage([this.edge]);
    this.outline.enabled = false;
    this.scene.postProcessStages.add(this.outline);
  }

  /** Replaces the selection. @param {Iterable<number>} stateIndices */
  set(stateIndices) {
    for (const [feature, colour] of this.#tinted) {
      if (!feature.content?.isDestroyed?.()) feature.color = colour;
    }
    this.#tinted.clear();
    this.#indices = new Set(stateIndices);
    if (this.#indices.size) for (const drawn of this.visibility.all()) this.#tint(drawn);
    this.#outlineTinted();
  }

  /** A content came in: tints what is selected in it. @param {any} drawn */
  arrived(drawn) {
    if (this.#indices.size && this.#tint(drawn)) this.#outlineTinted();
  }

  /** @param {any} drawn @returns {boolean} whether it had any */
  #tint(drawn) {
    const { indices, content, count } = drawn;
    let any = false;
    for (let i = 0; i < count; i += 1) {
      if (!this.#indices.has(indices[i])) continue;
      const feature = content.getFeature(i);
      this.#tinted.set(feature, Color.clone(feature.color));
      feature.color = TINT;
      any = true;
    }
    return any;
  }

  #outlineTinted() {
    if (this.edge && this.outline) {
      this.edge.selected = [...this.#tinted.keys()].filter((feature) => !feature.content?.isDestroyed?.());
      this.outline.enabled = this.edge.selected.length > 0;
    }
    this.scene.requestRender();
  }

  /** Forgets features of a content that goes. @param {any} content */
  left(content) {
    for (const feature of this.#tinted.keys()) if (feature.content === content) this.#tinted.delete(feature);
  }

  /** Whether anything selected is drawn and shown. */
  get seen() {
    return [...this.#tinted.keys()].some((feature) => feature.show);
  }
}
