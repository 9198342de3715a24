/** Asks for the objects that a question means, for what they report, and for what of them can be set. */

import { isLeft } from "../filters.js";
import { conditionOf } from "./question.js";

/** @typedef {import("../types").TwinObject} TwinObject */
/** @typedef {import("../types").Signal} Signal */
/** @typedef {{ name: string, value: boolean | number | string | null, unit: string | null, quality: string | null, observed_at: string | null }} Said */

/** Objects and signals at most: the most that one command goes to, and more than anybody reads. */
export const MOST = 10_000;
/** Rows of one page: the most that the server gives. */
const PAGE = 1_000;

/**
 * @typedef {object} Found
 * @property {TwinObject[]} objects
 * @property {boolean} more there are more than MOST
 * @property {string | null} condition what the server was asked
 */

/**
 * @param {import("../app.js").App} app
 * @param {import("./question.js").Question} question
 * @param {{ signal: AbortSignal, onPage: (soFar: number) => void }} listening
 * @returns {Promise<Found>}
 */
export async function findObjects(app, question, listening) {
  const { filters, storeys } = app.store.get();
  const condition = conditionOf(question, filters, Object.values(storeys).flat().map(({ id }) => id));
  const { items, more } = await app.api.upTo("objects", { filter: condition, model: app.onlyModel, limit: PAGE }, MOST, listening);
  const { scene } = app;
  const objects = items.filter(
    (/** @type {TwinObject} */ object) =>
      (!question.filtered || isLeft(object, filters)) && (question.where !== "view" || (object.bounds && scene?.isInView(object.bounds))),
  );
  return { objects, more, condition };
}

/** Id of the object of a signal. @param {string} signal */
export const objectOf = (signal) => signal.slice(0, signal.lastIndexOf("/"));

/**
 * What the objects' signals of a theme say, now or at the instant that is shown, by id of the object.
 * @param {import("../app.js").App} app
 * @param {Found} found
 * @param {import("../types").Theme} theme
 * @returns {Promise<Map<string, Said[]>>}
 */
export async function saidBy(app, { condition }, theme) {
  const { instant } = app.store.get();
  const model = app.onlyModel;
  const states =
    instant === null
      ? await app.api.all("state", { filter: condition, kind: theme.kinds, model, limit: PAGE }, MOST)
      : (await app.api.get("state", { at: new Date(instant).toISOString(), model })).items;
  /** @type {Map<string, Said[]>} */
  const said = new Map();
  for (const { signal, kind, ...rest } of states) {
    if (!theme.kinds.includes(kind)) continue;
    const id = objectOf(signal);
    said.set(id, [...(said.get(id) ?? []), { ...rest, name: signal.slice(id.length + 1) }]);
  }
  return said;
}

/**
 * What of these objects can be set, by what suits one command: name, type, unit and choices. The most frequent first.
 * @param {import("../app.js").App} app
 * @param {Found} found
 * @returns {Promise<Signal[][]>}
 */
export async function settableOf(app, { condition, objects }) {
  const ids = new Set(objects.map(({ id }) => id));
  /** @type {Signal[]} */
  const signals = await app.api.all("signals", { filter: condition, settable: "true", model: app.onlyModel, limit: PAGE }, MOST);
  /** @type {Map<string, Signal[]>} */
  const groups = new Map();
  for (const signal of signals) {
    if (!ids.has(objectOf(signal.id))) continue;
    const key = JSON.stringify([signal.name, signal.type, signal.unit, signal.choices]);
    groups.set(key, [...(groups.get(key) ?? []), signal]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}
