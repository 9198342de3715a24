/** What the signals of the selected object report: values, how old they are, and how far they can be trusted. */

import { h } from "../dom.js";
import { language, t } from "../i18n.js";
import { openChart } from "./chart.js";
import { CommandBox, stateText } from "./command.js";
import { breakable } from "./labels.js";
import { unitText } from "./properties.js";
import { Spark, isDrawable } from "./spark.js";

/** @typedef {import("../types").Signal} Signal */

const EVERY_MS = 3_000;
/** Rows at most: an object has a handful; a storey's are a list for another page. */
const MOST = 30;
/** Lines at most: each is a question of its own. */
const MOST_SPARKS = 12;

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
    this.list = h("dl", { class: "pairs" });
    this.title = h("h3");
    this.rest = h("p", { class: "hint" });
    this.element = h("section", { class: "readings", hidden: true }, this.title, this.list, this.rest);
    /** By id of the signal: they stay, so that a click is not lost and the focus neither. @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {AbortController | null} */
    this.watching = null;
    /** Of the object. @type {string | null} */
    this.id = null;
    /** Name of the object, once it is known. */
    this.owner = "";
    /** @type {Signal[]} */
    this.signals = [];
    this.more = false;
    this.failed = false;
  }

  /** Shows the signals of an object and of what is below it, until another is watched. @param {string | null} id */
  watch(id) {
    this.watching?.abort();
    this.watching = null;
    this.id = id;
    this.owner = "";
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
    this.title.textContent = t("readings");
    this.rest.hidden = !this.more;
    this.rest.textContent = t("readingsMore", { n: MOST });
    const now = Date.now();
    const wanted = new Set(this.signals.map(({ id }) => id));
    for (const [id, row] of this.rows) if (!wanted.has(id)) this.#drop(id, row);
    this.signals.forEach((signal, i) => {
      const row = this.rows.get(signal.id) ?? this.#row(signal);
      this.rows.set(signal.id, row);
      row.draw(signal, now, i < MOST_SPARKS);
      if (this.list.children[i] !== row.element) this.list.insertBefore(row.element, this.list.children[i] ?? null);
      if (this.watching && row.spark) void row.spark.refresh(this.watching.signal);
    });
  }

  /** @param {Signal} signal */
  #row(signal) {
    const row = new Row(this.api, signal, () => this.#openChart(row.signal));
    const { watching, id } = this;
    if (watching && id && signal.control && this.api.signedIn) row.addCommand(watching.signal, () => void this.#ask(id, watching.signal));
    return row;
  }

  /** Signals of the parts below are not the object's own. @param {Signal} signal */
  #openChart(signal) {
    const isOwn = signal.id === `${this.id}/${signal.name}`;
    openChart(this.api, signal, isOwn ? this.owner : "");
  }

  /** @param {string} id @param {Row} row */
  #drop(id, row) {
    row.element.remove();
    this.rows.delete(id);
  }
}

/** One signal: its name, what it says, and its last day. */
class Row {
  /** @param {import("../api.js").Api} api @param {Signal} signal @param {() => void} onOpen */
  constructor(api, signal, onOpen) {
    this.api = api;
    this.signal = signal;
    this.onOpen = onOpen;
    this.name = h("dt");
    this.value = h("span", { class: "value" });
    this.note = h("span", { class: "raw" });
    this.said = h("dd", {}, this.value, this.note);
    this.element = h("div", { class: "pair reading" }, this.name, this.said);
    /** @type {Spark | null} */
    this.spark = null;
    /** @type {CommandBox | null} */
    this.command = null;
  }

  /** @param {AbortSignal} looking @param {() => void} changed */
  addCommand(looking, changed) {
    this.command = new CommandBox(this.api, this.signal, looking, changed);
    this.element.append(this.command.element);
  }

  /** @param {Signal} signal @param {number} now milliseconds @param {boolean} withLine */
  draw(signal, now, withLine) {
    this.signal = signal;
    this.name.replaceChildren(...breakable(signal.name));
    const { value, observed_at: observedAt, quality } = signal;
    const never = value === null || observedAt === null;
    const unit = signal.unit ? ` ${unitText(signal.unit)}` : "";
    const trust = quality === null || quality === "good" ? "" : t(`quality.${quality}`);
    this.element.className = `pair reading ${quality ?? ""}`;
    this.element.title = never ? "" : new Date(observedAt).toLocaleString(language());
    this.said.classList.toggle("none", never);
    this.value.textContent = never ? t("readingsNever") : stateText(signal, value) + unit;
    this.note.textContent = never ? "" : [trust, age(observedAt, now)].filter(Boolean).join(" · ");
    if (withLine && !this.spark && isDrawable(signal)) this.#addLine();
    this.spark?.element.setAttribute("aria-label", t("chartOpen", { name: signal.name }));
    if (this.spark) this.spark.element.title = t("chartOpen", { name: signal.name });
    this.command?.draw(signal);
  }

  #addLine() {
    this.spark = new Spark(this.api, this.signal.id, this.onOpen);
    this.said.after(h("dd", {}, this.spark.element));
  }
}
