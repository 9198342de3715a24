/** The button to approvals, audit and ingest: there for those who may use any of it, with how many commands wait for them. */

import { byId, h, icon } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { toast } from "./toast.js";

const EVERY_MS = 10_000;
const MOST = 99;

/** @param {import("../app.js").App} app */
export async function offerOperations(app) {
  const rights = await rightsOf(app.api).catch(() => null);
  if (!rights || !(rights.approve || rights.command || rights.administer || rights.readAll)) return;
  const badge = h("span", { class: "button-badge", hidden: true });
  const button = h("button", { type: "button", class: "icon-button" }, icon("shield"), badge);
  let waiting = 0;
  const label = () => {
    const said = waiting ? `${t("operations")}: ${t("opsWaiting", { n: waiting })}` : t("operations");
    button.setAttribute("aria-label", said);
    button.title = said;
    badge.textContent = waiting > MOST ? `${MOST}+` : String(waiting);
    badge.hidden = !waiting;
  };
  button.addEventListener("click", async () => {
    try {
      const { openOperations } = await import("../operations/dialog.js");
      openOperations(app, rights);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "warning");
    }
  });
  onLanguage(label);
  label();
  byId("operations").replaceChildren(button);
  if (!rights.approve) return;
  for (;;) {
    if (!document.hidden) {
      const page = await app.api.get("commands", { state: "awaiting_approval", limit: MOST + 1 }).catch(() => null);
      waiting = page ? page.items.length : waiting;
      label();
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** @param {import("../api.js").Api} api @returns {Promise<import("../operations/dialog.js").Rights>} */
async function rightsOf(api) {
  const ask = (/** @type {string} */ action) => api.get("can-i", { action });
  const [approve, command, administer, read] = await Promise.all([ask("approve"), ask("command"), ask("administer"), ask("read")]);
  return { approve: approve.allowed, command: command.allowed, administer: administer.everywhere, readAll: read.everywhere };
}
