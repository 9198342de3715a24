/**
 * The first view where the processor draws: a frame of the whole scene takes a second or more, so there is to be one, and not one for each thing that has
 * arrived. The ground comes first: its tiles go on by a step with every frame, and frames of the ground alone are cheap, at a part of the pixels even more so. What
 * stands on it is fetched meanwhile and drawn once all of it is there; or, where that takes long, as far as it is there, coarse until it is complete.
 */

/** Share of the pixels along each side: of the bare ground, which is of one colour; and of what stands on it while something is missing. */
const BARE = 0.125;
const COARSE = 0.5;
/** Frames without anything missing: what lies below a tile is asked for in the frame after it has come. */
const STILL = 3;
/** So long people look at the bare ground, or as long as they have looked at nothing before: who starts slowly draws slowly, too. */
const PATIENCE_MS = 5_000;

/**
 * @param {import("../vendor/cesium/cesium.js").CesiumWidget} widget
 * @param {import("./models.js").ModelTiles} models
 * @param {() => boolean} isLoading
 * @returns {Promise<void>} resolves when all is there: the next frame shows it
 */
export function openInSteps(widget, models, isLoading) {
  const { scene } = widget;
  widget.resolutionScale = BARE;
  // CesiumJS asks for pixels as they are.
  const { imageRendering } = scene.canvas.style;
  scene.canvas.style.imageRendering = "auto";
  models.setStage("held");
  let until = 0;
  let complete = 0;
  /** @type {() => void} */
  let open;
  /** @type {Promise<void>} */
  const opened = new Promise((resolve) => (open = resolve));
  const stop = scene.postRender.addEventListener(() => {
    if (models.stage === "held") {
      until = performance.now() + Math.max(PATIENCE_MS, performance.now());
      models.setStage("fetched");
    }
    complete = isLoading() ? 0 : complete + 1;
    // Whatever is missing after twice that time may never come.
    const isComplete = complete >= STILL || performance.now() > 2 * until;
    if (isComplete || performance.now() > until) {
      models.setStage("shown");
      widget.resolutionScale = isComplete ? 1 : COARSE;
    }
    if (isComplete) {
      stop();
      scene.canvas.style.imageRendering = imageRendering;
      open();
    }
    scene.requestRender();
  });
  return opened;
}
