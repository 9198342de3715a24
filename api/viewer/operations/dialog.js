/** Approvals, audit and ingest in one dialog, each for those who may. Loaded when it is first opened. */

import { h, iconButton } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { AuditView } from "./audit.js";
import { CommandsView } from "./commands.js";
import { IngestView } from "./ingest.js";

/** @typedef {{ approve: boolean, command: boolean, administer: boolean, readAll: boolean }} Rights */
/** @typedef {{ key: string, title: import("../i18n.js").Key, view: { element: HTMLElement, show: (signal: AbortSignal) => void } }} Tab */

/**
 * Opens it at the first tab that these rights open.
 * @param {import("../app.js").App} app
 * @param {Rights} rights
 */
export function openOperations(app, rights) {
  const dialog = h("dialog", { class: "dialog ops-dialog" });
  const goTo = (/** @type {string} */ id) => {
    dialog.close();
    void app.select(id, { fly: true });
  };
  /** @type {Tab[]} */
  const tabs = [];
  if (rights.approve || rights.command) tabs.push({ key: "commands", title: "opsCommands", view: new CommandsView(app, rights, goTo) });
  if (rights.administer) tabs.push({ key: "audit", title: "opsAudit", view: new AuditView(app) });
  if (rights.readAll) tabs.push({ key: "ingest", title: "opsIngest", view: new IngestView(app, rights) });
  const title = h("h2");
  const close = iconButton("close", t("close"), () => dialog.close());
  const bar = h("div", { class: "tabs", role: "tablist" });
  const body = h("div", { class: "ops-body", role: "tabpanel", id: "ops-panel", tabindex: 0 });
  let looking = new AbortController();
  let shown = tabs[0];

  const drawTabs = () => {
    title.textContent = t("operations");
    dialog.setAttribute("aria-label", t("operations"));
    bar.setAttribute("aria-label", t("operations"));
    close.setAttribute("aria-label", t("close"));
    bar.replaceChildren(
      ...tabs.map((tab) =>
        h("button", { class: "tab", type: "button", role: "tab", id: `ops-tab-${tab.key}`, "aria-selected": tab === shown, "aria-controls": "ops-panel", tabindex: tab === shown ? 0 : -1, text: t(tab.title), on: { click: () => show(tab) } }),
      ),
    );
    body.setAttribute("aria-labelledby", `ops-tab-${shown.key}`);
  };
  const show = (/** @type {Tab} */ tab) => {
    looking.abort();
    looking = new AbortController();
    shown = tab;
    drawTabs();
    body.replaceChildren(tab.view.element);
    body.scrollTop = 0;
    tab.view.show(looking.signal);
  };
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    show(tabs[(tabs.indexOf(shown) + step + tabs.length) % tabs.length]);
    /** @type {HTMLElement} */ (bar.querySelector("[aria-selected=true]")).focus();
  });
  onLanguage(drawTabs);
  dialog.append(h("header", { class: "card-head" }, title, close), bar, body);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    looking.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  show(shown);
  dialog.showModal();
}
