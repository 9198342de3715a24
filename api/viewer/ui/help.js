/** The list of keys and gestures. */

import { h, iconButton } from "../dom.js";
import { t } from "../i18n.js";

/** @type {[string[], import("../i18n.js").Key][]} */
const KEYS = [
  [["/"], "keySearch"],
  [["Esc"], "keyEsc"],
  [["←", "→", "↑", "↓"], "keyArrows"],
  [["+", "−"], "keyZoom"],
  [["Space"], "keySpace"],
  [["F"], "keyFly"],
  [["H"], "keyHide"],
  [["I"], "keyIsolate"],
  [["X"], "keyXray"],
  [["U"], "keyUnder"],
  [["P"], "keyPlay"],
  [["L"], "keyLive"],
  [["0"], "keyHome"],
  [["?"], "keyHelp"],
];

export function openHelp() {
  document.querySelector("dialog.help-dialog")?.remove();
  const dialog = h("dialog", { class: "dialog help-dialog", "aria-label": t("helpTitle") });
  const gestures = /** @type {const} */ (["helpPan", "helpOrbit", "helpZoom", "helpClick"]);
  dialog.append(
    h("header", { class: "card-head" }, h("h2", { text: t("helpTitle") }), iconButton("close", t("close"), () => dialog.close())),
    h("h3", { text: t("helpMouse") }),
    h("ul", { class: "plain" }, ...gestures.map((key) => h("li", { text: t(key) }))),
    h("h3", { text: t("helpKeys") }),
    h("dl", { class: "keys" }, ...KEYS.map(([keys, text]) => h("div", { class: "pair" }, h("dt", {}, ...keys.map((key) => h("kbd", { text: key }))), h("dd", { text: t(text) })))),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
