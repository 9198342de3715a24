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
/** Decimals of degrees: a centimetre, and a short address. */
const DECIMALS = 7;

const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "''")}'`;
const listed = (/** @type {Iterable<string>} */ texts) => `(${[...texts].map(quoted).join(", ")})`;

/**
 * @param {Question} question
 * @param {import("../types").Filters} filters
 * @param {string[]} models keys
 * @returns {string | null} null: all
 */
export function conditionOf(question, filters, models) {
  const parts = [];
  const onStoreys = (/** @type {Iterable<string>} */ ids) => listed([...ids].flatMap((id) => models.map((model) => `${model}/${id}`)));
  if (question.corners.length) {
    const ring = [...question.corners, question.corners[0]].map((corner) => corner.map((part) => Number(part.toFixed(DECIMALS))).join(" "));
    parts.push(`S_INTERSECTS(geometry, POLYGON((${ring.join(", ")})))`, `class NOT IN ${listed(CONTAINERS)}`);
  }
  if (question.class) parts.push(`class = ${quoted(question.class)}`);
  if (question.storey) parts.push(`storey IN ${onStoreys([question.storey])}`);
  if (question.filtered) {
    if (filters.hiddenModels.size) parts.push(`model NOT IN ${listed(filters.hiddenModels)}`);
    if (filters.hiddenClasses.size) parts.push(`class NOT IN ${listed(filters.hiddenClasses)}`);
    if (filters.onlyStoreys?.size) parts.push(`storey IN ${onStoreys(filters.onlyStoreys)}`);
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
