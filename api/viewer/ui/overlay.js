/** What stands in the scene's place when there is nothing to show: no models, no server, no WebGL. */

import { ApiError } from "../api.js";
import { byId, h, icon } from "../dom.js";
import { onLanguage, t } from "../i18n.js";

const IMPORT_COMMAND = "twin import building.ifc";

/** @param {import("../app.js").App} app */
export function createOverlay(app) {
  const overlay = byId("overlay");
  const draw = () => {
    const { status, error, sceneError } = app.store.get();
    const content = status === "empty" ? empty(app) : status === "error" && error ? failed(app, error) : sceneError ? noScene(sceneError) : null;
    overlay.hidden = !content;
    overlay.classList.toggle("partial", Boolean(sceneError) && status === "ready");
    overlay.replaceChildren(...(content ? [content] : []));
  };
  app.store.on(["status", "error", "sceneError"], draw);
  onLanguage(draw);
}

/**
 * @param {import("../dom.js").IconName} sign
 * @param {string} title
 * @param {string} hint
 * @param {...(HTMLElement | null)} more
 */
function message(sign, title, hint, ...more) {
  return h("div", { class: "message", role: "alert" }, h("span", { class: "message-sign" }, icon(sign)), h("h2", { text: title }), h("p", { text: hint }), ...more);
}

/** @param {import("../app.js").App} app */
function empty(app) {
  const command = h("pre", { class: "command" }, h("code", { text: IMPORT_COMMAND }));
  return message("building", t("emptyTitle"), t("emptyHint"), command, h("button", { class: "button", type: "button", text: t("emptyAgain"), on: { click: () => void app.start() } }));
}

/** @param {import("../app.js").App} app @param {Error} error */
function failed(app, error) {
  const retry = h("button", { class: "button", type: "button", text: t("retry"), on: { click: () => void app.start() } });
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 404 && app.onlyModel) {
    return message("search", t("modelGone", { name: app.onlyModel }), t("modelGoneHint"), h("a", { class: "button", href: location.pathname, text: t("wholeScene") }));
  }
  if (status === 401 || status === 403) return message("warning", t("errorRefused"), t("errorToken"), retry);
  if (status >= 500) return message("server", t("errorServer"), error.message, h("p", { class: "raw", text: t("errorServerHint") }), retry);
  const detail = error.message && error.message !== "unreachable" ? h("p", { class: "raw", text: error.message }) : null;
  return message("server", t("errorTitle"), t("errorHint"), detail, retry);
}

/** @param {Error} error */
function noScene(error) {
  return message("warning", t("sceneFailedTitle"), t("sceneFailedHint"), h("p", { class: "raw", text: error.message }));
}
