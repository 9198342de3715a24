/** The search box and its results: a combobox with a list box (WAI-ARIA). Typing asks the server; the last question wins. */

import { byId, debounce, h, icon, iconButton } from "../dom.js";
import { className, objectName, onLanguage, t } from "../i18n.js";
import { classIcon } from "./labels.js";
import { listState, skeletonRows } from "./list-parts.js";

/** @typedef {import("../types").TwinObject} TwinObject */

const PAGE = 30;
const TYPING_MS = 220;

export class Search {
  /**
   * @param {import("../app.js").App} app
   * @param {(open: boolean) => void} onOpen results cover the lists, or no longer
   */
  constructor(app, onOpen) {
    this.app = app;
    this.onOpen = onOpen;
    /** @type {TwinObject[]} */
    this.items = [];
    /** @type {string | null} */
    this.next = null;
    this.current = -1;
    this.input = h("input", {
      type: "search", id: "search-input", autocomplete: "off", spellcheck: "false", enterkeyhint: "search",
      role: "combobox", "aria-expanded": "false", "aria-controls": "search-results", "aria-autocomplete": "list",
      on: { input: () => this.#typed(), keydown: (/** @type {KeyboardEvent} */ e) => this.#key(e) },
    });
    this.clearButton = iconButton("close", t("searchClear"), () => this.clear(), { class: "clear", hidden: true });
    this.hint = h("kbd", { text: "/", "aria-hidden": "true" });
    byId("search").append(icon("search"), this.input, this.hint, this.clearButton);
    // The list holds results alone: what is said of them, and the button for more, stand beside it.
    this.list = h("div", { id: "search-results", role: "listbox" });
    this.element = h("div", { class: "results", hidden: true }, this.list);
    this.ask = debounce(() => this.#ask(), TYPING_MS);
    onLanguage(() => this.#label());
    this.#label();
    app.store.on(["selected"], () => this.element.hidden || this.#draw());
  }

  #label() {
    this.input.placeholder = t("searchPlaceholder");
    this.input.setAttribute("aria-label", t("searchLabel"));
    this.list.setAttribute("aria-label", t("searchResults"));
    this.clearButton.setAttribute("aria-label", t("searchClear"));
    this.clearButton.title = t("searchClear");
    if (!this.element.hidden && this.items.length) this.#draw();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  clear() {
    this.input.value = "";
    this.#typed();
    this.input.focus();
  }

  #typed() {
    const empty = !this.input.value.trim();
    this.clearButton.hidden = empty;
    this.hint.hidden = !empty;
    this.#open(!empty);
    if (empty) this.asking?.abort();
    else {
      if (!this.items.length) this.#put([], ...skeletonRows(5));
      this.ask();
    }
  }

  /** @param {boolean} open */
  #open(open) {
    this.element.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.items = [];
    this.onOpen(open);
  }

  /** @param {string | null} [cursor] */
  async #ask(cursor = null) {
    const q = this.input.value.trim();
    if (!q) return;
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const page = await this.app.api.search({ q, model: this.app.onlyModel, limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      if (!cursor) this.current = -1;
      this.#draw();
    } catch {
      if (!signal.aborted) this.#put([], listState("server", t("searchFailed"), () => this.#ask(cursor)));
    }
  }

  /** @param {Node[]} rows @param {...Node} rest */
  #put(rows, ...rest) {
    this.list.replaceChildren(...rows);
    this.element.replaceChildren(this.list, ...rest);
  }

  #draw() {
    const q = this.input.value.trim();
    if (!this.items.length) {
      this.#put([], listState("search", t("searchNone", { q }), null, t("searchNoneHint")));
      return;
    }
    const { selected } = this.app.store.get();
    const rows = this.items.map((item, i) => this.#row(item, i, q, selected?.id === item.id));
    const more = this.next ? h("button", { class: "text-button more", type: "button", text: t("searchMore"), on: { click: () => this.#ask(this.next) } }) : null;
    this.#put(rows, ...(more ? [more] : []));
    const active = rows[this.current];
    if (active) {
      this.input.setAttribute("aria-activedescendant", active.id);
      active.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {string} key */
  #modelName(key) {
    const model = this.app.modelOf(key);
    return model && this.app.labelOf(model);
  }

  /**
   * @param {TwinObject} item
   * @param {number} i
   * @param {string} q
   * @param {boolean} selected
   */
  #row(item, i, q, selected) {
    const model = this.app.store.get().models.length > 1 ? this.#modelName(item.model) : "";
    const where = [className(item.class), item.storey_name, model].filter(Boolean).join(" · ");
    return h(
      "div",
      { class: `result${i === this.current ? " current" : ""}${selected ? " selected" : ""}`, role: "option", id: `result-${i}`, "aria-selected": selected, on: { click: () => this.#choose(i) } },
      h("span", { class: "kind-icon" }, icon(classIcon(item.class))),
      h("span", { class: "result-text" }, h("span", { class: "label" }, ...marked(objectName(item), q)), h("span", { class: "where", text: where })),
    );
  }

  /** @param {number} i */
  #choose(i) {
    const item = this.items[i];
    if (!item) return;
    this.current = i;
    void this.app.select(item.id, { fly: true });
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.items.length) {
      event.preventDefault();
      this.current = Math.min(this.items.length - 1, Math.max(0, this.current + step));
      this.#draw();
    } else if (event.key === "Enter" && this.items.length) {
      event.preventDefault();
      this.#choose(Math.max(0, this.current));
    } else if (event.key === "Escape" && this.input.value) {
      event.stopPropagation();
      this.clear();
    }
  }
}

/** The text with what was searched for marked. @param {string} text @param {string} q @returns {(Node | string)[]} */
function marked(text, q) {
  const at = text.toLowerCase().indexOf(q.toLowerCase());
  if (at < 0) return [text];
  return [text.slice(0, at), h("mark", { text: text.slice(at, at + q.length) }), text.slice(at + q.length)];
}
