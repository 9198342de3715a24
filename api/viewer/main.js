/**
 * Puts the page together. The panel is there before CesiumJS has arrived: it is loaded meanwhile, and where it cannot run,
 * tree, search and cards work without it.
 */

import { Api, takeToken } from "./api.js";
import { App } from "./app.js";
import { byId, h } from "./dom.js";
import { offerHook } from "./hook.js";
import { className, objectName, onLanguage, startLanguage, t } from "./i18n.js";
import { createStore } from "./state.js";
import { Card } from "./ui/card.js";
import { createControls } from "./ui/controls.js";
import { Legend } from "./ui/legend.js";
import { listenToKeys } from "./ui/keys.js";
import { createNotices } from "./ui/notices.js";
import { offerOperations } from "./ui/operations-button.js";
import { createOverlay } from "./ui/overlay.js";
import { Panel } from "./ui/panel.js";
import { isSheet } from "./ui/sheet.js";

/** Free space kept between a framed object and the page's own parts. */
const MARGIN_PX = 24;

/** @param {App} app */
async function startScene(app) {
  const { TwinScene } = await import("./scene/scene.js");
  const tooltip = byId("tooltip");
  const scene = new TwinScene({
    container: byId("scene"),
    creditContainer: byId("credits"),
    api: app.api,
    store: app.store,
    padding: coveredBy,
    onClick: (picked) => (picked ? void app.select(`${picked.model}/${picked.globalId}`) : app.clearSelection()),
    onHover: (picked, x, y) => hover(tooltip, picked, x, y),
  });
  const label = () => {
    const link = document.querySelector(".cesium-credit-expand-link");
    if (link) link.textContent = t("attribution");
  };
  onLanguage(label);
  label();
  return scene;
}

/** Pixels of the scene that cards and the sheet cover. @returns {import("./scene/camera.js").Padding} */
function coveredBy() {
  const front = document.querySelector(".wall-front");
  if (front) return coveredByWall(front);
  const card = byId("card");
  const around = { left: MARGIN_PX, right: MARGIN_PX, top: MARGIN_PX, bottom: MARGIN_PX };
  if (isSheet()) {
    const sheet = card.hidden ? byId("panel") : card;
    const covered = Math.min(sheet.offsetHeight, window.innerHeight * 0.6);
    const legend = byId("legend");
    const above = legend.hidden ? 0 : legend.offsetTop + legend.offsetHeight;
    return { ...around, top: above + MARGIN_PX, bottom: covered + MARGIN_PX };
  }
  return { ...around, right: card.hidden ? MARGIN_PX : card.offsetWidth + 2 * MARGIN_PX };
}

/** The same on a wall: figures at the right, legend and table below. @param {Element} front */
function coveredByWall(front) {
  const size = (/** @type {string} */ part) => /** @type {HTMLElement} */ (front.querySelector(part));
  const upright = size(".wall-figures").offsetWidth > front.clientWidth / 2;
  const top = size(".wall-head").offsetHeight + (upright ? size(".wall-figures").offsetHeight : 0) + 2 * MARGIN_PX;
  return { left: MARGIN_PX, right: upright ? MARGIN_PX : size(".wall-figures").offsetWidth + 2 * MARGIN_PX, top, bottom: size(".wall-foot").offsetHeight + 2 * MARGIN_PX };
}

/**
 * @param {HTMLElement} tooltip
 * @param {import("./scene/pointer.js").Picked | null} picked
 * @param {number} x
 * @param {number} y
 */
function hover(tooltip, picked, x, y) {
  tooltip.hidden = !picked;
  byId("scene").classList.toggle("over-object", Boolean(picked));
  if (!picked) return;
  tooltip.replaceChildren(h("strong", { text: objectName(picked) }), h("span", { text: className(picked.class) }));
  tooltip.style.transform = `translate(${x + 14}px, ${y + 16}px)`;
}

/** Panel, card, controls and all else that people work with. @param {App} app */
function furnish(app) {
  const panel = new Panel(app);
  const card = new Card(app);
  createControls(app);
  new Legend(app);
  createNotices(app);
  createOverlay(app);
  listenToKeys(app, panel);
  app.onDetail = (detail) => {
    card.show(detail);
    if (!(detail instanceof Error)) void panel.tree.reveal(detail);
  };
  void offerOperations(app);
}

/** The page for a wall of screens instead. @param {App} app */
async function hangWall(app) {
  const { Wall, dressWall } = await import("./wall/wall.js");
  dressWall();
  new Wall(app).start();
}

async function main() {
  const token = takeToken();
  const store = createStore();
  const api = new Api({ base: new URL(".", document.baseURI).href, token });
  const app = new App({ api, store });
  startLanguage();
  if (new URLSearchParams(location.search).has("wall")) await hangWall(app);
  else furnish(app);
  offerHook(app);
  const started = app.start();
  try {
    const scene = await startScene(app);
    app.giveScene?.(scene);
  } catch (error) {
    console.warn("The 3D view cannot start:", error);
    store.set({ sceneError: /** @type {Error} */ (error), pendingTiles: 0 });
    app.giveScene?.(null);
  }
  await started;
}

void main();
