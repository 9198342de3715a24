/** What lists look like while they load, when they are empty and when they failed. */

import { h, icon } from "../dom.js";
import { t } from "../i18n.js";

/** @param {number} n */
export function skeletonRows(n) {
  return Array.from({ length: n }, () => h("div", { class: "skeleton-row", "aria-hidden": "true" }, h("span", { class: "skeleton" })));
}

/**
 * @param {import("../dom.js").IconName} sign
 * @param {string} text
 * @param {(() => unknown) | null} [retry]
 * @param {string} [hint]
 */
export function listState(sign, text, retry = null, hint = "") {
  return h(
    "div",
    { class: "list-state" },
    icon(sign),
    h("p", { text }),
    hint ? h("p", { class: "hint", text: hint }) : null,
    retry ? h("button", { class: "button", type: "button", text: t("retry"), on: { click: retry } }) : null,
  );
}
