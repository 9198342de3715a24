/** Watches a page of the viewer from its first line on, for first_scene.py: `firstScene.done`, `firstScene.result()`. Draws nothing itself. */
(() => {
  const count = { frames: 0, draws: 0, programs: 0 };
  const marks = { picture: 0, scene: 0 };
  /** Of each frame: milliseconds, models, tiles drawn, programs and draw calls until then, width of the canvas, whether the ground is complete. */
  const frames = [];
  let watched = null;
  const watch = {
    done: false,
    result: () => ({ "picture s": marks.picture / 1000, "scene s": marks.scene / 1000, frames: count.frames, "draw calls": count.draws, programs: count.programs, log: frames }),
  };
  window.firstScene = watch;

  const prototype = WebGL2RenderingContext.prototype;
  const watchCalls = (name, what) => {
    const own = prototype[name];
    prototype[name] = function (...given) {
      count[what] += 1;
      return own.apply(this, given);
    };
  };
  for (const name of ["drawElements", "drawArrays", "drawElementsInstanced", "drawArraysInstanced"]) watchCalls(name, "draws");
  watchCalls("linkProgram", "programs");

  const tilesets = ({ primitives }) => Array.from({ length: primitives.length }, (_, i) => primitives.get(i)).filter((each) => each.maximumScreenSpaceError);
  const isNear = ({ camera }) => camera.positionCartographic.height < 20_000;
  const drawnTiles = (scene) => tilesets(scene).reduce((sum, { show, statistics }) => sum + (show ? statistics.selected : 0), 0);

  /** Every model there, from near, at full resolution, nothing of it missing, live where a theme was asked for. */
  const isComplete = ({ scene, state }) => {
    const wanted = state.models.filter(({ drawn }) => drawn > 0).length;
    const there = tilesets(scene);
    const live = !new URLSearchParams(location.search).has("theme") || state.live === "live";
    const sharp = scene.canvas.width >= scene.canvas.clientWidth * devicePixelRatio - 1;
    const whole = scene.globe.tilesLoaded && there.every(({ show, tilesLoaded }) => show && tilesLoaded);
    return state.status === "ready" && wanted > 0 && there.length >= wanted && isNear(scene) && live && sharp && whole;
  };

  const drawn = () => {
    const { scene } = window.twinViewer;
    const now = performance.now();
    count.frames += 1;
    frames.push([Math.round(now), tilesets(scene).length, drawnTiles(scene), count.programs, count.draws, scene.canvas.width, scene.globe.tilesLoaded]);
    if (!marks.picture && isNear(scene) && drawnTiles(scene) > 0) marks.picture = now;
    if (watch.done || !isComplete(window.twinViewer)) return;
    const gl = scene.canvas.getContext("webgl2");
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    marks.scene = performance.now();
    watch.done = true;
  };
  const find = () => {
    watched = window.twinViewer?.scene ?? null;
    if (watched) watched.postRender.addEventListener(drawn);
    else requestAnimationFrame(find);
  };
  requestAnimationFrame(find);
})();
