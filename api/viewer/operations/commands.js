/** Commands: those that wait for a second person, and the newest. */

import { h } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { asked, none, repeat, section, shortTime, table } from "./parts.js";
import { age } from "../ui/readings.js";
import { refusalText } from "../ui/command.js";

/** @typedef {import("../types").CommandRequest} CommandRequest */
/** @typedef {{ id: string, what: "approve" | "refuse", error: string, busy: boolean }} Deciding */

const EVERY_MS = 3_000;
const PAGE = 50;
/** More than one person goes through at a time. */
const MOST_WAITING = 50;

export class CommandsView {
  /** What waits; null: not known yet. @type {CommandRequest[] | null} */
  #waiting = null;
  /** @type {CommandRequest[]} */
  #recent = [];
  /** Pages of older ones that were asked for. @type {CommandRequest[]} */
  #older = [];
  /** @type {string | null} */
  #next = null;
  /** What is being decided: the rows hold still meanwhile. @type {Deciding | null} */
  #deciding = null;
  /** Of objects by id, once asked for. @type {Map<string, string>} */
  #names = new Map();
  #error = "";
  #drawn = "";

  /**
   * @param {import("../app.js").App} app
   * @param {{ approve: boolean, command: boolean }} rights
   * @param {(id: string) => void} goTo shows an object
   */
  constructor(app, rights, goTo) {
    this.app = app;
    this.api = app.api;
    this.rights = rights;
    this.goTo = goTo;
    this.element = h("div", { class: "ops-view" });
    onLanguage(() => this.#draw(true));
  }

  /** @param {AbortSignal} signal ends when nobody looks any more */
  show(signal) {
    this.#draw(true);
    void repeat(signal, EVERY_MS, () => this.#ask(signal));
  }

  /** @param {AbortSignal} [signal] */
  async #ask(signal) {
    try {
      const [waiting, recent] = await Promise.all([
        this.api.get("commands", { state: "awaiting_approval", limit: MOST_WAITING }, signal),
        this.api.get("commands", { limit: PAGE }, signal),
      ]);
      this.#waiting = waiting.items;
      this.#recent = recent.items;
      if (!this.#older.length) this.#next = recent.next;
      this.#error = "";
      await this.#learnNames(waiting.items);
    } catch (error) {
      if (signal?.aborted) return;
      this.#error = t("opsFailed", { why: /** @type {Error} */ (error).message });
    }
    this.#draw();
  }

  /** @param {CommandRequest[]} requests */
  async #learnNames(requests) {
    const unknown = new Set(requests.flatMap(({ command }) => (command && !this.#names.has(command.object) ? [command.object] : [])));
    await Promise.all([...unknown].map(async (id) => this.#names.set(id, (await this.api.object(id).catch(() => null))?.name ?? "")));
  }

  async #askOlder() {
    try {
      const page = await this.api.get("commands", { limit: PAGE, cursor: this.#next });
      this.#older.push(...page.items);
      this.#next = page.next;
    } catch (error) {
      this.#error = t("opsFailed", { why: /** @type {Error} */ (error).message });
    }
    this.#draw(true);
  }

  /** @param {string} path @param {object} [body] */
  async #decide(path, body) {
    const deciding = this.#deciding;
    if (!deciding || deciding.busy) return;
    deciding.busy = true;
    this.#draw(true);
    try {
      await this.api.post(`commands/${encodeURIComponent(deciding.id)}/${path}`, body);
      this.#waiting = (this.#waiting ?? []).filter(({ id }) => id !== deciding.id);
      this.#deciding = null;
      await this.#ask();
    } catch (error) {
      deciding.busy = false;
      deciding.error = refusalText(/** @type {Error} */ (error).message);
    }
    this.#draw(true);
  }

  /** @param {boolean} [anyway] also where nothing has changed */
  #draw(anyway = false) {
    const now = JSON.stringify([this.#waiting, this.#recent, this.#older.length, this.#error]);
    if (!anyway && (now === this.#drawn || this.#deciding)) return;
    this.#drawn = now;
    const seen = new Set(this.#recent.map(({ id }) => id));
    const all = [...this.#recent, ...this.#older.filter(({ id }) => !seen.has(id))];
    const rows = all.map((request) => [shortTime(request.created_at), request.by, this.#target(request), stateOf(request), request.reason]);
    const heads = [t("opsWhen"), t("opsWho"), t("opsWhat"), t("opsState"), t("opsReason")];
    const waiting = this.#waiting?.map((request) => this.#waitingRow(request)) ?? [];
    this.element.replaceChildren(
      this.#error ? h("p", { class: "ops-error", role: "alert", text: this.#error }) : "",
      section(t("opsToApprove"), waiting.length ? h("ul", { class: "ops-waiting" }, ...waiting) : none(this.#waiting ? t("opsNoneToApprove") : t("loading"))),
      section(t("opsRecent"), rows.length ? table(heads, rows, t("opsRecent")) : none(this.#waiting ? t("opsNoCommands") : t("loading"))),
      this.#next ? h("button", { class: "text-button more", type: "button", text: t("opsOlder"), on: { click: () => void this.#askOlder() } }) : "",
    );
  }

  /** What it asks for; leads to the object. @param {CommandRequest} request */
  #target(request) {
    const { command } = request;
    if (!command) return asked(request);
    const name = this.#names.get(command.object);
    return h("button", { class: "ops-link", type: "button", title: command.signal, text: name ? `${name}: ${asked(request)}` : asked(request), on: { click: () => this.goTo(command.object) } });
  }

  /** @param {CommandRequest} request */
  #waitingRow(request) {
    const { id, by, reason, created_at: at } = request;
    const facts = [t("opsAskedBy", { who: by, when: age(at, Date.now()) }), reason].filter(Boolean).join(" · ");
    return h("li", {}, h("div", { class: "ops-asked" }, h("strong", {}, this.#target(request)), h("span", { class: "hint", text: facts })), ...(this.#deciding?.id === id ? this.#decision(request) : [this.#choices(id)]));
  }

  /** @param {string} id */
  #choices(id) {
    const start = (/** @type {"approve" | "refuse"} */ what) => () => {
      this.#deciding = { id, what, error: "", busy: false };
      this.#draw(true);
      /** @type {HTMLElement | null} */ (this.element.querySelector(".ops-decision input, .ops-decision .button"))?.focus();
    };
    return h(
      "div",
      { class: "ops-buttons" },
      this.rights.approve ? h("button", { class: "button", type: "button", text: t("opsApprove"), on: { click: start("approve") } }) : null,
      this.rights.command ? h("button", { class: "text-button", type: "button", text: t("opsRefuse"), on: { click: start("refuse") } }) : null,
    );
  }

  /** The second look before it is done. @param {CommandRequest} request */
  #decision(request) {
    const { what, error, busy } = /** @type {Deciding} */ (this.#deciding);
    const note = h("input", { class: "field", type: "text", maxlength: 500, required: true, "aria-label": t("opsRefuseWhy"), placeholder: t("opsRefuseWhy") });
    const back = () => {
      this.#deciding = null;
      this.#draw(true);
    };
    const form = h(
      "form",
      { class: "ops-decision" },
      what === "approve" ? h("p", { text: t("opsApproveSure", { what: asked(request) }) }) : note,
      h("button", { class: "button", type: "submit", disabled: busy, text: t(what === "approve" ? "opsApprove" : "opsRefuse") }),
      h("button", { class: "text-button", type: "button", disabled: busy, text: t("opsBack"), on: { click: back } }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (what === "approve") void this.#decide("approve");
      else void this.#decide("cancel", { note: note.value.trim() });
    });
    return [form, error ? h("p", { class: "ops-error", role: "alert", text: error }) : ""];
  }
}

/** In a word or two; of many commands, how many have which. @param {CommandRequest} request */
function stateOf({ command, counts }) {
  const said = (/** @type {string} */ state) => t(/** @type {import("../i18n.js").Key} */ (`command.${state}`));
  if (command) return [said(command.state), command.detail ? ` (${command.detail})` : ""].join("");
  return Object.entries(counts).map(([state, n]) => `${said(state)}: ${n}`).join(", ");
}
