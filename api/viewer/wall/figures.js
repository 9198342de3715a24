/** What the wall tells, out of aggregates and alarms. Pure. */

/** @typedef {{ key: string | null, kind: string | null, unit: string | null, signals: number, count: number, sum: number | null, qualities: Record<string, number> }} Total */
/** @typedef {{ value: number | null, others: number }} Sum `others`: signals in units that cannot be added to it */
/** @typedef {{ key: string, signals: number, reporting: number, temperature: number | null, power: Sum, water: Sum, alarms: number }} Row */

/** Into the units that are shown: kilowatts, cubic metres an hour. */
const KILOWATTS = { W: 0.001, kW: 1, MW: 1_000 };
const CUBIC_METRES_AN_HOUR = { "L/min": 0.06, "L/s": 3.6, "L/h": 0.001, "m3/h": 1, "m3/s": 3_600 };
const CELSIUS = "Cel";

/** Most important first; the same words as those of the API. */
export const SEVERITIES = /** @type {const} */ (["critical", "major", "minor", "warning", "info"]);

/** @param {Total[]} totals @param {string[]} kinds @param {Record<string, number>} factors @returns {Sum} */
function added(totals, kinds, factors) {
  /** @type {Sum} */
  const found = { value: null, others: 0 };
  for (const { kind, unit, count, sum } of totals) {
    if (kind === null || !kinds.includes(kind)) continue;
    const factor = factors[unit ?? ""];
    if (factor === undefined) found.others += count;
    else if (count) found.value = (found.value ?? 0) + (sum ?? 0) * factor;
  }
  return found;
}

/** @param {Total[]} totals */
function meanTemperature(totals) {
  const of = totals.filter(({ kind, unit, count }) => kind === "temperature" && unit === CELSIUS && count);
  const count = of.reduce((n, total) => n + total.count, 0);
  return count ? of.reduce((sum, total) => sum + (total.sum ?? 0), 0) / count : null;
}

/** @param {string} key @param {Total[]} totals @param {number} alarms @returns {Row} */
function row(key, totals, alarms) {
  const signals = totals.reduce((sum, total) => sum + total.signals, 0);
  const reporting = totals.reduce((sum, { qualities }) => sum + (qualities.good ?? 0) + (qualities.uncertain ?? 0), 0);
  const power = added(totals, ["power"], KILOWATTS);
  const water = added(totals, ["water", "flow"], CUBIC_METRES_AN_HOUR);
  return { key, signals, reporting, temperature: meanTemperature(totals), power, water, alarms };
}

/** All of it in one row. @param {Total[]} totals @param {number} alarms */
export const whole = (totals, alarms) => row("", totals, alarms);

/**
 * A row for each group, those with most signals first.
 * @param {Total[]} totals
 * @param {(key: string) => number} alarmsOf
 */
export function rows(totals, alarmsOf) {
  const keys = [...new Set(totals.flatMap(({ key }) => (key === null ? [] : [key])))];
  return keys.map((key) => row(key, totals.filter((total) => total.key === key), alarmsOf(key))).sort((a, b) => b.signals - a.signals);
}
