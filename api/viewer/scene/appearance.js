/**
 * What is selected stands out: tinted and outlined; on request everything else turns to glass, so that a lamp behind four
 * walls is seen. Tiles come and go, so colours are put on again whenever a tile arrives.
 *
 * Colours go through `feature.color` (a texel of the tile's batch texture). They multiply with what a CustomShader reads,
 * and one that sets `material.diffuse` itself overrides the tint, never the outline nor the glass.
 */

import { Color, PostProcessStageLibrary } from "../vendor/cesium/cesium.js";

/** @typedef {import("./visibility.js").Drawn} Drawn */

const TINT = Color.fromCssColorString("#ffb340");
const EDGE = Color.fromCssColorString("#ff8a00");
/** Faint enough to look through thirty surfaces, strong enough to see where they are. */
const GLASS = new Color(1, 1, 1, 0.03);
/** A model's own lawn and pavement, when one looks below ground. */
const THIN = new Color(1, 1, 1, 0.2);
const COLOURS = [Color.WHITE, TINT, GLASS, THIN];
const [PLAIN, SELECTED, FADED, THINNED] = [0, 1, 2, 3];
/** None of these: it has to be put on anew. */
const REPAINT = 255;

export class Appearance {
  /** @type {ReadonlySet<number>} */
  #selected = new Set();
  #glass = false;
  #thinLand = false;
  #tinted = true;

  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {import("./visibility.js").Visibility} visibility
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

  /** @param {Iterable<number>} stateIndices */
  select(stateIndices) {
    this.#selected = new Set(stateIndices);
    this.#repaint();
  }

  /** @param {boolean} tinted whether what is selected has another colour; its outline it has anyway */
  setTinted(tinted) {
    if (tinted === this.#tinted) return;
    this.#tinted = tinted;
    for (const { paint } of this.visibility.all()) paint?.fill(REPAINT);
    this.#repaint();
  }

  /** @param {boolean} glass everything that is not selected */
  setGlass(glass) {
    if (glass === this.#glass) return;
    this.#glass = glass;
    this.#repaint();
  }

  /** @param {boolean} thin what models draw of the land */
  setThinLand(thin) {
    if (thin === this.#thinLand) return;
    this.#thinLand = thin;
    this.#repaint();
  }

  #repaint() {
    for (const drawn of this.visibility.all()) this.#paint(drawn);
    this.#drawOutline();
    this.scene.requestRender();
  }

  /** A content came in. @param {Drawn} drawn */
  arrived(drawn) {
    if (this.#paint(drawn)) this.#drawOutline();
  }

  /** A content went. */
  left() {
    if (this.#selected.size) this.#drawOutline();
  }

  /** @param {Drawn} drawn @returns {boolean} whether any of it is selected */
  #paint(drawn) {
    const plain = !this.#selected.size && !this.#glass && !this.#thinLand;
    if (plain && !drawn.paint) return false;
    const paint = (drawn.paint ??= new Uint8Array(drawn.count));
    const { indices, content } = drawn;
    const others = this.#glass ? FADED : PLAIN;
    const land = this.#thinLand && !this.#glass ? drawn.land : null;
    let any = false;
    for (let i = 0; i < drawn.count; i += 1) {
      const wanted = this.#selected.has(indices[i]) ? SELECTED : land?.[i] ? THINNED : others;
      any ||= wanted === SELECTED;
      if (paint[i] === wanted) continue;
      paint[i] = wanted;
      content.getFeature(i).color = wanted === SELECTED && !this.#tinted ? Color.WHITE : COLOURS[wanted];
    }
    if (plain) drawn.paint = null;
    return any;
  }

  #drawOutline() {
    if (!this.edge || !this.outline) return;
    const features = [];
    for (const { paint, content, count } of this.visibility.all()) {
      for (let i = 0; paint && i < count; i += 1) if (paint[i] === SELECTED) features.push(content.getFeature(i));
    }
    this.edge.selected = features;
    this.outline.enabled = features.length > 0;
  }
}
