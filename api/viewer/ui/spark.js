/** The last day of a signal as a line the size of a word. */

import { h } from "../dom.js";

/** @typedef {import("../types").Curve} Curve */

const DAY_MS = 86_400_000;
/** Readings of a line: its width in pixels. */
const POINTS = 90;
/** Readings come slowly on this scale: a line is asked for again after this time. */
const FRESH_MS = 60_000;
const [WIDTH, HEIGHT] = [88, 26];
const SVG = "http://www.w3.org/2000/svg";

/** Whether a signal's values can be drawn as a line. @param {import("../types").Signal} signal */
export const isDrawable = ({ value }) => typeof value === "number" || typeof value === "boolean";

/**
 * Numbers of a curve; what is neither number nor boolean is left out.
 * @param {Curve} curve
 * @returns {{ times: number[], values: number[] }} seconds since 1970
 */
export function columnsOf({ items }) {
  const kept = items.filter(({ value }) => typeof value !== "string");
  return { times: kept.map((item) => Date.parse(item.observed_at) / 1000), values: kept.map(({ value }) => Number(value)) };
}

/**
 * `d` of an SVG path over 24 hours up to `now`; a straight line where nothing changes. Booleans as steps.
 * @param {{ times: number[], values: number[] }} columns
 * @param {number} now milliseconds
 * @param {boolean} steps
 */
export function sparkPath({ times, values }, now, steps) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (/** @type {number} */ seconds) => (((seconds * 1000 - now) / DAY_MS + 1) * WIDTH).toFixed(1);
  const y = (/** @type {number} */ value) => (high > low ? ((high - value) / (high - low)) * HEIGHT : HEIGHT / 2).toFixed(1);
  const points = values.map((value, i) => (i && steps ? `H${x(times[i])}V${y(value)}` : `${i ? "L" : "M"}${x(times[i])} ${y(value)}`));
  // The newest value stands until now.
  return values.length ? `${points.join("")}H${WIDTH}` : "";
}

export class Spark {
  #asked = 0;

  /**
   * @param {import("../api.js").Api} api
   * @param {string} id of the signal
   * @param {() => void} open the chart
   */
  constructor(api, id, open) {
    this.api = api;
    this.id = id;
    this.path = document.createElementNS(SVG, "path");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.path);
    this.element = h("button", { class: "spark", type: "button", on: { click: open } }, /** @type {any} */ (svg));
  }

  /** Asks again where the line is old. @param {AbortSignal} signal */
  async refresh(signal) {
    const now = Date.now();
    if (now - this.#asked < FRESH_MS) return;
    this.#asked = now;
    try {
      const curve = await this.api.history(this.id, { from: now - DAY_MS, to: now, points: POINTS, signal });
      const steps = curve.items.some(({ value }) => typeof value === "boolean");
      this.path.setAttribute("d", sparkPath(columnsOf(curve), now, steps));
    } catch {
      // The line of before stays; the value beside it says what is wrong.
      this.#asked = 0;
    }
  }
}
