/** The list as a file: CSV for spreadsheets (RFC 4180, with a byte order mark, without which Excel takes Chinese for something else), GeoJSON (RFC 7946). */

/** @typedef {import("../types").TwinObject} TwinObject */
/** @typedef {import("./finder.js").Said} Said */
/** @typedef {string | number | boolean | null} Cell */

const COLUMNS = /** @type {const} */ (["id", "model", "global_id", "class", "name", "storey", "storey_name", "discipline", "state_index"]);
const BOX = ["west", "south", "lowest", "east", "north", "highest"];

/**
 * @param {TwinObject[]} objects
 * @param {Map<string, Said[]>} said by id of the object
 * @returns {string}
 */
export function csvOf(objects, said) {
  const names = namesOf(said);
  const head = [...COLUMNS, ...BOX, ...names.flatMap((name) => [name, `${name}.unit`, `${name}.quality`, `${name}.observed_at`])];
  const rows = objects.map((object) => {
    const byName = new Map((said.get(object.id) ?? []).map((one) => [one.name, one]));
    const values = names.flatMap((name) => {
      const one = byName.get(name);
      return one ? [one.value, one.unit, one.quality, one.observed_at] : [null, null, null, null];
    });
    return [...COLUMNS.map((column) => object[column]), ...(object.bounds ?? BOX.map(() => null)), ...values];
  });
  return `\ufeff${[head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Names of signals that somebody says something by. @param {Map<string, Said[]>} said */
const namesOf = (said) => [...new Set([...said.values()].flat().map(({ name }) => name))].sort();

/** A text that a spreadsheet would take for a formula is given an apostrophe, which it hides. @param {Cell} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Each object's box from above; heights are in its `bbox`.
 * @param {TwinObject[]} objects
 * @param {Map<string, Said[]>} said by id of the object
 * @returns {string}
 */
export function geoJsonOf(objects, said) {
  const features = objects.map((object) => ({
    type: "Feature",
    id: object.id,
    ...(object.bounds ? { bbox: object.bounds } : {}),
    geometry: object.bounds && boxOf(object.bounds),
    properties: {
      ...Object.fromEntries(COLUMNS.map((column) => [column, object[column]])),
      signals: Object.fromEntries((said.get(object.id) ?? []).map(({ name, value, unit, quality, observed_at }) => [name, { value, unit, quality, observed_at }])),
    },
  }));
  return JSON.stringify({ type: "FeatureCollection", features });
}

/** Counter-clockwise, as the standard wants it. @param {import("../types").Bounds} bounds */
function boxOf([west, south, , east, north]) {
  return { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] };
}

/** Hands the reader a file. @param {string} name @param {string} type @param {string} text */
export function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
