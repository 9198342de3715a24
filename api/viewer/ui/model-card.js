/** A model's card: where it came from, what was drawn, where it was put and how sure that is. */

import { h, icon } from "../dom.js";
import { count, dateTime, number, t } from "../i18n.js";
import { badge } from "./labels.js";

/** @typedef {import("../types").Model} Model */

/** @param {string} name @param {string | null | undefined} value */
function pair(name, value) {
  return value ? h("div", { class: "pair" }, h("dt", { text: name }), h("dd", { text: value })) : null;
}

/** @param {Model} model */
export function modelSections(model) {
  const file = model.source.split(/[\\/]/).at(-1) ?? model.source;
  const about = h(
    "section",
    {},
    h("h3", { text: t("identity") }),
    h("dl", { class: "pairs" }, pair(t("source"), file), pair(t("schema"), model.schema), pair(t("revision"), String(model.revision)), pair(t("importedAt"), dateTime(model.imported_at))),
  );
  const missing = Object.entries(model.not_drawn).filter(([, n]) => n > 0);
  const drawn = h(
    "section",
    {},
    h("h3", { text: t("objects") }),
    h("dl", { class: "pairs" }, pair(t("objects"), count(model.objects)), pair(t("drawn"), count(model.drawn)), ...missing.map(([reason, n]) => pair(`${t("notDrawnTitle")}: ${reason}`, count(n)))),
  );
  return [placement(model), about, drawn, warnings(model.warnings)];
}

/** @param {Model} model */
function placement(model) {
  const { crs, used, origin, found = [], warnings: doubts = [] } = model.placement ?? {};
  const place = origin ? origin.map((value) => number(value, { maximumFractionDigits: 6 })).join(", ") : null;
  const rows = found.map(({ what, values, used: taken, reason }) => {
    const text = Object.entries(values ?? {}).map(([name, value]) => `${name} ${typeof value === "number" ? number(value, { maximumFractionDigits: 6 }) : String(value)}`).join(", ");
    return h("li", {}, h("span", {}, h("strong", { text: what }), taken ? h("span", { class: "tag", text: t("foundUsed") }) : null), text ? h("span", { class: "raw", text }) : null, reason ? h("span", { class: "raw", text: reason }) : null);
  });
  return h(
    "section",
    {},
    h("h3", { text: t("placement") }),
    badge(model),
    ...doubts.map((text) => h("p", { class: "hint notice" }, icon("warning"), h("span", { text }))),
    h("dl", { class: "pairs" }, pair(t("crs"), crs), pair(t("placedBy"), used), pair(t("origin"), place)),
    rows.length ? h("details", { class: "set" }, h("summary", {}, icon("chevron"), h("span", { class: "label", text: t("found") })), h("ul", { class: "plain" }, ...rows)) : null,
  );
}

/** @param {string[]} list */
function warnings(list) {
  if (!list.length) return null;
  return h("section", {}, h("h3", { text: t("warnings") }), h("ul", { class: "plain" }, ...list.map((text) => h("li", { text }))));
}
