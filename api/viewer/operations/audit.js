/** Who has done what, the newest first, and whether the record is whole. */

import { h } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { none, section, shortTime, table } from "./parts.js";

/** @typedef {{ seq: number, at: string, who: string, action: string, target: string, detail: string, origin: string }} Entry */
/** @typedef {{ entries: number, heads: number, findings: { seq: number, what: string }[] }} Verdict */

const PAGE = 100;

export class AuditView {
  /** Null: not known yet. @type {Entry[] | null} */
  #entries = null;
  /** @type {string | null} */
  #next = null;
  /** @type {Verdict | "asking" | null} */
  #verdict = null;
  #error = "";

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.api = app.api;
    this.element = h("div", { class: "ops-view" });
    onLanguage(() => this.#draw());
  }

  /** @param {AbortSignal} signal */
  show(signal) {
    this.#entries = null;
    this.#verdict = null;
    this.#draw();
    void this.#ask(null, signal);
  }

  /** @param {string | null} cursor @param {AbortSignal} [signal] */
  async #ask(cursor, signal) {
    try {
      const page = await this.api.get("audit", { limit: PAGE, cursor }, signal);
      this.#entries = cursor ? [...(this.#entries ?? []), ...page.items] : page.items;
      this.#next = page.next;
      this.#error = "";
    } catch (error) {
      if (signal?.aborted) return;
      this.#error = t("opsFailed", { why: /** @type {Error} */ (error).message });
    }
    this.#draw();
  }

  async #verify() {
    this.#verdict = "asking";
    this.#draw();
    try {
      this.#verdict = await this.api.get("audit/verify");
      this.#error = "";
    } catch (error) {
      this.#verdict = null;
      this.#error = t("opsFailed", { why: /** @type {Error} */ (error).message });
    }
    this.#draw();
  }

  #draw() {
    const heads = [t("opsWhen"), t("opsWho"), t("opsAction"), t("opsTarget"), t("opsDetail"), t("opsOrigin")];
    const rows = this.#entries?.map(({ at, who, action, target, detail, origin }) => [shortTime(at), who, action, target, detail, origin]);
    this.element.replaceChildren(
      this.#error ? h("p", { class: "ops-error", role: "alert", text: this.#error }) : "",
      h("div", { class: "ops-verdict", role: "status" }, ...this.#verdictParts()),
      section(t("opsAudit"), rows?.length ? table(heads, rows, t("opsAudit")) : none(rows ? t("opsNoAudit") : t("loading"))),
      this.#next ? h("button", { class: "text-button more", type: "button", text: t("opsOlder"), on: { click: () => void this.#ask(this.#next) } }) : "",
    );
  }

  #verdictParts() {
    const verdict = this.#verdict;
    if (verdict === "asking") return [none(t("opsVerifying"))];
    const button = h("button", { class: "text-button", type: "button", text: t("opsVerify"), on: { click: () => void this.#verify() } });
    if (!verdict) return [button];
    if (!verdict.findings.length) return [h("p", { class: "ops-good", text: t("opsWhole", { n: verdict.entries, heads: verdict.heads }) }), button];
    const found = verdict.findings.map(({ seq, what }) => h("li", { text: t("opsFinding", { seq, what }) }));
    return [h("div", { class: "ops-error" }, h("p", { text: t("opsDamaged") }), h("ul", {}, ...found)), button];
  }
}
