/** Storeys from the top down, by model; a storey that several models share (same GlobalId) stands once. */

import { h, icon } from "../dom.js";
import { count, nameInLanguage, number, onLanguage, t } from "../i18n.js";
import { withMember } from "../state.js";
import { listState, skeletonRows } from "./list-parts.js";

/** @typedef {import("../types").Storey} Storey */

export class StoreyList {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = h("div", { class: "list" });
    onLanguage(() => this.draw());
    app.store.on(["filters", "storeys", "models"], () => this.draw());
  }

  shown() {
    void this.app.loadStoreys();
    this.draw();
  }

  draw() {
    const { models, storeys, filters } = this.app.store.get();
    if (models.length && !Object.keys(storeys).length) {
      this.element.replaceChildren(...skeletonRows(6));
      return;
    }
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.focus;
    const groups = group(this.app.inOrder(), storeys, (model) => this.app.labelOf(model));
    const filtered = filters.hiddenStoreys.size > 0 || filters.onlyStoreys;
    const head = h(
      "div",
      { class: "list-head" },
      h("button", { class: "text-button", type: "button", text: t("showAll"), disabled: !filtered, on: { click: () => this.#show(new Set()) } }),
    );
    const lists = groups.map(({ title, rows }) => [groups.length > 1 ? h("h3", { class: "group-title", text: title }) : null, h("ul", { class: "checks" }, ...rows.map((row) => this.#row(row)))]).flat();
    this.element.replaceChildren(...(groups.length ? [head, ...lists.filter((node) => node !== null)] : [listState("layers", t("storeysNone"))]));
    if (focused) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-focus="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Storey} storey */
  #row(storey) {
    const { hiddenStoreys, onlyStoreys } = this.app.store.get().filters;
    const globalId = idOf(storey);
    const shown = onlyStoreys ? onlyStoreys.has(globalId) : !hiddenStoreys.has(globalId);
    const alone = onlyStoreys?.size === 1 && shown;
    const name = nameInLanguage(storey);
    const box = h("input", { type: "checkbox", "aria-label": name, data: { focus: globalId }, on: { change: () => this.#toggle(globalId, !shown) } });
    box.checked = shown;
    const height = storey.elevation_m === null ? "" : t("elevation", { n: number(storey.elevation_m, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" }) });
    return h(
      "li",
      { class: shown ? "" : "off" },
      h("label", { title: [storey.name, storey.long_name].filter(Boolean).join(" · ") }, box, h("span", { class: "label", text: name }), h("span", { class: "raw", text: height })),
      h(
        "button",
        { class: `row-button only${alone ? " on" : ""}`, type: "button", "aria-label": t("onlyNamed", { name }), "aria-pressed": alone, title: t("isolate"), data: { focus: `only-${globalId}` }, on: { click: () => void (alone ? this.#show(new Set()) : this.app.isolateStorey(globalId)) } },
        icon("isolate"),
      ),
      h("span", { class: "count", text: count(storey.count) }),
    );
  }

  /** @param {string} globalId @param {boolean} shown */
  #toggle(globalId, shown) {
    const { hiddenStoreys, onlyStoreys } = this.app.store.get().filters;
    if (onlyStoreys) return this.app.store.filter({ onlyStoreys: withMember(onlyStoreys, globalId, shown) });
    return this.#show(withMember(hiddenStoreys, globalId, !shown));
  }

  /** @param {Set<string>} hiddenStoreys */
  #show(hiddenStoreys) {
    this.app.store.filter({ hiddenStoreys, onlyStoreys: null });
  }
}

const idOf = (/** @type {Storey} */ storey) => storey.id.slice(storey.id.indexOf("/") + 1);

/**
 * @param {import("../types").Model[]} models
 * @param {Record<string, Storey[]>} storeys
 * @param {(model: import("../types").Model) => string} labelOf
 */
function group(models, storeys, labelOf) {
  /** @type {Map<string, Storey>} */
  const seen = new Map();
  const groups = models.map((model) => {
    const rows = (storeys[model.key] ?? []).filter((storey) => {
      const shared = seen.get(idOf(storey));
      if (shared) shared.count += storey.count;
      else seen.set(idOf(storey), storey);
      return !shared;
    });
    return { title: labelOf(model), rows: rows.map((row) => ({ ...row })) };
  });
  for (const { rows } of groups) {
    for (const row of rows) row.count = seen.get(idOf(row))?.count ?? row.count;
    rows.sort((a, b) => (b.elevation_m ?? -Infinity) - (a.elevation_m ?? -Infinity));
  }
  return groups.filter(({ rows }) => rows.length);
}
