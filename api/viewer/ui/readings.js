/** What the signals of the selected object report: values, how old they are, and how far they can be trusted. */

import { h } from "../dom.js";
import { language, t } from "../i18n.js";
import { unitText, valueText } from "./properties.js";

/** @typedef {import("../types").Signal} Signal */

const EVERY_MS = 3_000;
/** Rows at most: an object has a handful; a storey's are a list for another page. */
const MOST = 30;

/** @type {[number, Intl.RelativeTimeFormatUnit][]} */
const UNITS = [
  [60, "second"],
  [3_600, "minute"],
  [86_400, "hour"],
  [Infinity, "day"],
];

/** "3 minutes ago" in the page's language. @param {string} observedAt @param {number} now milliseconds */
export function age(observedAt, now) {
  const seconds = Math.max(0, (now - Date.parse(observedAt)) / 1000);
  const at = UNITS.findIndex(([below]) => seconds < below);
  const size = at === 0 ? 1 : /** @type {number} */ (UNITS[at - 1]?.[0]);
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto", style: "short" }).format(-Math.floor(seconds / size), UNITS[at]?.[1] ?? "day");
}

export class Readings {
  /** @param {import("../api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.element = h("section", { class: "readings", hidden: true });
    /** @type {AbortController | null} */
    this.watching = null;
    /** @type {Signal[]} */
    this.signals = [];
    this.more = false;
    this.failed = false;
  }

  /** Shows the signals of an object and of what is below it, until another is watched. @param {string | null} id */
  watch(id) {
    this.watching?.abort();
    this.watching = null;
    this.signals = [];
    this.draw();
    if (id === null) return;
    const watching = new AbortController();
    this.watching = watching;
    void this.#follow(id, watching.signal);
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #follow(id, signal) {
    while (!signal.aborted) {
      if (!document.hidden) await this.#ask(id, signal);
      // An object without signals gets none while one looks at it: bindings change rarely.
      if (!this.signals.length && !this.failed) return;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #ask(id, signal) {
    try {
      const page = await this.api.get("signals", { place: id, limit: MOST }, signal);
      if (signal.aborted) return;
      this.signals = page.items;
      this.more = page.next !== null;
      this.failed = false;
    } catch {
      // The values stay and grow old, which their age shows; the next attempt follows.
      this.failed = !signal.aborted;
    }
    if (!signal.aborted) this.draw();
  }

  /** In the language of now. */
  draw() {
    this.element.hidden = this.signals.length === 0;
    if (this.element.hidden) return this.element.replaceChildren();
    const now = Date.now();
    const rows = this.signals.map((signal) => row(signal, now));
    const more = this.more ? [h("p", { class: "hint", text: t("readingsMore", { n: MOST }) })] : [];
    return this.element.replaceChildren(h("h3", { text: t("readings") }), h("dl", { class: "pairs" }, ...rows), ...more);
  }
}

/** @param {Signal} signal @param {number} now */
function row(signal, now) {
  if (signal.value === null || signal.observed_at === null) {
    return h("div", { class: "pair" }, h("dt", { text: signal.name }), h("dd", { class: "none", text: t("readingsNever") }));
  }
  const unit = signal.unit ? ` ${unitText(signal.unit)}` : "";
  const trust = signal.quality === "good" ? "" : t(`quality.${signal.quality}`);
  const note = [trust, age(signal.observed_at, now)].filter(Boolean).join(" · ");
  return h(
    "div",
    { class: `pair reading ${signal.quality}`, title: new Date(signal.observed_at).toLocaleString(language()) },
    h("dt", { text: signal.name }),
    h("dd", {}, h("span", { class: "value", text: valueText(signal.value) + unit }), h("span", { class: "raw", text: note })),
  );
}
