/** Property sets as people read them: values in the page's language, units as symbols, long sets filtered by typing. */

import { h, icon } from "../dom.js";
import { number, t } from "../i18n.js";

/** @typedef {import("../types").PropertyValue} PropertyValue */

/** From here on a filter box stands above the sets. */
const FILTER_FROM = 12;

/** @type {Record<string, string>} */
const RAISED = { "-": "⁻", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶" };

/** UCUM-like symbols as they are printed: `W/(m2.K)` → W/(m²·K). @param {string} unit */
export function unitText(unit) {
  return unit
    .replace(/\bCel\b/g, "°C")
    .replace(/\[degF\]/g, "°F")
    .replace(/\[([a-z]+)(?:_[a-z]+)?\]/g, "$1")
    .replace(/\bdeg\b/g, "°")
    .replace(/Ohm/g, "Ω")
    .replace(/\bu(?=[a-zA-Z])/g, "µ")
    .replace(/\./g, "·")
    .replace(/([a-zA-Z°])(-?[1-9])/g, (_, letter, power) => letter + [...power].map((c) => RAISED[c] ?? c).join(""));
}

/** @param {PropertyValue["value"]} value @returns {string} */
export function valueText(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return String(value);
}

/** A name that may break between its words: `ThermalTransmittance`, `构件_编码`. @param {string} name */
function breakable(name) {
  return name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[_./])/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));
}

/** @param {string} name @param {PropertyValue} property */
function row(name, property) {
  const text = valueText(property.value);
  const unit = text && property.unit ? ` ${unitText(property.unit)}` : "";
  return h(
    "div",
    { class: "pair", title: property.type, data: { find: `${name} ${text}`.toLowerCase() } },
    h("dt", {}, ...breakable(name)),
    text ? h("dd", { class: typeof property.value === "number" ? "numeric" : "", text: text + unit }) : h("dd", { class: "none", text: t("noValue") }),
  );
}

/** @param {string} name @param {Record<string, PropertyValue>} set @param {boolean} open */
function setSection(name, set, open) {
  const entries = Object.entries(set);
  return h(
    "details",
    { class: "set", open },
    h("summary", {}, icon("chevron"), h("span", { class: "label", text: name }), h("span", { class: "count", text: number(entries.length) })),
    h("dl", { class: "pairs" }, ...entries.map(([key, property]) => row(key, property))),
  );
}

/**
 * All sets of an object; quantities after properties.
 * @param {Record<string, Record<string, PropertyValue>>} sets
 */
export function propertySections(sets) {
  const names = Object.keys(sets).sort((a, b) => Number(isQuantity(a)) - Number(isQuantity(b)));
  if (!names.length) return h("section", {}, h("p", { class: "hint", text: t("propertiesNone") }));
  const total = names.reduce((sum, name) => sum + Object.keys(sets[name]).length, 0);
  const sections = names.map((name, i) => setSection(name, sets[name], i < 3 || total <= FILTER_FROM));
  const none = h("p", { class: "hint", text: t("propertyFilterNone"), hidden: true });
  const box = h("input", { type: "search", class: "filter-box", placeholder: t("propertyFilter"), "aria-label": t("propertyFilter"), autocomplete: "off" });
  box.addEventListener("input", () => {
    none.hidden = filterSets(sections, box.value.trim().toLowerCase());
  });
  return h("section", { class: "sets" }, h("h3", { text: t("properties") }), total > FILTER_FROM ? box : null, ...sections, none);
}

const isQuantity = (/** @type {string} */ name) => /^(Qto_|BaseQuantities)/.test(name);

/** @param {HTMLDetailsElement[]} sections @param {string} text @returns {boolean} whether anything matches */
function filterSets(sections, text) {
  let any = false;
  for (const section of sections) {
    let here = false;
    for (const pair of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll(".pair"))) {
      pair.hidden = text !== "" && !pair.dataset.find?.includes(text);
      here ||= !pair.hidden;
    }
    section.hidden = !here;
    if (text && here) section.open = true;
    any ||= here;
  }
  return any;
}
