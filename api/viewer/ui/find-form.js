/** What is looked for: where, of which class, on which storey; the area is drawn in the scene. */

import { byId, h } from "../dom.js";
import { className, nameInLanguage, onLanguage, t } from "../i18n.js";
import { crossesItself } from "../find/question.js";
import { openSheet, snapSheet } from "./sheet.js";
import { toast } from "./toast.js";

/** @typedef {import("../find/question.js").Question} Question */
/** @typedef {Question["where"]} Where */

export class FindForm {
  /** @type {Where} */
  #where = "all";
  /** @type {[number, number][] | null} */
  #corners = null;
  /** @type {string[]} */
  #classes = [];
  #asked = "";

  /** @param {import("../app.js").App} app @param {() => void} find */
  constructor(app, find) {
    this.app = app;
    this.find = find;
    this.places = h("div", { class: "choices wide", role: "group" });
    this.class = h("select", { class: "field", id: "find-class" });
    this.storey = h("select", { class: "field", id: "find-storey" });
    this.filtered = h("input", { type: "checkbox", id: "find-filtered" });
    this.submit = h("button", { class: "button small", type: "submit" });
    this.labels = [h("label", { for: "find-class" }), h("label", { for: "find-storey" }), h("label", { for: "find-filtered" })];
    this.element = h(
      "form",
      { class: "find-form", on: { submit: (/** @type {Event} */ event) => this.#submitted(event) } },
      this.places,
      h("div", { class: "find-field" }, this.labels[0], this.class),
      h("div", { class: "find-field" }, this.labels[1], this.storey),
      h("div", { class: "find-last" }, h("span", { class: "find-check" }, this.filtered, this.labels[2]), this.submit),
    );
    this.bar = h("div", { class: "draw-bar", role: "toolbar", hidden: true });
    byId("stage").append(this.bar);
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    app.store.on(["storeys"], () => this.#draw());
    onLanguage(() => this.#draw());
    this.#draw();
  }

  /** Loads what can be chosen. */
  async shown() {
    void this.app.loadStoreys();
    const { models } = this.app.store.get();
    const key = models.map((model) => `${model.key}@${model.revision}`).join();
    if (key === this.#asked) return;
    this.#asked = key;
    const lists = await Promise.all(models.map((model) => this.app.api.classes(model.key).catch(() => [])));
    this.#classes = [...new Set(lists.flat().map((row) => row.class))];
    this.#draw();
  }

  #draw() {
    const { storeys } = this.app.store.get();
    /** @type {[Where, string][]} */
    const places = [["all", t("findAll")], ["view", t("findView")], ["area", t("findArea")]];
    this.places.setAttribute("aria-label", t("findWhere"));
    this.places.replaceChildren(...places.map(([where, text]) => h("button", { type: "button", class: "choice", text, "aria-pressed": where === this.#where, on: { click: () => this.#choose(where) } })));
    const names = this.#classes.map((name) => /** @type {[string, string]} */ ([name, className(name)])).sort(([, a], [, b]) => a.localeCompare(b));
    fill(this.class, [["", t("findAnyClass")], ...names]);
    /** @type {Map<string, string>} */
    const levels = new Map();
    for (const storey of Object.values(storeys).flat()) levels.set(storey.id.slice(storey.id.indexOf("/") + 1), nameInLanguage(storey));
    fill(this.storey, [["", t("findAnyStorey")], ...levels]);
    this.storey.disabled = !levels.size;
    this.labels.forEach((label, i) => (label.textContent = t(/** @type {const} */ (["objectClass", "storey", "findFiltered"])[i])));
    this.submit.textContent = t("findGo");
    this.#drawBar(null);
  }

  /** @param {Where} where */
  #choose(where) {
    this.#where = where;
    const area = this.app.scene?.area;
    if (where === "area") this.#startDrawing();
    else {
      this.#corners = null;
      area?.clear();
      this.bar.hidden = true;
    }
    this.#draw();
    if (where === "area" && !this.bar.hidden) this.#drawBar(0);
  }

  #startDrawing() {
    const area = this.app.scene?.area;
    if (!area) {
      this.#where = "all";
      return toast(t("sceneFailedTitle"), "warning");
    }
    this.#corners = null;
    this.bar.hidden = false;
    byId("scene").focus();
    snapSheet("peek");
    return area.start(({ corners, n }) => {
      if (!corners) return this.#drawBar(n);
      if (crossesItself(corners)) {
        toast(t("findCrossed"), "warning");
        return this.#choose("area");
      }
      this.#corners = corners;
      this.bar.hidden = true;
      openSheet();
      return this.find();
    });
  }

  /** @param {number | null} n corners; null: as many as there were */
  #drawBar(n) {
    if (this.bar.hidden) return;
    this.corners = n ?? this.corners ?? 0;
    const area = this.app.scene?.area;
    const button = (/** @type {string} */ text, /** @type {() => void} */ click, disabled = false, kind = "text-button") => h("button", { class: kind, type: "button", text, disabled, on: { click } });
    this.bar.setAttribute("aria-label", t("findDraw"));
    this.bar.replaceChildren(
      h("span", { class: "draw-hint", role: "status", text: this.corners ? t("findCorners", { n: this.corners }) : t("findDraw") }),
      button(t("findUndo"), () => area?.undo(), !this.corners),
      button(t("findCancel"), () => this.#choose("all")),
      button(t("findDone"), () => area?.finish(), this.corners < 3, "button small"),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const area = this.app.scene?.area;
    if (!area?.drawing) return;
    const act = { Escape: () => this.#choose("all"), Enter: () => area.finish(), Backspace: () => area.undo() }[event.key];
    // A button that has the focus keeps its Enter.
    if (!act || (event.key !== "Escape" && /** @type {HTMLElement} */ (event.target).closest?.("button, input, select"))) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    if (this.#where === "area" && !this.#corners) return;
    this.find();
  }

  /** What is asked for now. @returns {Promise<Question>} */
  async question() {
    await this.app.loadStoreys();
    const corners = this.#where === "view" ? (this.app.scene?.areaInView() ?? []) : (this.#corners ?? []);
    return { where: this.#where, corners, class: this.class.value, storey: this.storey.value, filtered: this.filtered.checked };
  }
}

/** Options anew, what was chosen kept. @param {HTMLSelectElement} select @param {[string, string][]} options */
function fill(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => h("option", { value, text })));
  select.value = options.some(([value]) => value === chosen) ? chosen : "";
}
