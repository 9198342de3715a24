/** What lies over the scene's upper edge: tiles on their way, and every filter at work with a way to end it. */

import { byId, h, icon } from "../dom.js";
import { nameInLanguage, onLanguage, t } from "../i18n.js";

/** Tiles that come within this time are not announced. */
const PATIENCE_MS = 400;

/** @param {import("../app.js").App} app */
export function createNotices(app) {
  const box = byId("notices");
  const progress = h("div", { class: "chip progress", hidden: true }, h("span", { class: "spinner" }), h("span"));
  const chips = h("div", { class: "chips" });
  box.append(progress, chips);

  const drawChips = () => chips.replaceChildren(...filterChips(app));
  /** @type {number | undefined} */
  let timer;
  const drawProgress = () => {
    const { pendingTiles, status } = app.store.get();
    const busy = status === "ready" && pendingTiles !== 0;
    /** @type {HTMLElement} */ (progress.lastChild).textContent = pendingTiles < 0 ? t("loadingScene") : t("loadingTiles", { n: pendingTiles });
    clearTimeout(timer);
    if (!busy || pendingTiles < 0) progress.hidden = !busy;
    else if (progress.hidden) timer = window.setTimeout(() => (progress.hidden = app.store.get().pendingTiles <= 0), PATIENCE_MS);
  };
  app.store.on(["filters", "storeys"], drawChips);
  app.store.on(["pendingTiles", "status"], drawProgress);
  onLanguage(() => {
    drawChips();
    drawProgress();
  });
}

/** @param {import("../app.js").App} app @returns {HTMLElement[]} */
function filterChips(app) {
  const { filters } = app.store.get();
  const { hiddenModels, hiddenClasses, hiddenStoreys, onlyStoreys, hiddenObjects, onlyObjects } = filters;
  /** @type {[string, Partial<import("../types").Filters>][]} */
  const active = [];
  if (onlyObjects) active.push([t("filterOnlyObject"), { onlyObjects: null }]);
  if (onlyStoreys) active.push([onlyStoreysText(app, onlyStoreys), { onlyStoreys: null }]);
  if (hiddenStoreys.size) active.push([t("filterStoreys", { n: hiddenStoreys.size }), { hiddenStoreys: new Set() }]);
  if (hiddenClasses.size) active.push([t("filterClasses", { n: hiddenClasses.size }), { hiddenClasses: new Set() }]);
  if (hiddenModels.size) active.push([t("filterModels", { n: hiddenModels.size }), { hiddenModels: new Set() }]);
  if (hiddenObjects.size) active.push([t("filterObjects", { n: hiddenObjects.size }), { hiddenObjects: new Set() }]);
  const chips = active.map(([text, patch]) =>
    h("button", { class: "chip", type: "button", "aria-label": t("filterRemove", { name: text }), on: { click: () => app.store.filter(patch) } }, h("span", { text }), icon("close")),
  );
  if (active.length > 1) chips.push(h("button", { class: "chip strong", type: "button", text: t("showAll"), on: { click: () => app.store.showAll() } }));
  return chips;
}

/** @param {import("../app.js").App} app @param {ReadonlySet<string>} only */
function onlyStoreysText(app, only) {
  if (only.size !== 1) return t("filterOnlyStoreys", { n: only.size });
  const [globalId] = only;
  const storey = Object.values(app.store.get().storeys).flat().find(({ id }) => id.endsWith(`/${globalId}`));
  return t("filterOnlyStorey", { name: storey ? nameInLanguage(storey) : globalId });
}
