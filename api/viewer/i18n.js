/** Chinese and English: one table each in `i18n/`, the choice remembered, `navigator.language` before any choice. */

import { cityClassNames } from "./i18n/city-classes.js";
import { classNames } from "./i18n/ifc-classes.js";
import en from "./i18n/en.js";
import operations from "./i18n/operations.js";
import wall from "./i18n/wall.js";
import zh from "./i18n/zh.js";

/** @typedef {"en" | "zh"} Language */
/** @typedef {keyof typeof en | keyof typeof operations | keyof typeof wall} Key */

const STORAGE_KEY = "twin.language";
/** @type {Record<Language, Record<Key, string>>} */
const TABLES = { en: { ...en, ...column({ ...operations, ...wall }, 1) }, zh: { ...zh, ...column({ ...operations, ...wall }, 0) } };
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Language} */
let current = "en";

/** @returns {Language} */
export const language = () => current;

/** For `lang` and for the Intl formatters. */
export const locale = () => (current === "zh" ? "zh-CN" : "en");

/** Picks the language of the address (`?lang=zh`), else of the last visit, else the browser's own. */
export function startLanguage() {
  const stored = localStorage.getItem(STORAGE_KEY);
  const wished = new URLSearchParams(location.search).get("lang") ?? stored ?? navigator.language;
  apply(wished.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** @param {Language} next */
export function setLanguage(next) {
  localStorage.setItem(STORAGE_KEY, next);
  apply(next);
}

/** @param {Language} next */
function apply(next) {
  current = next;
  document.documentElement.lang = locale();
  document.title = t("appName");
  translateMarked(document.body);
  for (const listener of listeners) listener();
}

/** Calls `listener` after every change of language. */
export function onLanguage(/** @type {() => void} */ listener) {
  listeners.add(listener);
}

/**
 * The text of that key; `{name}` in it is replaced from `values`, numbers in the language's own form.
 * `one|many` in English texts is chosen by `values.n`.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  let text = TABLES[current][key] ?? TABLES.en[key] ?? key;
  const forms = text.split("|");
  if (forms.length === 2) text = values.n === 1 ? forms[0] : forms[1];
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** Fills elements marked `data-i18n` (text) and `data-i18n-label` (accessible name). */
function translateMarked(/** @type {ParentNode} */ root) {
  for (const element of root.querySelectorAll("[data-i18n]")) {
    element.textContent = t(/** @type {Key} */ (/** @type {HTMLElement} */ (element).dataset.i18n));
  }
  for (const element of root.querySelectorAll("[data-i18n-label]")) {
    element.setAttribute("aria-label", t(/** @type {Key} */ (/** @type {HTMLElement} */ (element).dataset.i18nLabel)));
  }
}

/**
 * A number in the language's own form.
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export function number(value, options = { maximumSignificantDigits: 6 }) {
  return new Intl.NumberFormat(locale(), options).format(value);
}

/** A count: whole, with separators. */
export const count = (/** @type {number} */ value) => number(value, { maximumFractionDigits: 0 });

/** Date and time of day, in the reader's time zone. */
export function dateTime(/** @type {string} */ rfc3339) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(rfc3339));
}

/** Classes as the rules of the models call them. @type {Map<string, Partial<Record<Language, string>>>} */
const told = new Map();

/** @param {import("./types").Model[]} models */
export function learnClassNames(models) {
  for (const model of models) for (const [name, label] of Object.entries(model.class_names ?? {})) told.set(name, label);
}

/** A class in words (`IfcWallStandardCase` → 墙 / Wall, `LampPole` → 灯杆 / Lamp pole); one that is in no table loses its prefix. */
export function className(/** @type {string} */ name) {
  const given = told.get(name)?.[current];
  if (given) return given;
  const known = classNames[name] ?? cityClassNames[name];
  if (known) return known[current === "zh" ? 0 : 1];
  return name.replace(/^Ifc/, "").replace(/([a-z])([A-Z])/g, "$1 $2");
}

/** Name of a model for readers of the page's language. @param {import("./types").Model} model */
export const modelName = ({ name, names, key }) => names?.[current] || name || key;

const HAN = /\p{Script=Han}/u;

/**
 * Of two names of one thing the one in the letters of the page's language: files tell the other language in the long name.
 * @param {{ name?: string | null, long_name?: string | null }} named
 */
export function nameInLanguage({ name, long_name: long }) {
  const wanted = current === "zh";
  return (name && long && HAN.test(name) !== wanted && HAN.test(long) === wanted ? long : name || long) || t("unnamed");
}

/**
 * What to call an object: its name, its long name, or, where the file has neither (importers put the class there), its class in words.
 * @param {{ name?: string | null, long_name?: string | null, class: string }} object
 */
export function objectName({ name, long_name, class: ifcClass }) {
  const named = name && name !== ifcClass ? name : long_name;
  return named || className(ifcClass) || t("unnamed");
}

/**
 * One language of a table that has both.
 * @template {string} K
 * @param {Record<K, readonly [string, string]>} table
 * @param {0 | 1} at
 */
function column(table, at) {
  return /** @type {Record<K, string>} */ (Object.fromEntries(Object.entries(table).map(([key, texts]) => [key, texts[at]])));
}
