/** Keys that work wherever the focus is, and those of the scene while it has the focus. */

import { byId } from "../dom.js";
import { openHelp } from "./help.js";

const ZOOM_SHARE = 0.2;

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/**
 * @param {import("../app.js").App} app
 * @param {import("./panel.js").Panel} panel
 */
export function listenToKeys(app, panel) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return app.clearSelection();
    if (isTyping(event.target)) return undefined;
    /** @type {Record<string, () => void>} */
    const keys = { "/": () => panel.search.focus(), "?": openHelp };
    const act = keys[event.key];
    if (!act) return undefined;
    event.preventDefault();
    document.body.classList.remove("panel-closed");
    byId("reopen").hidden = true;
    return act();
  });
  // Also from the buttons over the scene: whoever pressed one has the focus on it, and goes on by keys.
  byId("stage").addEventListener("keydown", (event) => sceneKey(app, event));
}

/** Keys that scroll and move the focus elsewhere. @param {string} key */
const moves = (key) => key.startsWith("Arrow");

/** @param {import("../app.js").App} app @param {KeyboardEvent} event */
function sceneKey(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  if (moves(event.key) && event.target !== byId("scene")) return;
  const pilot = app.scene?.pilot;
  const { detail } = app;
  /** @type {Record<string, () => unknown>} */
  const keys = {
    ArrowLeft: () => pilot?.turn(-1, 0),
    ArrowRight: () => pilot?.turn(1, 0),
    ArrowUp: () => pilot?.turn(0, 1),
    ArrowDown: () => pilot?.turn(0, -1),
    "+": () => pilot?.zoom(ZOOM_SHARE),
    "=": () => pilot?.zoom(ZOOM_SHARE),
    "-": () => pilot?.zoom(-ZOOM_SHARE),
    0: () => app.flyHome(),
    f: () => app.flyToSelection(),
    h: () => detail && app.showObject(detail, !app.isShown(detail)),
    i: () => detail && app.isolate(detail),
    x: () => app.toggleXray(),
    u: () => app.toggleUnderground(),
    p: () => app.player.toggle(),
    l: () => app.live.setInstant(null),
  };
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  void act();
}
