/** Whether readings get through: each source with its rate, what became no reading, who has gone silent. */

import { h } from "../dom.js";
import { count, number, onLanguage, t } from "../i18n.js";
import { age } from "../ui/readings.js";
import { none, repeat, section, shortTime, table } from "./parts.js";

/**
 * @typedef {{ name: string, ok: boolean, connected: boolean, waiting: number, committed_at: string | null, messages: number, retries: number,
 *   readings: Record<string, number>, rejected: Record<string, number> }} Source
 */
/** @typedef {{ sources: Source[], complaints: string[], gone_stale: number }} Ingest */
/** @typedef {{ id: string, name: string | null, last_seen: string | null, stale: number, signals: number }} Device */
/** @typedef {{ reason: string, detail: string, topic: string, payload: string, received_at: string }} Letter */

const EVERY_MS = 2_000;
const LETTERS = 30;
const DEVICES = 50;
/** Of a payload, in a row. */
const SHOWN = 120;

export class IngestView {
  /** @type {Ingest | null} */
  #ingest = null;
  /** @type {Device[]} */
  #offline = [];
  /** @type {Letter[]} */
  #letters = [];
  /** Messages a second by source, of the last two answers. @type {Map<string, number>} */
  #rates = new Map();
  #askedAt = 0;
  #error = "";

  /** @param {import("../app.js").App} app @param {{ administer: boolean }} rights dead letters are for administrators */
  constructor(app, rights) {
    this.api = app.api;
    this.rights = rights;
    this.element = h("div", { class: "ops-view" });
    onLanguage(() => this.#draw());
  }

  /** @param {AbortSignal} signal */
  show(signal) {
    this.#draw();
    void repeat(signal, EVERY_MS, () => this.#ask(signal));
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    try {
      const [ingest, devices, letters] = await Promise.all([
        this.api.get("ingest", {}, signal),
        this.api.get("devices", { online: false, limit: DEVICES }, signal),
        this.rights.administer ? this.api.get("ingest/rejected", { limit: LETTERS }, signal) : { items: [] },
      ]);
      this.#measure(ingest);
      this.#ingest = ingest;
      this.#offline = devices.items;
      this.#letters = letters.items;
      this.#error = "";
    } catch (error) {
      if (signal.aborted) return;
      this.#error = t("opsFailed", { why: /** @type {Error} */ (error).message });
    }
    this.#draw();
  }

  /** @param {Ingest} ingest */
  #measure(ingest) {
    const now = performance.now();
    for (const { name, messages } of ingest.sources) {
      const before = this.#ingest?.sources.find((each) => each.name === name)?.messages;
      // Fewer than before: the server has started anew.
      if (before !== undefined && messages >= before) this.#rates.set(name, ((messages - before) * 1000) / (now - this.#askedAt));
    }
    this.#askedAt = now;
  }

  #draw() {
    const ingest = this.#ingest;
    this.element.replaceChildren(
      this.#error ? h("p", { class: "ops-error", role: "alert", text: this.#error }) : "",
      ...(ingest ? this.#parts(ingest) : [none(t("loading"))]),
    );
  }

  /** @param {Ingest} ingest */
  #parts(ingest) {
    const complaints = ingest.complaints.map((text) => h("li", { text }));
    const rejected = sums(ingest.sources.map((source) => source.rejected));
    const readings = sums(ingest.sources.map((source) => source.readings));
    const letters = this.#letters.map(({ received_at: at, reason, detail, topic, payload }) => [shortTime(at), h("span", { title: detail, text: reason }), topic, h("code", { text: payload.slice(0, SHOWN) })]);
    const offline = this.#offline.map(({ id, name, last_seen: seen, stale, signals }) => [name ?? id, seen ? age(seen, Date.now()) : t("opsNever"), `${count(stale)} / ${count(signals)}`]);
    return [
      complaints.length ? h("ul", { class: "ops-error" }, ...complaints) : h("p", { class: "ops-good", text: t("opsAllWell") }),
      ingest.sources.length ? h("div", { class: "ops-sources" }, ...ingest.sources.map((source) => this.#source(source))) : none(t("opsNoSource")),
      h("div", { class: "ops-columns" },
        section(t("opsReadings"), counted(readings, (key) => t(/** @type {import("../i18n.js").Key} */ (`reading.${key}`)), t("opsReadings")), none(t("opsGoneStale", { n: ingest.gone_stale }))),
        section(t("opsRejected"), Object.keys(rejected).length ? counted(rejected, (key) => key, t("opsRejected")) : none(t("opsNoneRejected")))),
      section(t("opsOffline"), offline.length ? table([t("opsDevice"), t("opsLastSeen"), t("opsStale")], offline, t("opsOffline")) : none(t("opsNoneOffline"))),
      this.rights.administer ? section(t("opsLetters"), letters.length ? table([t("opsWhen"), t("opsReason"), t("opsTopic"), t("opsPayload")], letters, t("opsLetters")) : none(t("opsNoneRejected"))) : "",
    ];
  }

  /** @param {Source} source */
  #source({ name, ok, waiting, messages, committed_at: at }) {
    const rate = this.#rates.get(name);
    /** @type {[string, string][]} */
    const facts = [
      [t("opsPerSecond"), rate === undefined ? "…" : number(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 })],
      [t("opsTotal"), count(messages)],
      [t("opsBacklog"), count(waiting)],
      [t("opsCommitted"), at ? age(at, Date.now()) : t("opsNever")],
    ];
    return h(
      "div",
      { class: "ops-source" },
      h("h3", {}, h("span", { text: name }), h("span", { class: `badge ${ok ? "badge-high" : "badge-low"}`, text: t(ok ? "opsOk" : "opsNotOk") })),
      h("dl", {}, ...facts.map(([term, said]) => h("div", {}, h("dt", { text: term }), h("dd", { text: said })))),
    );
  }
}

/** @param {Record<string, number>[]} tables */
function sums(tables) {
  /** @type {Record<string, number>} */
  const sum = {};
  for (const each of tables) for (const [key, n] of Object.entries(each)) sum[key] = (sum[key] ?? 0) + n;
  return sum;
}

/** @param {Record<string, number>} sum @param {(key: string) => string} word @param {string} label */
function counted(sum, word, label) {
  const rows = Object.entries(sum).sort(([, a], [, b]) => b - a).map(([key, n]) => [word(key), count(n)]);
  return table([t("opsReason"), t("opsCount")], rows, label);
}
