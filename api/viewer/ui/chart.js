/** A signal's past as a chart: a day, a week, a month, and any part of it by dragging; each part is asked for anew, in more detail. */

import { h, iconButton } from "../dom.js";
import { count, locale, number, t } from "../i18n.js";
import { listState } from "./list-parts.js";
import { unitText } from "./properties.js";
import { columnsOf } from "./spark.js";

/** @typedef {import("../types").Signal} Signal */
/** @typedef {import("../vendor/uplot/uPlot.js")} Plot */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** @type {[import("../i18n.js").Key, number][]} */
const SPANS = [["chartDay", DAY_MS], ["chartWeek", 7 * DAY_MS], ["chartMonth", 30 * DAY_MS]];
/** About one reading for each pixel. */
const POINTS = 800;
const HEIGHT_PX = 300;
/** Shorter parts are not zoomed into. */
const SHORTEST_MS = 1_000;

class Chart {
  /** @type {Plot | null} */
  #plot = null;
  /** @type {AbortController | null} */
  #asking = null;

  /**
   * @param {import("../api.js").Api} api
   * @param {Signal} signal
   * @param {string} owner name of its object; empty: only the signal is named
   */
  constructor(api, signal, owner) {
    this.api = api;
    this.signal = signal;
    this.unit = signal.unit ? unitText(signal.unit) : "";
    this.box = h("div", { class: "chart-box" });
    this.foot = h("p", { class: "chart-foot", role: "status" });
    this.spans = SPANS.map(([key, span]) => h("button", { class: "text-button", type: "button", text: t(key), on: { click: () => this.showLast(span) } }));
    const tools = h("div", { class: "chart-tools", role: "toolbar", "aria-label": t("chartSpan") }, ...this.spans, h("span", { class: "hint", text: t("chartHint") }));
    const title = owner ? `${owner} · ${signal.name}` : signal.name;
    this.dialog = h("dialog", { class: "dialog chart-dialog", "aria-label": title });
    this.dialog.append(h("header", { class: "card-head" }, h("h2", { text: title }), iconButton("close", t("close"), () => this.dialog.close())), tools, this.box, this.foot);
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#end());
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.showLast(DAY_MS);
  }

  #end() {
    this.#asking?.abort();
    this.#plot?.destroy();
    this.dialog.remove();
  }

  /** @param {number} span milliseconds */
  showLast(span) {
    SPANS.forEach(([, each], i) => this.spans[i].setAttribute("aria-pressed", String(each === span)));
    const now = Date.now();
    void this.#show(now - span, now);
  }

  /** @param {number} from @param {number} to milliseconds */
  async #show(from, to) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.box.setAttribute("aria-busy", "true");
    this.foot.textContent = t("loading");
    try {
      const [{ default: uPlot }, curve] = await Promise.all([
        import("../vendor/uplot/uPlot.js"),
        this.api.history(this.signal.id, { from, to, points: POINTS, signal: asking.signal }),
      ]);
      if (!asking.signal.aborted) this.#draw(uPlot, curve, from, to);
    } catch (error) {
      if (!asking.signal.aborted) this.#fail(/** @type {Error} */ (error), from, to);
    }
    if (asking === this.#asking) this.box.removeAttribute("aria-busy");
  }

  /** @param {Error} error @param {number} from @param {number} to */
  #fail(error, from, to) {
    this.#clear();
    this.foot.textContent = "";
    this.box.append(listState("warning", t("chartFailed"), () => this.#show(from, to), error.message === "unreachable" ? "" : error.message));
  }

  #clear() {
    this.#plot?.destroy();
    this.#plot = null;
    this.box.replaceChildren();
  }

  /** @param {typeof import("../vendor/uplot/uPlot.js")} uPlot @param {import("../types").Curve} curve @param {number} from @param {number} to */
  #draw(uPlot, curve, from, to) {
    this.#clear();
    const { times, values } = columnsOf(curve);
    this.foot.textContent = values.length ? this.#summary(values, curve) : "";
    if (!values.length) return this.box.append(listState("info", t("chartEmpty")));
    const steps = curve.items.some(({ value }) => typeof value === "boolean");
    this.#plot = new uPlot(this.#options(uPlot, [from / 1000, to / 1000], steps), [times, values], this.box);
    return undefined;
  }

  /** For those who do not see the line, and for all others, too. @param {number[]} values @param {import("../types").Curve} curve */
  #summary(values, curve) {
    const said = (/** @type {number} */ value) => number(value) + (this.unit ? ` ${this.unit}` : "");
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    const made = t("chartMade", { shown: count(values.length), readings: count(curve.readings) });
    return `${t("chartRange", { low: said(low), high: said(high) })} ${made}`;
  }

  /**
   * @param {typeof import("../vendor/uplot/uPlot.js")} uPlot
   * @param {[number, number]} range seconds
   * @param {boolean} steps
   */
  #options(uPlot, range, steps) {
    const style = getComputedStyle(this.dialog);
    const [line, grid, text] = ["--accent", "--line", "--text-2"].map((name) => style.getPropertyValue(name).trim());
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
    const name = this.unit ? `${this.signal.name} (${this.unit})` : this.signal.name;
    return {
      width: this.box.clientWidth,
      height: HEIGHT_PX,
      scales: { x: { time: true, range: () => range }, ...(steps ? { y: { range: () => /** @type {[number, number]} */ ([-0.1, 1.1]) } } : {}) },
      axes: [
        { ...axis, values: (/** @type {unknown} */ _, /** @type {number[]} */ splits) => labels(splits) },
        { ...axis, size: 60, values: (/** @type {unknown} */ _, /** @type {number[]} */ splits) => splits.map((value) => (steps ? { 0: t("no"), 1: t("yes") }[value] ?? "" : number(value))) },
      ],
      series: [
        { label: t("chartTime"), value: (/** @type {unknown} */ _, /** @type {number | null} */ at) => (at === null ? "—" : exact(at)) },
        { label: name, stroke: line, width: 1.5, value: (/** @type {unknown} */ _, /** @type {number | null} */ value) => (value === null ? "—" : number(value)), ...(steps ? { paths: uPlot.paths.stepped?.({ align: 1 }) } : {}) },
      ],
      cursor: { drag: { x: true, y: false, setScale: false } },
      hooks: { setSelect: [(/** @type {Plot} */ plot) => this.#zoom(plot)] },
    };
  }

  /** @param {Plot} plot */
  #zoom(plot) {
    const { left, width } = plot.select;
    const [from, to] = [left, left + width].map((at) => plot.posToVal(at, "x") * 1000);
    if (to - from < SHORTEST_MS) return;
    for (const button of this.spans) button.setAttribute("aria-pressed", "false");
    void this.#show(from, to);
  }
}

/** @param {number} seconds */
const exact = (seconds) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(seconds * 1000);

/** Times of an axis: hours, or days where they are a day apart. @param {number[]} splits seconds */
function labels(splits) {
  const apart = splits.length > 1 ? splits[1] - splits[0] : 0;
  const form = apart >= 86_400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(apart && apart < 60 ? { second: "2-digit" } : {}) };
  const format = new Intl.DateTimeFormat(locale(), /** @type {Intl.DateTimeFormatOptions} */ (form));
  return splits.map((seconds) => format.format(seconds * 1000));
}

/** @param {import("../api.js").Api} api @param {Signal} signal @param {string} [owner] name of its object */
export function openChart(api, signal, owner = "") {
  new Chart(api, signal, owner).open();
}
