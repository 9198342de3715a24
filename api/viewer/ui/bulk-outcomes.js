/** What became, or would become, of the targets of a command: refusals by reason, the bar of how far it is, and who failed. */

import { h } from "../dom.js";
import { number, t } from "../i18n.js";
import { refusalText } from "./command.js";

/** @typedef {(signal: string) => string} NameOf */
/** @typedef {(signal: string) => void} Go */

/** Objects shown below one reason. */
const MOST_NAMED = 20;

/**
 * Refused targets by reason; of those that the server told one by one.
 * @param {import("../types").CommandOutcome[]} outcomes
 * @param {number} refused all that are
 * @param {NameOf} nameOf
 * @param {Go} go
 */
export function refusalGroups(outcomes, refused, nameOf, go) {
  /** @type {Map<string, { text: string, signals: string[] }>} */
  const groups = new Map();
  let told = 0;
  for (const { signal, refusals } of outcomes) {
    if (!refusals.length) continue;
    told += 1;
    const { code, detail } = refusals[0];
    const key = `${code}: ${detail}`;
    const group = groups.get(key) ?? { text: refusalText(key), signals: [] };
    group.signals.push(signal);
    groups.set(key, group);
  }
  const sections = [...groups.values()].map(({ text, signals }) => h("div", { class: "bulk-refusals" }, h("p", { class: "bad", text: `${text} · ${number(signals.length)}` }), names(signals, nameOf, go)));
  return told < refused ? [...sections, h("p", { class: "hint", text: t("bulkTold", { n: told, all: refused }) })] : sections;
}

/** @param {string[]} signals @param {NameOf} nameOf @param {Go} go */
function names(signals, nameOf, go) {
  const rest = signals.length - MOST_NAMED;
  return h("ul", {}, ...signals.slice(0, MOST_NAMED).map((signal) => h("li", {}, link(signal, nameOf, go))), rest > 0 ? h("li", { class: "hint", text: t("bulkMore", { n: rest }) }) : null);
}

/** @param {string} signal @param {NameOf} nameOf @param {Go} go */
function link(signal, nameOf, go) {
  return h("button", { class: "text-button", type: "button", title: signal, text: nameOf(signal), on: { click: () => go(signal) } });
}

/** @param {import("../types").CommandRequest} request @param {string[]} failed states */
export function progressBar({ counts, targets }, failed) {
  const sum = (/** @type {string[]} */ states) => states.reduce((total, state) => total + (counts[state] ?? 0), 0);
  const [good, bad] = [sum(["confirmed", "reverted"]), sum(failed)];
  const bar = h("div", { class: "bulk-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": targets, "aria-valuenow": good + bad, "aria-label": t("bulkProgress", { n: good + bad, targets }) });
  for (const [kind, n] of /** @type {[string, number][]} */ ([["good", good], ["bad", bad]])) {
    const part = h("span", { class: kind });
    part.style.width = `${(n / Math.max(1, targets)) * 100}%`; // through the CSS object model: the page's policy allows no styles in markup
    bar.append(part);
  }
  return bar;
}

/**
 * Targets that did not end well, each leads to its object.
 * @param {import("../types").CommandTarget[]} failed
 * @param {number} all how many there are
 * @param {NameOf} nameOf
 * @param {Go} go
 */
export function outcomeList(failed, all, nameOf, go) {
  if (!failed.length) return [];
  const rows = failed.map(({ signal, state, detail }) => h("li", {}, link(signal, nameOf, go), h("span", { class: "raw", text: detail ? refusalText(detail) : t(/** @type {any} */ (`command.${state}`)) })));
  const rest = failed.length < all ? h("p", { class: "hint", text: t("bulkTold", { n: failed.length, all }) }) : null;
  return [h("h3", { text: t("bulkFailed", { n: all }) }), h("ul", { class: "bulk-failed" }, ...rows), ...(rest ? [rest] : [])];
}
