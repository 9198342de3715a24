/** The panel: tabs with their lists, search results above them, its width on a desk and its height as a phone's sheet. */

import { byId, h, icon } from "../dom.js";
import { language, onLanguage, setLanguage, t } from "../i18n.js";
import { AlarmList, alarmBadge } from "./alarms.js";
import { ClassList } from "./classes.js";
import { FindView } from "./find.js";
import { skeletonRows } from "./list-parts.js";
import { Search } from "./search.js";
import { isSheet, openSheet, snapSheet } from "./sheet.js";
import { StoreyList } from "./storeys.js";
import { Tree } from "./tree.js";

/** Heights of the sheet as shares of the page: closed to its head, half, nearly whole. */
const SNAPS = ["peek", "half", "full"];

/** @typedef {"structure" | "classes" | "storeys" | "find" | "alarms"} Tab */

export class Panel {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = byId("panel");
    this.tree = new Tree(app);
    this.classes = new ClassList(app);
    this.storeys = new StoreyList(app);
    this.find = new FindView(app);
    this.alarms = new AlarmList(app);
    this.search = new Search(app, (open) => this.#searching(open));
    /** @type {Tab} */
    this.tab = "structure";
    this.body = byId("panel-body");
    this.list = h("div", { class: "tab-panel", role: "tabpanel", id: "tab-panel" });
    this.body.append(this.search.element, this.list);
    this.tree.scrollIn(this.body);
    this.#makeHead();
    this.#makeGrip();
    onLanguage(() => this.#drawTabs());
    app.store.on(["alarms", "alarmsMore"], () => this.#drawBadge());
    app.store.on(["status", "models"], () => this.#drawList());
    app.store.on(["selected"], ({ selected }) => selected && isSheet() && snapSheet("half"));
    this.#drawTabs();
    this.#drawList();
    snapSheet("peek");
  }

  #makeHead() {
    const collapse = byId("collapse");
    const reopen = byId("reopen");
    collapse.append(icon("panel"));
    reopen.append(icon("panel"));
    const setOpen = (/** @type {boolean} */ open) => {
      document.body.classList.toggle("panel-closed", !open);
      reopen.hidden = open;
      (open ? collapse : reopen).focus();
    };
    collapse.addEventListener("click", () => setOpen(false));
    reopen.addEventListener("click", () => setOpen(true));
    const button = byId("language");
    const label = () => {
      button.textContent = t("languageShort");
      button.title = t("switchLanguage");
      button.setAttribute("aria-label", t("switchLanguage"));
      collapse.title = t("hidePanel");
      reopen.title = t("showPanel");
    };
    button.addEventListener("click", () => setLanguage(language() === "zh" ? "en" : "zh"));
    onLanguage(label);
    label();
  }

  /** The sheet's grip: a click goes one height up, a drag to the nearest. */
  #makeGrip() {
    const grip = byId("grip");
    let from = 0;
    let moved = false;
    grip.addEventListener("pointerdown", (event) => {
      from = event.clientY;
      moved = false;
      grip.setPointerCapture(event.pointerId);
      this.startHeight = this.element.offsetHeight;
      this.element.classList.add("dragging");
    });
    grip.addEventListener("pointermove", (event) => {
      if (!this.element.classList.contains("dragging")) return;
      moved ||= Math.abs(event.clientY - from) > 6;
      if (moved) this.element.style.height = `${(this.startHeight ?? 0) + from - event.clientY}px`;
    });
    const end = () => {
      if (!this.element.classList.contains("dragging")) return;
      const share = this.element.offsetHeight / window.innerHeight;
      this.element.classList.remove("dragging");
      this.element.style.height = "";
      if (moved) snapSheet(share > 0.7 ? "full" : share > 0.32 ? "half" : "peek");
    };
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
    grip.addEventListener("click", () => {
      if (!moved) snapSheet(SNAPS[(SNAPS.indexOf(this.element.dataset.snap ?? "peek") + 1) % SNAPS.length]);
    });
    this.search.input.addEventListener("focus", () => isSheet() && snapSheet("full"));
  }

  #drawTabs() {
    /** @type {[Tab, import("../i18n.js").Key][]} */
    const tabs = [["structure", "tabStructure"], ["classes", "tabClasses"], ["storeys", "tabStoreys"], ["find", "tabFind"], ["alarms", "tabAlarms"]];
    const buttons = tabs.map(([tab, key]) =>
      h("button", { class: "tab", type: "button", role: "tab", id: `tab-${tab}`, "aria-selected": tab === this.tab, "aria-controls": "tab-panel", tabindex: tab === this.tab ? 0 : -1, "aria-label": tab === "alarms" ? this.#alarmsLabel() : null, on: { click: () => this.show(tab) } }, h("span", { text: t(key) }), tab === "alarms" ? alarmBadge(this.app.store.get()) : null),
    );
    const bar = byId("tabs");
    bar.replaceChildren(...buttons);
    bar.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = tabs.findIndex(([tab]) => tab === this.tab);
      this.show(tabs[(at + step + tabs.length) % tabs.length][0]);
      byId(`tab-${this.tab}`).focus();
    };
  }

  #alarmsLabel() {
    const n = this.app.store.get().alarms?.length ?? 0;
    return n ? t("alarmsTab", { n }) : t("tabAlarms");
  }

  #drawBadge() {
    const tab = byId("tab-alarms");
    tab.querySelector(".tab-badge")?.remove();
    tab.append(alarmBadge(this.app.store.get()) ?? "");
    tab.setAttribute("aria-label", this.#alarmsLabel());
  }

  /** @param {Tab} tab */
  show(tab) {
    this.tab = tab;
    if (this.search.input.value) this.search.clear();
    openSheet();
    this.#drawTabs();
    this.#drawList();
    this.body.scrollTop = 0;
  }

  #drawList() {
    const { status } = this.app.store.get();
    this.list.setAttribute("aria-labelledby", `tab-${this.tab}`);
    if (status !== "ready") {
      this.list.replaceChildren(...(status === "loading" ? skeletonRows(7) : []));
      return;
    }
    const view = { structure: this.tree, classes: this.classes, storeys: this.storeys, find: this.find, alarms: this.alarms }[this.tab];
    if (view.element.parentElement !== this.list) this.list.replaceChildren(view.element);
    if (view === this.tree) this.tree.draw();
    else void (/** @type {ClassList | StoreyList | FindView | AlarmList} */ (view).shown());
  }

  /** @param {boolean} open */
  #searching(open) {
    this.list.hidden = open;
    byId("tabs").hidden = open;
    if (!open) this.#drawList();
  }
}
