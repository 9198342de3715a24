/** Buttons over the scene: home, zoom, north, underground with its slider, rooms, help. */

import { byId, h, icon, iconButton } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { openHelp } from "./help.js";

const ZOOM_SHARE = 0.35;

/** @param {import("../app.js").App} app */
export function createControls(app) {
  const bar = byId("controls");
  const needle = h("span", { class: "needle" });

  const draw = () => {
    const { underground, filters } = app.store.get();
    const toggle = (/** @type {import("../dom.js").IconName} */ name, /** @type {string} */ label, /** @type {boolean} */ on, /** @type {() => void} */ act) =>
      iconButton(name, label, act, { "aria-pressed": on, class: on ? "on" : "" });
    const north = h("button", { type: "button", class: "icon-button", "aria-label": t("north"), title: t("north"), on: { click: () => app.scene?.pilot.faceNorth() } }, needle);
    bar.replaceChildren(
      h("div", { class: "control-group" }, iconButton("home", t("home"), () => void app.flyHome()), north),
      h("div", { class: "control-group zoom" }, iconButton("plus", t("zoomIn"), () => app.scene?.pilot.zoom(ZOOM_SHARE)), iconButton("minus", t("zoomOut"), () => app.scene?.pilot.zoom(-ZOOM_SHARE))),
      h(
        "div",
        { class: "control-group" },
        h("div", { class: "with-slider" }, toggle("underground", t("underground"), underground.on, () => app.toggleUnderground()), underground.on ? slider(app) : null),
        toggle("spaces", t("spaces"), filters.spaces, () => app.toggleSpaces()),
      ),
      h("div", { class: "control-group help" }, iconButton("help", t("help"), openHelp)),
    );
  };

  let was = "";
  const drawIfChanged = () => {
    const { underground, filters } = app.store.get();
    const now = `${underground.on} ${filters.spaces}`;
    if (now === was) return;
    was = now;
    const focused = /** @type {HTMLElement | null} */ (bar.contains(document.activeElement) ? document.activeElement : null)?.getAttribute("aria-label");
    draw();
    if (focused) /** @type {HTMLElement | null} */ (bar.querySelector(`[aria-label="${CSS.escape(focused)}"]`))?.focus();
  };
  app.store.on(["underground", "filters"], drawIfChanged);
  onLanguage(draw);
  draw();
  bar.addEventListener("keydown", (event) => moveFocus(bar, event));
  void app.sceneReady.then((twin) => {
    const scene = twin?.scene;
    if (!scene) return;
    const turn = () => (needle.style.transform = `rotate(${-scene.camera.heading}rad)`);
    scene.camera.changed.addEventListener(turn);
    scene.camera.moveEnd.addEventListener(turn);
    scene.postRender.addEventListener(turn);
  });
}

/** @param {import("../app.js").App} app */
function slider(app) {
  const input = h("input", { type: "range", min: 0, max: 100, step: 5, "aria-label": t("groundOpacity"), title: t("groundOpacity") });
  input.value = String(Math.round(app.store.get().underground.opacity * 100));
  input.addEventListener("input", () => app.setUnderground({ opacity: Number(input.value) / 100 }));
  return h("label", { class: "slider" }, icon("layers"), input);
}

/** One tab stop for the toolbar; arrows go on inside (WAI-ARIA, toolbar). @param {HTMLElement} bar @param {KeyboardEvent} event */
function moveFocus(bar, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || /** @type {HTMLElement} */ (event.target).tagName === "INPUT") return;
  const buttons = [...bar.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)) + step];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
