/** Small shared pieces: the placement badge, icons by class, kinds of themes. */

import { h, icon } from "../dom.js";
import { t } from "../i18n.js";

/** Confidence that needs no word beside the name. */
const QUIET = new Set(["high", "medium"]);

/**
 * How sure the model's place is. In lists only doubt is shown; with words in the card.
 * @param {import("../types").Model} model
 * @param {boolean} [short]
 */
export function badge(model, short = false) {
  const confidence = model.placement?.confidence ?? "none";
  if (short && QUIET.has(confidence)) return null;
  const text = t(/** @type {import("../i18n.js").Key} */ (`confidence_${confidence}`));
  const title = [text, ...(model.placement?.warnings ?? [])].join("\n");
  const sign = confidence === "high" ? "check" : confidence === "medium" ? "info" : "warning";
  return h("span", { class: `badge badge-${confidence}${short ? " badge-short" : ""}`, title, "aria-label": short ? text : null }, icon(sign), short ? null : h("span", { text }));
}

/** Whether a model is of the town around buildings. @param {import("../types").Model} model */
export const isLayer = ({ kind }) => kind === "gis" || kind === "osm";

/** Whether a theme only knows no and yes. @param {import("../types").Theme} theme */
export const isSwitch = ({ unit, low, high }) => unit === null && low === 0 && high === 1;

/** @type {[RegExp, import("../dom.js").IconName][]} */
const BY_CLASS = [
  [/^IfcProject$/, "globe"],
  [/^IfcSite|Geographic|Earthworks/, "site"],
  [/^Ifc(Building|Facility\w*|Bridge|Road|Railway|Tunnel)$/, "building"],
  [/Storey|Part$/, "layers"],
  [/^IfcSpace|Zone/, "space"],
  [/Pipe|Duct|Cable|Flow|Valve|Pump|Fitting|Segment/, "pipe"],
  [/Sensor|Alarm|Meter|Actuator|Controller|Instrument/, "tag"],
];

/** @param {string} name @returns {import("../dom.js").IconName} */
export function classIcon(name) {
  return BY_CLASS.find(([pattern]) => pattern.test(name))?.[1] ?? "box";
}

/** A name, an address or an action as parts of an element: long ones break between their words. @param {string} name @returns {(string | HTMLElement)[]} */
export function breakable(name) {
  return name.split(/(?<=_)|(?<=[/.])(?=[a-z])/i).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));
}
