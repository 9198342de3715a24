/**
 * `window.twinViewer`: the few handles that tests and pages around this one may hold on to. Stable; described in README.md.
 */

import { language, setLanguage } from "./i18n.js";

/** @param {import("./app.js").App} app */
export function offerHook(app) {
  const ready = app.sceneReady.then((scene) => settled(app, scene));
  ready.catch(() => {}); // whoever waits for it hears of it
  const hook = {
    /** Resolves when the first view's tiles are drawn. */
    ready,
    /** Resolves when nothing is on its way and the camera rests. */
    idle: () => app.sceneReady.then((scene) => settled(app, scene)),
    /** What is drawn at CSS pixels of the canvas: `{model, globalId, name, class, stateIndex}` or null. @param {number} x @param {number} y */
    pick: (x, y) => app.scene?.pick(x, y) ?? null,
    /** Selects an object by its id `{model}/{global_id}`, and flies there unless told not to. @param {string} id @param {{ fly?: boolean }} [options] */
    select: (id, { fly = true } = {}) => app.select(id, { fly }),
    clear: () => app.clearSelection(),
    /** The camera of CesiumJS, once the scene is there. */
    get camera() {
      return app.scene?.scene.camera ?? null;
    },
    /** The scene of CesiumJS, once it is there. */
    get scene() {
      return app.scene?.scene ?? null;
    },
    /** What is shown, filtered and selected now (read only). */
    get state() {
      return app.store.get();
    },
    /** Same as the switch in the panel. @param {Partial<import("./types").Filters>} patch */
    filter: (patch) => app.store.filter(patch),
    /** Colours the scene by a theme of `/api/v1/themes`; null: the objects' own colours. @param {string | null} key */
    theme: (key) => app.live.setTheme(key),
    /** Shows the theme as it was; null: now, and on. @param {number | null} instant milliseconds since 1970 */
    instant: (instant) => app.live.setInstant(instant),
    /** The code by which an object is coloured now (`/api/v1/themes`); null: it has none. @param {number} stateIndex */
    code: (stateIndex) => app.scene?.codeOf(stateIndex) ?? null,
    get language() {
      return language();
    },
    setLanguage,
  };
  Object.defineProperty(window, "twinViewer", { value: Object.freeze(hook) });
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./scene/scene.js").TwinScene | null} twin
 */
async function settled(app, twin) {
  if (!twin) throw new Error("The 3D view cannot start.");
  const { scene } = twin;
  await twin.opened;
  let still = 0;
  let last = "";
  while (still < 3) {
    scene.requestRender();
    await new Promise((resolve) => {
      const stop = scene.postRender.addEventListener(() => {
        stop();
        resolve(null);
      });
    });
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const { x, y, z } = scene.camera.positionWC;
    const now = `${x.toFixed(2)} ${y.toFixed(2)} ${z.toFixed(2)}`;
    const listed = app.store.get().status !== "loading" && (app.scene !== null || app.store.get().status !== "ready");
    still = listed && twin.models.allLoaded && scene.globe.tilesLoaded && now === last && !twin.loading && !app.looking ? still + 1 : 0;
    last = now;
  }
}
