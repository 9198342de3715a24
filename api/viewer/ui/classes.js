/** Classes of all models with their counts, each with a check box. */

import { h, icon } from "../dom.js";
import { className, count, onLanguage, t } from "../i18n.js";
import { withMember } from "../state.js";
import { listState, skeletonRows } from "./list-parts.js";

/** @typedef {import("../types").ClassCount} ClassCount */

/** Rooms have a switch of their own, off at first; its row here is the same switch. */
const ROOMS = "IfcSpace";

export class ClassList {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = h("div", { class: "list" });
    /** @type {ClassCount[] | null} */
    this.rows = null;
    this.asked = "";
    onLanguage(() => this.draw());
    app.store.on(["filters"], () => this.draw());
  }

  /** Fetches the counts once the list is looked at, and again when the models changed. */
  async shown() {
    const { models } = this.app.store.get();
    const key = models.map((model) => `${model.key}@${model.revision}`).join();
    if (key === this.asked) return;
    this.asked = key;
    this.rows = null;
    this.draw();
    try {
      const lists = await Promise.all(models.map((model) => this.app.api.classes(model.key)));
      this.rows = merge(lists.flat());
      this.draw();
    } catch (error) {
      this.asked = "";
      this.element.replaceChildren(listState("warning", /** @type {Error} */ (error).message, () => this.shown()));
    }
  }

  draw() {
    if (!this.rows) {
      this.element.replaceChildren(...skeletonRows(8));
      return;
    }
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.focus;
    const drawn = this.rows.filter((row) => row.drawn > 0);
    const { hiddenClasses, spaces } = this.app.store.get().filters;
    const head = h(
      "div",
      { class: "list-head" },
      h("button", { class: "text-button", type: "button", text: t("showAll"), disabled: !hiddenClasses.size, on: { click: () => this.#hide([]) } }),
      h("button", { class: "text-button", type: "button", text: t("hideAll"), on: { click: () => this.#hide(drawn.map((row) => row.class)) } }),
    );
    const rows = drawn.map((row) => this.#row(row, hiddenClasses.has(row.class) || (row.class === ROOMS && !spaces)));
    this.element.replaceChildren(...(drawn.length ? [head, h("ul", { class: "checks" }, ...rows)] : [listState("info", t("classesNone"))]));
    if (focused) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-focus="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {ClassCount} row @param {boolean} hidden */
  #row(row, hidden) {
    const name = className(row.class);
    const title = row.count > row.drawn ? `${row.class}\n${t("notDrawnHint", { n: row.count - row.drawn })}` : row.class;
    const raw = row.class.replace(/^Ifc/, "");
    const box = h("input", { type: "checkbox", "aria-label": name, data: { focus: row.class }, on: { change: () => this.#toggle(row.class, hidden) } });
    box.checked = !hidden;
    return h(
      "li",
      { class: hidden ? "off" : "" },
      h("label", { title }, box, h("span", { class: "label", text: name }), raw.toLowerCase() === name.replaceAll(" ", "").toLowerCase() ? null : h("span", { class: "raw", text: raw })),
      h("button", { class: "row-button only", type: "button", "aria-label": t("onlyNamed", { name }), title: t("onlyThis"), on: { click: () => this.#only(row.class) } }, icon("isolate")),
      h("span", { class: "count", text: count(row.drawn) }),
    );
  }

  /** @param {string} name @param {boolean} shown */
  #toggle(name, shown) {
    if (name === ROOMS) this.app.store.filter({ spaces: shown });
    if (name === ROOMS && !shown) return;
    this.#hide(withMember(this.app.store.get().filters.hiddenClasses, name, !shown));
  }

  /** @param {string} name */
  #only(name) {
    if (name === ROOMS) this.app.store.filter({ spaces: true });
    this.#hide((this.rows ?? []).map((row) => row.class).filter((other) => other !== name));
  }

  /** @param {Iterable<string>} names */
  #hide(names) {
    this.app.store.filter({ hiddenClasses: new Set(names) });
  }
}

/** Sums over models, most frequent first. @param {ClassCount[]} rows @returns {ClassCount[]} */
function merge(rows) {
  /** @type {Map<string, ClassCount>} */
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(row.class);
    if (sum) Object.assign(sum, { count: sum.count + row.count, drawn: sum.drawn + row.drawn });
    else sums.set(row.class, { ...row });
  }
  return [...sums.values()].sort((a, b) => b.drawn - a.drawn);
}
