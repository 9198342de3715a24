/** Short messages that go by themselves. */

import { byId, h, icon } from "../dom.js";

const SHOWN_MS = 5_000;

/**
 * @param {string} text
 * @param {"info" | "warning"} [kind]
 */
export function toast(text, kind = "info") {
  const element = h("div", { class: `toast toast-${kind}` }, icon(kind === "warning" ? "warning" : "info"), h("span", { text }));
  byId("toasts").append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}
