/** The card beside the scene: what the selected object or model is, and what can be done with it. */

import { ApiError } from "../api.js";
import { byId, h, icon, iconButton } from "../dom.js";
import { className, modelName, objectName, onLanguage, t } from "../i18n.js";
import { classIcon, isLayer } from "./labels.js";
import { skeletonRows } from "./list-parts.js";
import { modelSections } from "./model-card.js";
import { propertySections } from "./properties.js";
import { Readings } from "./readings.js";
import { ObjectAlarms } from "./alarms.js";
import { toast } from "./toast.js";

/** @typedef {import("../types").ObjectDetail} ObjectDetail */
/** @typedef {[string, string | null | undefined]} Pair */

export class Card {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = byId("card");
    /** @type {ObjectDetail | Error | null} */
    this.content = null;
    this.readings = new Readings(app.api);
    this.alarms = new ObjectAlarms(app);
    app.store.on(["selected"], ({ selected }) => {
      this.content = null;
      this.readings.watch(selected?.kind === "object" ? selected.id : null);
      this.alarms.watch(selected?.kind === "object" ? selected.id : null);
      this.draw();
      this.element.scrollTop = 0;
    });
    app.store.on(["filters", "models", "xray"], () => this.redraw());
    onLanguage(() => {
      this.readings.draw();
      this.alarms.draw();
      this.draw();
    });
  }

  /** @param {ObjectDetail | Error} content */
  show(content) {
    this.content = content;
    this.readings.owner = content instanceof Error ? "" : objectName(content);
    this.draw();
  }

  /** Draws again where it was: scroll, open sets and focus stay. */
  redraw() {
    const body = this.element.querySelector(".card-body");
    const top = body?.scrollTop ?? 0;
    const open = [...this.element.querySelectorAll("details")].map((set) => set.open);
    const focused = [...this.element.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    this.draw();
    this.element.querySelectorAll("details").forEach((set, i) => (set.open = open[i] ?? set.open));
    const now = this.element.querySelector(".card-body");
    if (now) now.scrollTop = top;
    if (focused >= 0) this.element.querySelectorAll("button")[focused]?.focus();
  }

  draw() {
    const { selected } = this.app.store.get();
    this.element.hidden = !selected;
    document.body.classList.toggle("card-open", Boolean(selected));
    if (!selected) return this.element.replaceChildren();
    this.element.setAttribute("aria-label", t("objectCard"));
    if (selected.kind === "model") return this.#drawModel(selected.id);
    if (!this.content) return this.element.replaceChildren(this.#head(t("loading"), ""), h("div", { class: "card-body", "aria-busy": "true" }, ...skeletonRows(6)));
    if (this.content instanceof Error) return this.#drawError(this.content);
    return this.#drawObject(this.content);
  }

  /** @param {string} title @param {string} kind @param {SVGSVGElement} [sign] */
  #head(title, kind, sign = icon("box")) {
    return h(
      "header",
      { class: "card-head" },
      h("span", { class: "card-sign" }, sign),
      h("div", { class: "card-title" }, h("h2", { text: title, title }), kind ? h("p", { class: "kind", text: kind }) : null),
      iconButton("close", t("close"), () => this.app.clearSelection()),
    );
  }

  /** @param {Error} error */
  #drawError(error) {
    const gone = error instanceof ApiError && error.status === 404;
    const body = h("div", { class: "list-state" }, icon(gone ? "search" : "server"), h("p", { text: gone ? t("objectGoneHint") : error.message === "unreachable" ? t("errorHint") : error.message }));
    if (!gone) body.append(h("button", { class: "button", type: "button", text: t("retry"), on: { click: () => void this.app.select(/** @type {{id: string}} */ (this.app.store.get().selected).id) } }));
    this.element.replaceChildren(this.#head(t(gone ? "objectGone" : "cardFailed"), ""), body);
  }

  /** @param {string} key */
  #drawModel(key) {
    const model = this.app.modelOf(key);
    if (!model) return this.app.clearSelection();
    const shown = !this.app.store.get().filters.hiddenModels.has(key);
    const actions = this.#actions([
      ["flyTo", t("flyTo"), () => void this.app.flyToModel(key)],
      [shown ? "eyeOff" : "eye", t(shown ? "hide" : "show"), () => this.app.showModel(key, !shown)],
      ["isolate", t("isolate"), () => this.app.isolateModel(key)],
      ["link", t("copyLink"), () => void copy(this.app.linkTo({ model: key }))],
    ]);
    return this.element.replaceChildren(this.#head(modelName(model), model.key === modelName(model) ? t("model") : `${t("model")} · ${model.key}`, icon(isLayer(model) ? "layers" : "building")), actions, h("div", { class: "card-body" }, ...modelSections(model)));
  }

  /** @param {ObjectDetail} detail */
  #drawObject(detail) {
    const shown = this.app.isShown(detail);
    const { xray } = this.app.store.get();
    const words = className(detail.class);
    const actions = this.#actions([
      ["flyTo", t("flyTo"), () => void this.app.flyToObject(detail), !detail.bounds],
      [shown ? "eyeOff" : "eye", t(shown ? "hide" : "show"), () => void this.app.showObject(detail, !shown)],
      ["isolate", t("isolate"), () => void this.app.isolate(detail)],
      ["xray", t("xray"), () => this.app.toggleXray(), this.app.scene === null, xray],
      ["link", t("copyLink"), () => void copy(this.app.linkTo({ object: detail.id }))],
    ]);
    const kind = words === detail.class ? words : `${words} · ${detail.class}`;
    const body = h("div", { class: "card-body" }, this.#path(detail), detail.bounds ? null : h("p", { class: "hint notice", text: t("notDrawn") }), this.alarms.element, this.readings.element, this.#identity(detail), propertySections(detail.properties), ...lists(detail), this.#sameAs(detail));
    return this.element.replaceChildren(this.#head(objectName(detail), kind, icon(classIcon(detail.class))), actions, body);
  }

  /** @param {[import("../dom.js").IconName, string, () => void, boolean?, boolean?][]} list icon, text, act, disabled, pressed */
  #actions(list) {
    const buttons = list.map(([sign, label, act, disabled, pressed]) =>
      h("button", { class: `action${pressed ? " on" : ""}`, type: "button", disabled, "aria-pressed": pressed, on: { click: act } }, icon(sign), h("span", { text: label })),
    );
    return h("div", { class: "actions" }, ...buttons);
  }

  /** @param {ObjectDetail} detail */
  #path(detail) {
    const model = this.app.modelOf(detail.model);
    // A project is the model once more.
    const steps = detail.path.filter(({ class: ifcClass }) => ifcClass !== "IfcProject" || !model).map((step) => h("li", {}, h("button", { class: "crumb", type: "button", text: objectName(step), title: className(step.class), on: { click: () => void this.app.select(step.id) } })));
    const first = model ? [h("li", {}, h("button", { class: "crumb", type: "button", text: this.app.labelOf(model), title: t("model"), on: { click: () => this.app.selectModel(model.key) } }))] : [];
    return h("nav", { "aria-label": t("where") }, h("ol", { class: "path" }, ...first, ...steps));
  }

  /** @param {ObjectDetail} detail */
  #identity(detail) {
    const known = /** @type {import("../i18n.js").Key} */ (`discipline_${detail.discipline}`);
    const discipline = t(known) === known ? detail.discipline : t(known);
    const id = h("div", { class: "pair" }, h("dt", { text: t("globalId") }), h("dd", { class: "id" }, h("code", { text: detail.global_id }), iconButton("copy", t("copyId"), () => void copy(detail.global_id), { class: "small" })));
    /** @type {Pair[]} */
    const rows = [
      [t("longName"), detail.long_name],
      [t("description"), detail.description],
      [t("storey"), detail.storey_name],
      [t("typeName"), detail.type_name],
      [t("objectType"), detail.object_type],
      [t("predefinedType"), detail.predefined_type],
      [t("tag"), detail.tag],
      [t("discipline"), detail.discipline === "other" ? null : discipline],
    ];
    return h("section", {}, h("h3", { text: t("identity") }), h("dl", { class: "pairs" }, id, ...pairs(rows)));
  }

  /** @param {ObjectDetail} detail */
  #sameAs(detail) {
    if (!detail.same_as.length) return null;
    const nameOf = (/** @type {string} */ id) => {
      const model = this.app.modelOf(id.slice(0, id.indexOf("/")));
      return model ? modelName(model) : id;
    };
    const items = detail.same_as.map((id) => h("li", {}, h("button", { class: "crumb", type: "button", text: nameOf(id), title: id, on: { click: () => void this.app.select(id) } })));
    return h("section", {}, h("h3", { text: t("sameAs") }), h("ul", { class: "plain" }, ...items));
  }
}

/** Rows that have a value. @param {Pair[]} rows */
export function pairs(rows) {
  return rows.filter(([, value]) => value).map(([name, value]) => h("div", { class: "pair" }, h("dt", { text: name }), h("dd", { text: value })));
}

/** Materials, classifications, groups. @param {ObjectDetail} detail */
function lists(detail) {
  const section = (/** @type {string} */ title, /** @type {HTMLElement[]} */ items) => (items.length ? h("section", {}, h("h3", { text: title }), h("ul", { class: "plain" }, ...items)) : null);
  return [
    section(t("materials"), detail.materials.map((name) => h("li", { text: name }))),
    section(t("classifications"), detail.classifications.map(({ system, code, name }) => h("li", {}, h("span", { text: [code, name].filter(Boolean).join(" ") }), system ? h("span", { class: "raw", text: system }) : null))),
    section(t("groups"), detail.groups.map(({ kind, name }) => h("li", {}, h("span", { text: name || t("unnamed") }), kind ? h("span", { class: "raw", text: className(kind) }) : null))),
  ];
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("copyFailed"), "warning");
  }
}
