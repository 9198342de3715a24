/** Finds what lies in an area, in view, on a storey, of a class: a list that can be exported, shown alone and commanded. */

import { debounce, h, icon } from "../dom.js";
import { className, count, objectName, onLanguage, t } from "../i18n.js";
import { findObjects, saidBy } from "../find/finder.js";
import { csvOf, download, geoJsonOf } from "../find/export.js";
import { BulkBox } from "./bulk.js";
import { FindForm } from "./find-form.js";
import { listState, skeletonRows } from "./list-parts.js";
import { unitText, valueText } from "./properties.js";
import { isSheet } from "./sheet.js";

/** @typedef {import("../types").TwinObject} TwinObject */

/** So long nothing has changed any more. */
const SETTLED_MS = 500;
/** Rows that a class shows at once. */
const ROWS = 100;

export class FindView {
  /** @type {import("../find/finder.js").Found | null} */
  #found = null;
  /** @type {Map<string, import("../find/finder.js").Said[]>} */
  #said = new Map();
  /** Of which list, and of which theme and instant, that is. @type {import("../find/finder.js").Found | null} */
  #saidOf = null;
  #saidAbout = "";
  /** Classes that are opened. @type {Set<string>} */
  #open = new Set();
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {BulkBox | null} */
  #bulk = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.form = new FindForm(app, () => void this.#find());
    this.results = h("div", { class: "found" });
    this.element = h("div", { class: "find" }, this.form.element, this.results);
    onLanguage(() => this.#draw());
    // Not at every step of a past that is played or slid through, and not for a list that nobody looks at.
    this.listenSoon = debounce(() => this.element.isConnected && !app.store.get().play.on && void this.#listen(), SETTLED_MS);
    app.store.on(["theme", "instant", "play"], this.listenSoon);
    app.store.on(["selected"], () => this.#mark());
  }

  /** The tab is looked at. */
  shown() {
    void this.form.shown();
    this.listenSoon();
  }

  async #find() {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#closeBulk();
    this.#found = null;
    const progress = h("p", { class: "hint", role: "status", text: t("loading") });
    this.results.replaceChildren(progress, ...skeletonRows(4));
    try {
      const question = await this.form.question();
      const found = await findObjects(this.app, question, { signal: asking.signal, onPage: (n) => (progress.textContent = t("findSoFar", { n })) });
      if (asking.signal.aborted) return;
      this.#found = found;
      this.#open = new Set(groupsOf(found.objects).length < 3 ? found.objects.map((object) => object.class) : []);
      await this.#listen();
      if (isSheet()) this.results.scrollIntoView({ block: "start" }); // the form fills the half of a phone that the sheet has
    } catch (error) {
      if (asking.signal.aborted) return;
      this.results.replaceChildren(listState("warning", /** @type {Error} */ (error).message, () => void this.#find()));
    }
  }

  /** Asks what the objects of the list report at the time that is shown, if a theme is on and they have not been asked yet. */
  async #listen() {
    const { theme } = this.app.live;
    const found = this.#found;
    const about = `${theme?.key} ${this.app.store.get().instant}`;
    if (!found || (this.#saidOf === found && this.#saidAbout === about)) return;
    if (this.#saidOf !== found || !theme) {
      this.#said = new Map();
      this.#draw();
    }
    this.#saidOf = found;
    this.#saidAbout = about;
    if (!theme || !found.objects.length) return;
    try {
      const said = await saidBy(this.app, found, theme);
      if (found !== this.#found || about !== this.#saidAbout) return;
      this.#said = said;
    } catch {
      // The list is worth something without values, and shows that there are none.
      if (found === this.#found) this.#said = new Map();
    }
    this.#draw();
  }

  #closeBulk() {
    this.#bulk?.close();
    this.#bulk = null;
  }

  #draw() {
    const found = this.#found;
    if (!found) return;
    if (this.#bulk) return this.#bulk.draw();
    if (!found.objects.length) return this.results.replaceChildren(listState("search", t("findNone"), null, t("findNoneHint")));
    const groups = groupsOf(found.objects);
    const head = h("p", { class: "found-count", role: "status", text: t(groups.length === 1 ? "findCountOfOne" : "findCount", { n: found.objects.length, classes: groups.length }) });
    const more = found.more ? h("p", { class: "found-more" }, icon("warning"), h("span", { text: t("findMore", { n: found.objects.length }) })) : null;
    this.results.replaceChildren(head, more ?? "", this.#actions(found), ...groups.map(([name, objects]) => this.#group(name, objects)));
    return this.#mark();
  }

  /** @param {import("../find/finder.js").Found} found */
  #actions({ objects, more }) {
    const button = (/** @type {string} */ text, /** @type {() => void} */ click, disabled = false) => h("button", { class: "chip-button", type: "button", text, disabled, on: { click } });
    const said = this.#said;
    const only = () => this.app.store.filter({ onlyObjects: new Set(objects.map(({ state_index }) => state_index)) });
    const command = this.app.api.signedIn ? button(t("findCommand"), () => this.#openBulk(), more) : null;
    return h(
      "div",
      { class: "found-actions", role: "group", "aria-label": t("findActions") },
      command,
      button(t("findOnly"), only),
      button("CSV", () => download(fileName("csv"), "text/csv;charset=utf-8", csvOf(objects, said))),
      button("GeoJSON", () => download(fileName("geojson"), "application/geo+json", geoJsonOf(objects, said))),
    );
  }

  #openBulk() {
    if (!this.#found) return;
    const bulk = new BulkBox(this.app, this.#found, () => {
      this.#closeBulk();
      this.#draw();
    });
    this.#bulk = bulk;
    this.results.replaceChildren(bulk.element);
    bulk.element.querySelector("button")?.focus();
  }

  /** @param {string} name @param {TwinObject[]} objects */
  #group(name, objects) {
    const list = h("ul", { class: "found-rows" });
    const summary = h("summary", {}, icon("chevron"), h("span", { class: "label", text: className(name) }), h("span", { class: "count", text: count(objects.length) }));
    const details = h("details", { class: "found-group", open: this.#open.has(name) }, summary, list);
    const fill = () => details.open && !list.children.length && this.#rows(list, objects, 0);
    details.addEventListener("toggle", () => {
      if (details.open) this.#open.add(name);
      else this.#open.delete(name);
      fill();
    });
    fill();
    return details;
  }

  /** @param {HTMLElement} list @param {TwinObject[]} objects @param {number} from */
  #rows(list, objects, from) {
    list.querySelector(".more")?.parentElement?.remove();
    list.append(...objects.slice(from, from + ROWS).map((object) => this.#row(object)));
    const left = objects.length - from - ROWS;
    if (left > 0) list.append(h("li", {}, h("button", { class: "text-button more", type: "button", text: t("findRest", { n: left }), on: { click: () => this.#rows(list, objects, from + ROWS) } })));
    this.#mark();
  }

  /** @param {TwinObject} object */
  #row(object) {
    const model = this.app.store.get().models.length > 1 ? this.app.modelOf(object.model) : null;
    const where = [object.storey_name, model && this.app.labelOf(model)].filter(Boolean).join(" · ");
    const said = this.#said.get(object.id) ?? [];
    const value = said.length ? this.#value(object, said) : null;
    return h(
      "li",
      {},
      h("button", { class: "found-row", type: "button", data: { id: object.id }, on: { click: () => void this.app.select(object.id, { fly: true }) } }, h("span", { class: "result-text" }, h("span", { class: "label", text: objectName(object) }), h("span", { class: "where", text: where })), value),
    );
  }

  /** @param {TwinObject} object @param {import("../find/finder.js").Said[]} said */
  #value(object, said) {
    const text = said.map(({ value, unit }) => (value === null ? t("readingsNever") : `${valueText(value)}${unit ? ` ${unitText(unit)}` : ""}`)).join(", ");
    const old = said.some(({ quality }) => quality === "stale" || quality === "bad");
    const swatch = h("span", { class: "found-swatch" });
    const colour = this.app.live.colourOf(object.state_index);
    if (colour) swatch.style.background = colour; // through the CSS object model: the page's policy allows no styles in markup
    return h("span", { class: `found-value${old ? " old" : ""}`, title: said.map(({ name, quality }) => `${name}: ${quality ?? t("readingsNever")}`).join("\n") }, colour ? swatch : null, h("span", { text }));
  }

  /** Marks the row of what is selected. */
  #mark() {
    const { selected } = this.app.store.get();
    for (const row of this.results.querySelectorAll(".found-row")) {
      const is = /** @type {HTMLElement} */ (row).dataset.id === selected?.id;
      row.classList.toggle("selected", is);
      if (is) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }
}

/** By class, the most frequent first. @param {TwinObject[]} objects @returns {[string, TwinObject[]][]} */
function groupsOf(objects) {
  /** @type {Map<string, TwinObject[]>} */
  const groups = new Map();
  for (const object of objects) {
    const group = groups.get(object.class);
    if (group) group.push(object);
    else groups.set(object.class, [object]);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

/** `twin-20260501-0930.csv`: sorted by name, files are sorted by time. @param {string} ending */
function fileName(ending) {
  const now = new Date();
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `twin-${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}.${ending}`;
}
