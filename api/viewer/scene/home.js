/** Which models the first view shows: those that stand together, where the most is; of these the buildings, where layers surround them. */

/** @typedef {import("../types").Model} Model */

/** Models further apart than this (degrees of latitude, about 30 km) are not one scene: the view would be of the globe. */
const TOGETHER_DEG = 0.3;

/**
 * What the first view is of: building models, if any stand among the layers around them, else all that stand together.
 * @param {Model[]} models
 * @returns {Model[]}
 */
export function subjectOf(models) {
  const together = standTogether(models);
  const buildings = together.filter(({ kind }) => kind === "ifc");
  return buildings.length > 0 ? buildings : together;
}

/**
 * The largest group of models that stand together, by what they draw.
 * @param {Model[]} models
 * @returns {Model[]}
 */
export function standTogether(models) {
  /** @type {Model[][]} */
  const groups = [];
  for (const model of models.filter(({ bounds }) => bounds)) {
    const group = groups.find(([first]) => isNear(first, model));
    if (group) group.push(model);
    else groups.push([model]);
  }
  const weight = (/** @type {Model[]} */ group) => group.reduce((sum, { drawn }) => sum + drawn, 0);
  return groups.reduce((best, group) => (weight(group) > weight(best) ? group : best), groups[0] ?? models);
}

/** @param {Model} a @param {Model} b */
function isNear(a, b) {
  const [lonA, latA] = middle(a);
  const [lonB, latB] = middle(b);
  const turn = ((lonA - lonB + 540) % 360) - 180;
  return Math.hypot(turn * Math.cos((latA * Math.PI) / 180), latA - latB) < TOGETHER_DEG;
}

/** @param {Model} model @returns {[number, number]} longitude, latitude in degrees */
function middle({ bounds }) {
  if (!bounds) return [0, 0];
  const [west, south, , east, north] = bounds;
  return [(west + east) / 2, (south + north) / 2];
}
