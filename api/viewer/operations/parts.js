/** What the views of operations share: asking again and again, tables, sections. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { breakable } from "../ui/labels.js";
import { unitText, valueText } from "../ui/properties.js";

/**
 * Calls `ask` now and again until `signal` ends; not while the page is hidden.
 * @param {AbortSignal} signal
 * @param {number} everyMs
 * @param {() => Promise<void>} ask
 */
export async function repeat(signal, everyMs, ask) {
  while (!signal.aborted) {
    if (!document.hidden) await ask();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** @param {string} title @param {...(Node | null)} content */
export const section = (title, ...content) => h("section", { class: "ops-section", "aria-label": title }, h("h3", { text: title }), ...content);

/** @param {string} text */
export const none = (text) => h("p", { class: "hint", text });

/**
 * A table whose cells are texts or elements; on narrow pages each row becomes a block with its headings.
 * @param {string[]} heads
 * @param {(string | Node)[][]} rows
 * @param {string} label
 */
export function table(heads, rows, label) {
  const body = rows.map((cells) => h("tr", {}, ...cells.map((cell, at) => h("td", { data: { head: heads[at] } }, cell && typeof cell === "string" ? h("span", {}, ...breakable(cell)) : cell))));
  return h("table", { class: "ops-table", "aria-label": label }, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col", text: head })))), h("tbody", {}, ...body));
}

/** A time as short as it can be told: of today by the clock, else with its day. @param {string} rfc3339 */
export function shortTime(rfc3339) {
  const at = new Date(rfc3339);
  const clock = at.toLocaleTimeString(document.documentElement.lang, { hour12: false });
  if (at.toDateString() === new Date().toDateString()) return clock;
  return `${at.toLocaleDateString(document.documentElement.lang, { month: "2-digit", day: "2-digit" })} ${clock}`;
}

/** What a request asks for, in a line. @param {import("../types").CommandRequest} request */
export function asked({ command, targets }) {
  if (!command) return t("opsMany", { n: targets });
  const name = command.signal.slice(command.object.length + 1);
  const unit = command.unit ? ` ${unitText(command.unit)}` : "";
  return `${name} → ${typeof command.value === "boolean" ? t(command.value ? "on" : "off") : valueText(command.value)}${unit}`;
}
