/**
 * When the scene is drawn. Whatever arrives asks for a frame; a frame of a whole canvas takes the time in which the next things could arrive, and where the
 * processor draws, a frame for each of a hundred changes is most of the wait. So:
 *
 * - nothing is drawn before the camera has been put where the first view is from: the globe seen from space is nobody's wish;
 * - while something is on its way, frames keep a distance that grows with what a frame costs here (a graphics card hardly notices).
 *
 * Camera moves are always drawn at once, and so is everything once nothing is on its way.
 */

/** While loading, between two frames: this many times what the last one took. */
const REST = 3;
/** Of frames that take less than this, as much as the frame: terrain goes on by a step with each. */
const QUICK_MS = 150;
/** Progress is seen at least this often, unless a frame itself takes longer. */
const LONGEST_REST_MS = 1_500;

export class Pace {
  #wanted = true;
  #began = 0;
  #cost = 0;
  #finished = 0;
  /** Tells when the last frame is drawn, not merely asked for. @type {WebGLSync | null} */
  #fence = null;

  /**
   * @param {import("../vendor/cesium/cesium.js").CesiumWidget} widget that draws on request, and not yet
   * @param {() => boolean} isLoading
   */
  constructor(widget, isLoading) {
    const { scene } = widget;
    this.widget = widget;
    this.isLoading = isLoading;
    this.gl = /** @type {WebGL2RenderingContext | null} */ (scene.canvas.getContext("webgl2"));
    const draw = scene.requestRender.bind(scene);
    // CesiumJS itself calls this for every request and every worker that has finished.
    scene.requestRender = () => {
      this.#wanted = true;
    };
    scene.preUpdate.addEventListener(() => this.#wanted && this.#isDue() && draw());
    scene.preRender.addEventListener(() => {
      this.#wanted = false;
      this.#began = performance.now();
    });
    scene.postRender.addEventListener(() => this.#drawn());
  }

  /** From here on there is something to see. */
  begin() {
    this.widget.useDefaultRenderLoop = true;
  }

  #drawn() {
    const { gl } = this;
    this.#finish();
    if (this.#fence) gl?.deleteSync(this.#fence);
    this.#fence = gl?.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0) ?? null;
  }

  #finish() {
    this.#finished = performance.now();
    this.#cost = this.#finished - this.#began;
  }

  #isDue() {
    if (!this.isLoading()) return true;
    if (!this.#isIdle()) return false;
    const rest = this.#cost < QUICK_MS ? this.#cost : Math.min(LONGEST_REST_MS, REST * this.#cost);
    return performance.now() - this.#finished >= rest;
  }

  /** Whether the last frame is drawn; keeps when that was seen first. */
  #isIdle() {
    const { gl } = this;
    if (!gl || !this.#fence) return true;
    if (gl.getSyncParameter(this.#fence, gl.SYNC_STATUS) !== gl.SIGNALED) return false;
    gl.deleteSync(this.#fence);
    this.#fence = null;
    this.#finish();
    return true;
  }
}
