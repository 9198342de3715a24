/** The inputs that suit a signal's type: buttons for few choices, else a field, with a slider where the signal has a range. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { unitText } from "./properties.js";

/** @typedef {import("../types").Signal} Signal */
/** @typedef {boolean | number | string} Value */

/** More choices than these make a list instead of buttons. */
const MOST_BUTTONS = 4;
/** Steps of a slider over the whole range. */
const SLIDER_STEPS = 100;

/** What buttons there are for a signal; null: it is set by a field. @param {Signal} signal @returns {[Value, string][] | null} */
export function choicesOf({ type, choices }) {
  if (type === "boolean") return [[false, t("off")], [true, t("on")]];
  return type === "enum" && choices.length <= MOST_BUTTONS ? choices.map((choice) => [choice, choice]) : null;
}

/**
 * @param {[Value, string][]} choices
 * @param {{ pressed: Value | null, label: string, disabled?: boolean, onChoose: (value: Value) => void }} options
 */
export function choiceButtons(choices, { pressed, label, disabled = false, onChoose }) {
  const buttons = choices.map(([value, text]) => h("button", { type: "button", class: "choice", text, "aria-disabled": disabled, "aria-pressed": value === pressed, on: { click: () => onChoose(value) } }));
  return h("div", { class: "choices", role: "group", "aria-label": label }, ...buttons);
}

/**
 * Field named `value` of everything that has no buttons. `above`: a slider that follows it.
 * @param {Signal} signal
 * @returns {{ above: HTMLElement[], beside: HTMLElement[] }}
 */
export function valueFields(signal) {
  const { type, choices, value } = signal;
  if (type === "enum") return { above: [], beside: [h("select", { class: "field", name: "value", "aria-label": t("commandValue") }, ...choices.map((choice) => h("option", { value: choice, text: choice, selected: choice === value })))] };
  if (type === "text") return { above: [], beside: [h("input", { class: "field", name: "value", required: true, value: value ?? "", "aria-label": t("commandValue") })] };
  return numberFields(signal);
}

/** @param {Signal} signal */
function numberFields({ name, type, range, unit, value: reported }) {
  const [low, high] = range ?? [null, null];
  const whole = type === "integer";
  const value = typeof reported === "number" ? reported : "";
  const field = h("input", { class: "field number", type: "number", name: "value", required: true, value, min: low, max: high, step: whole ? 1 : "any", "aria-label": t("commandValue") });
  const beside = [field, h("span", { class: "raw", text: unit ? unitText(unit) : "" })];
  if (low === null || high === null) return { above: [], beside };
  const step = whole ? Math.max(1, Math.round((high - low) / SLIDER_STEPS)) : (high - low) / SLIDER_STEPS;
  const slider = h("input", { class: "value-slider", type: "range", min: low, max: high, step, value: value === "" ? low : value, "aria-label": t("commandNamed", { name }) });
  slider.addEventListener("input", () => {
    field.value = slider.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  field.addEventListener("input", () => (slider.value = field.value));
  return { above: [slider], beside };
}

/** What stands in the field named `value`. @param {HTMLFormElement} form @param {Signal} signal @returns {Value} */
export function fieldValue(form, { type }) {
  const text = new FormData(form).get("value");
  return type === "number" || type === "integer" ? Number(text) : String(text);
}

/** Makes a request that is repeated on the way the same one. `crypto.randomUUID` is kept from pages on plain http, which sites without internet have. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
