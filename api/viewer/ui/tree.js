/**
 * The tree of models and their parts: an ARIA tree of which only the rows in sight are elements. Focus stays on the tree;
 * `aria-activedescendant` names the current row (WAI-ARIA, tree view pattern).
 */

import { byId, h, icon } from "../dom.js";
import { className, count, language, objectName, onLanguage, t } from "../i18n.js";
import { badge, classIcon, isLayer } from "./labels.js";
import { TreeModel } from "./tree-model.js";

/** @typedef {import("./tree-model.js").Node} Node */

const ROW_PX = 34;
const TOUCH_ROW_PX = 44;
const SPARE_ROWS = 8;

export class Tree {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.rowPx = matchMedia("(pointer: coarse)").matches ? TOUCH_ROW_PX : ROW_PX;
    this.model = new TreeModel({ roots: (key, next) => app.api.roots(key, next), children: (id, next) => app.api.children(id, next) }, () => this.#changed());
    /** @type {Node[]} */
    this.rows = [];
    /** @type {string | null} */
    this.current = null;
    /** Rows drawn now, by id. @type {Map<string, { face: string, element: HTMLElement }>} */
    this.elements = new Map();
    this.inner = h("div", { class: "tree-inner", role: "none" });
    this.element = h(
      "div",
      { class: "tree", role: "tree", tabindex: 0, id: "tree", on: { keydown: (/** @type {KeyboardEvent} */ e) => this.#key(e), focus: () => this.#ensureCurrent() } },
      this.inner,
    );
    onLanguage(() => this.#label());
    this.#label();
    app.store.on(["models"], () => this.#models(app.inOrder()));
    app.store.on(["filters", "selected"], () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** Listens to the scrolling box that holds the tree. @param {HTMLElement} scroller */
  scrollIn(scroller) {
    this.scroller = scroller;
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  #label() {
    this.element.setAttribute("aria-label", t("tree"));
    this.model.setModels(this.app.inOrder());
    this.draw();
  }

  /** @param {import("../types").Model[]} models */
  #models(models) {
    this.model.setModels(models);
    if (models.length === 1) void this.model.open(this.model.top[0]);
  }

  #changed() {
    this.rows = this.model.rows();
    this.draw();
  }

  /** Draws the rows in sight. */
  draw() {
    const { scroller, rowPx, rows } = this;
    if (!scroller || !this.element.offsetParent) return;
    this.inner.style.height = `${rows.length * rowPx}px`;
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowPx) - SPARE_ROWS);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowPx) + SPARE_ROWS);
    const { selected } = this.app.store.get();
    const drawn = rows.slice(first, last).map((node, i) => this.#reused(node, first + i, selected));
    this.#place(drawn);
    this.element.toggleAttribute("aria-activedescendant", false);
    const currentIndex = rows.findIndex((node) => node.id === this.current);
    if (currentIndex >= first && currentIndex < last) this.element.setAttribute("aria-activedescendant", rowId(currentIndex));
  }

  /**
   * The row's element, the same as before while nothing about it changed: an element that is replaced between press and
   * release never gets its click.
   * @param {Node} node
   * @param {number} index
   * @param {import("../types").AppState["selected"]} selected
   */
  #reused(node, index, selected) {
    const siblings = node.parent?.children?.length ?? this.model.top.length;
    const face = [language(), index, node.open, node.expandable, siblings, this.#isShown(node), node.model?.name].join("\n");
    const known = this.elements.get(node.id);
    const element = known?.face === face ? known.element : this.#row(node, index);
    if (element !== known?.element) this.elements.set(node.id, { face, element });
    const chosen = selected !== null && (node.kind === "model" ? selected.kind === "model" && node.model?.key === selected.id : node.id === selected.id);
    element.classList.toggle("selected", chosen);
    element.classList.toggle("current", node.id === this.current);
    element.setAttribute("aria-selected", String(chosen));
    return element;
  }

  /** Makes these the children, touching only what differs. @param {HTMLElement[]} wanted */
  #place(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.inner.children]) if (!keep.has(/** @type {HTMLElement} */ (child))) child.remove();
    wanted.forEach((element, i) => {
      if (this.inner.children[i] !== element) this.inner.insertBefore(element, this.inner.children[i] ?? null);
    });
    for (const [id, { element }] of this.elements) if (!keep.has(element)) this.elements.delete(id);
  }

  /** @param {Node} node @param {number} index */
  #row(node, index) {
    const siblings = node.parent ? node.parent.children ?? [] : this.model.top;
    const hidden = !this.#isShown(node);
    const row = h(
      "div",
      {
        class: `row ${node.kind}${hidden ? " off" : ""}`,
        role: "treeitem",
        id: rowId(index),
        "aria-level": node.level,
        "aria-setsize": siblings.length,
        "aria-posinset": siblings.indexOf(node) + 1,
        "aria-expanded": node.expandable ? node.open : null,
        "aria-busy": node.kind === "loading" || null,
        data: { id: node.id },
        on: { click: (/** @type {MouseEvent} */ e) => this.#click(e, node), dblclick: () => this.#fly(node) },
      },
      ...this.#content(node, hidden),
    );
    row.style.transform = `translateY(${index * this.rowPx}px)`;
    row.style.height = `${this.rowPx}px`;
    row.style.setProperty("--level", String(node.level - 1));
    return row;
  }

  /** @param {Node} node @param {boolean} hidden */
  #content(node, hidden) {
    if (node.kind === "loading") return [h("span", { class: "skeleton", "aria-label": t("loading") })];
    if (node.kind === "failed") return [icon("warning"), h("span", { class: "label", text: t("treeFailed") })];
    if (node.kind === "more") {
      const loaded = (node.parent?.children?.length ?? 1) - 1;
      return [h("span", { class: "label link", text: t("loadMore", { n: loaded }) })];
    }
    const name = node.model ? this.app.labelOf(node.model) : node.object ? objectName(node.object) : "";
    const kind = node.object ? className(node.object.class) : "";
    const eye = h("button", { class: "row-button eye", type: "button", tabindex: -1, "aria-label": t(hidden ? "showNamed" : "hideNamed", { name }), title: t(hidden ? "show" : "hide") }, icon(hidden ? "eyeOff" : "eye"));
    return [
      h("span", { class: `twist${node.expandable ? "" : " none"}${node.open ? " open" : ""}` }, icon("chevron")),
      node.object ? h("span", { class: "kind-icon" }, icon(classIcon(node.object.class))) : h("span", { class: "kind-icon model-icon" }, icon(node.model && isLayer(node.model) ? "layers" : "building")),
      h("span", { class: "label", text: name, title: node.model ? `${name} · ${node.model.key}` : `${name} · ${kind}` }),
      node.model ? badge(node.model, true) : null,
      node.model ? h("span", { class: "count", text: count(node.model.objects) }) : h("span", { class: "kind", text: kind === name ? "" : kind }),
      eye,
    ];
  }

  /** @param {Node} node */
  #isShown(node) {
    if (node.model) return !this.app.store.get().filters.hiddenModels.has(node.model.key);
    return node.object ? this.app.isShown(node.object) : true;
  }

  /** @param {MouseEvent} event @param {Node} node */
  #click(event, node) {
    const target = /** @type {Element} */ (event.target);
    this.current = node.id;
    if (target.closest(".eye")) return this.#toggleShown(node);
    if (target.closest(".twist") && node.expandable) return this.model.toggle(node);
    return this.#activate(node);
  }

  /** @param {Node} node */
  #toggleShown(node) {
    const shown = !this.#isShown(node);
    if (node.model) this.app.showModel(node.model.key, shown);
    else if (node.object) void this.app.showObject(node.object, shown);
  }

  /** @param {Node} node */
  #activate(node) {
    if (node.kind === "more" || node.kind === "failed") return this.model.follow(node);
    if (node.model) {
      this.app.selectModel(node.model.key);
      return node.open ? undefined : this.model.open(node);
    }
    if (node.object) {
      void this.app.select(node.object.id);
      if (node.expandable && !node.open) return this.model.open(node);
    }
    this.draw();
    return undefined;
  }

  /** @param {Node} node */
  #fly(node) {
    void (node.model ? this.app.flyToModel(node.model.key) : this.app.flyToBounds(node.object?.bounds ?? null));
  }

  /** Brings the selected object's row into sight. @param {import("../types").ObjectDetail} detail */
  async reveal(detail) {
    const node = await this.model.reveal(detail.model, [...detail.path.map((step) => step.id), detail.id]);
    if (!node || this.app.store.get().selected?.id !== detail.id) return;
    this.#moveTo(node);
  }

  #ensureCurrent() {
    if (!this.rows.some((node) => node.id === this.current) && this.rows.length) this.current = this.rows[0].id;
    this.draw();
  }

  /** @param {Node | undefined | null} node */
  #moveTo(node) {
    if (!node) return;
    this.current = node.id;
    const top = this.rows.indexOf(node) * this.rowPx;
    const box = this.scroller;
    if (box && this.element.offsetParent) {
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + this.rowPx > box.scrollTop + box.clientHeight) box.scrollTop = top + this.rowPx * 2 - box.clientHeight;
    }
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const index = this.rows.findIndex((node) => node.id === this.current);
    const node = this.rows[index];
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => unknown>} */
    const moves = {
      ArrowDown: () => this.#moveTo(this.rows[index + 1]),
      ArrowUp: () => this.#moveTo(this.rows[index - 1]),
      Home: () => this.#moveTo(this.rows[0]),
      End: () => this.#moveTo(this.rows.at(-1)),
      ArrowRight: () => (node.open ? this.#moveTo(node.children?.[0]) : this.model.open(node)),
      ArrowLeft: () => (node.open ? this.model.close(node) : this.#moveTo(node.parent)),
      Enter: () => this.#activate(node),
      " ": () => this.#toggleShown(node),
      f: () => this.#fly(node),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    void move();
  }
}

const rowId = (/** @type {number} */ index) => `tree-row-${index}`;

/** Puts keyboard focus into the tree. */
export const focusTree = () => byId("tree").focus();
