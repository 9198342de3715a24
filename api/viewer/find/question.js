/** What is looked for, as the server's filter language says it (docs/queries.md). Pure. */

/**
 * @typedef {object} Question
 * @property {"all" | "view" | "area"} where
 * @property {[number, number][]} corners of the area or the view, degrees; none: everywhere
 * @property {string} class empty: every one
 * @property {string} storey global id; empty: every one
 * @property {boolean} filtered only what the panel's filters leave
 */

/** What holds others: each touches every area that one of its parts touches. */
const CONTAINERS = ["IfcProject", "IfcSite", "IfcBuilding", "IfcBuildingStorey", "IfcFacility", "IfcBridge", "IfcRoad", "IfcRailway", "IfcTunnel"];
/** Conditions that the server takes in one filter; each value of a list is one (docs/queries.md). */
export const MOST_TERMS = 64;
/** Decimals of degrees: a centimetre, and a short address. */
const DECIMALS = 7;

const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "''")}'`;
const listed = (/** @type {Iterable<string>} */ texts) => `(${[...texts].map(quoted).join(", ")})`;

/**
 * The filters of the panel only narrow what is sent over, as far as the server takes so many conditions: the page applies them all itself.
 * @param {Question} question
 * @param {import("../types").Filters} filters
 * @param {string[]} storeys ids of all
 * @returns {string | null} null: all
 */
export function conditionOf(question, filters, storeys) {
  let left = MOST_TERMS;
  /** @type {string[]} */
  const parts = [];
  const isOn = (/** @type {ReadonlySet<string>} */ globalIds) => storeys.filter((id) => globalIds.has(id.slice(id.indexOf("/") + 1)));
  const add = (/** @type {string} */ part, terms = 1) => {
    if (terms <= left) parts.push(part);
    left -= terms <= left ? terms : 0;
  };
  const among = (/** @type {string} */ name, /** @type {string} */ operator, /** @type {Iterable<string>} */ texts) => {
    const values = [...texts];
    if (values.length) add(`${name} ${operator} ${listed(values)}`, values.length);
  };
  if (question.corners.length) {
    const ring = [...question.corners, question.corners[0]].map((corner) => corner.map((part) => Number(part.toFixed(DECIMALS))).join(" "));
    add(`S_INTERSECTS(geometry, POLYGON((${ring.join(", ")})))`);
    among("class", "NOT IN", CONTAINERS);
  }
  if (question.class) add(`class = ${quoted(question.class)}`);
  if (question.storey) among("storey", "IN", isOn(new Set([question.storey])));
  if (question.filtered) {
    among("model", "NOT IN", filters.hiddenModels);
    if (filters.onlyStoreys) among("storey", "IN", isOn(filters.onlyStoreys));
    among("class", "NOT IN", filters.hiddenClasses);
  }
  return parts.join(" AND ") || null;
}

/** Whether an outline crosses itself, which no area does. @param {[number, number][]} corners */
export function crossesItself(corners) {
  const n = corners.length;
  const side = (/** @type {number[]} */ a, /** @type {number[]} */ b, /** @type {number[]} */ c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 2; j < n; j += 1) {
      if (i === 0 && j === n - 1) continue; // neighbours
      const [a, b, c, d] = [corners[i], corners[i + 1], corners[j], corners[(j + 1) % n]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
    }
  }
  return false;
}

/** Parts of a list, none longer than `most`. @template T @param {T[]} list @param {number} most @returns {T[][]} */
export function batches(list, most) {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, i) => list.slice(i * most, (i + 1) * most));
}
