/**
 * One command to all objects of a list that share a signal: tried first, then sent, then followed until each target has ended. What is
 * sent is exactly what was tried: another value, and it has to be tried again.
 */

import { h, icon } from "../dom.js";
import { number, t } from "../i18n.js";
import { objectOf, settableOf } from "../find/finder.js";
import { outcomeList, progressBar, refusalGroups } from "./bulk-outcomes.js";
import { refusalText } from "./command.js";
import { choiceButtons, choicesOf, fieldValue, newKey, valueFields } from "./command-inputs.js";
import { listState, skeletonRows } from "./list-parts.js";
import { unitText } from "./properties.js";

/** @typedef {import("../types").Signal} Signal */
/** @typedef {import("../types").CommandRequest} CommandRequest */
/** @typedef {import("./command-inputs.js").Value} Value */

/** How often one asks how far it has come: soon at first, later less often. */
const SOON_MS = 500;
const LATER_MS = 2_000;
const SOON_FOR_MS = 30_000;
/** Targets that did not end well, told one by one. */
const MOST_TOLD = 500;
/** The slowest that the server takes, commands a second. */
const LEAST_RATE = 0.001;
/** How targets end that need somebody's attention. */
const FAILED = ["rejected", "failed", "timed_out", "unconfirmed", "expired", "cancelled", "superseded"];

export class BulkBox {
  /** @type {Signal[][] | null} */
  #groups = null;
  #chosen = 0;
  /** @type {Value | null} */
  #choice = null;
  /** What a trial said, and of what. @type {{ body: Record<string, any>, told: import("../types").DryRun } | null} */
  #tried = null;
  /** @type {CommandRequest | null} */
  #request = null;
  /** @type {import("../types").CommandTarget[]} */
  #failed = [];
  #refusal = "";
  #busy = false;
  #closing = new AbortController();

  /**
   * @param {import("../app.js").App} app
   * @param {import("../find/finder.js").Found} found
   * @param {() => void} back
   */
  constructor(app, found, back) {
    this.app = app;
    this.found = found;
    this.back = h("button", { class: "text-button", type: "button", on: { click: back } });
    this.form = h("form", { class: "bulk-form", on: { submit: (/** @type {Event} */ event) => this.#submitted(event), input: () => this.#changed() } });
    this.said = h("div", { class: "bulk-said", role: "status" });
    this.element = h("section", { class: "bulk" }, this.back, this.form, this.said);
    this.form.replaceChildren(...skeletonRows(3));
    this.draw();
    void this.#load();
  }

  close() {
    this.#closing.abort();
  }

  async #load() {
    try {
      this.#groups = await settableOf(this.app, this.found);
      this.#drawForm();
    } catch (error) {
      this.form.replaceChildren(listState("warning", /** @type {Error} */ (error).message, () => void this.#load()));
    }
  }

  /** In the language of now. */
  draw() {
    this.back.textContent = t("bulkBack");
    this.element.setAttribute("aria-label", t("findCommand"));
    if (this.#groups) this.#drawForm();
    this.#drawSaid();
  }

  get #signals() {
    return this.#groups?.[this.#chosen] ?? [];
  }

  #drawForm() {
    if (!this.#groups?.length) return this.form.replaceChildren(listState("info", t("bulkNone")));
    if (this.#request) return this.form.replaceChildren();
    const [reason, rate] = ["reason", "rate"].map((name) => String(new FormData(this.form).get(name) ?? ""));
    const signal = sharedBy(this.#signals);
    const choices = choicesOf(signal);
    const fields = choices ? null : valueFields(signal);
    const value = choices ? choiceButtons(choices, { pressed: this.#choice, label: t("commandValue"), onChoose: (chosen) => this.#choose(chosen) }) : h("div", { class: "command-value" }, ...(fields?.beside ?? []));
    const select = h("select", { class: "field", id: "bulk-signal", on: { change: () => this.#pick(Number(select.value)) } }, ...this.#groups.map((group, i) => h("option", { value: i, selected: i === this.#chosen, text: this.#title(group) })));
    const why = h("input", { class: "field", id: "bulk-reason", name: "reason", required: true, maxlength: 1000, value: reason, placeholder: t("commandReason") });
    const most = h("input", { class: "field number", id: "bulk-rate", name: "rate", type: "number", min: LEAST_RATE, step: "any", value: rate, placeholder: t("bulkRateNone"), "aria-describedby": "bulk-rate-unit" });
    return this.form.replaceChildren(
      h("div", { class: "find-field" }, h("label", { for: "bulk-signal", text: t("bulkSignal") }), select),
      ...(fields?.above ?? []),
      h("div", { class: "find-field" }, h("span", { class: "field-name", text: t("bulkValue") }), value),
      h("div", { class: "find-field" }, h("label", { for: "bulk-reason", text: t("bulkReason") }), why),
      h("div", { class: "find-field" }, h("label", { for: "bulk-rate", text: t("bulkRate") }), h("div", { class: "command-value" }, most, h("span", { class: "raw", id: "bulk-rate-unit", text: t("bulkRateUnit") }))),
      h("div", { class: "bulk-buttons" }, h("button", { class: "button small quiet", type: "submit", text: t("bulkTry") })),
    );
  }

  /** @param {Signal[]} group */
  #title([{ name, unit }, ...others]) {
    return t("bulkTitle", { name: unit ? `${name} (${unitText(unit)})` : name, n: others.length + 1, all: this.found.objects.length });
  }

  /** @param {number} chosen */
  #pick(chosen) {
    this.#chosen = chosen;
    this.#choice = null;
    this.#changed();
    this.#drawForm();
    this.form.querySelector("select")?.focus();
  }

  /** @param {Value} chosen */
  #choose(chosen) {
    this.#choice = chosen;
    this.#changed();
    this.#drawForm();
    /** @type {HTMLElement | null} */ (this.form.querySelector('[aria-pressed="true"]'))?.focus();
  }

  /** What was tried is no longer what would be sent. */
  #changed() {
    this.#tried = null;
    this.#refusal = "";
    this.#drawSaid();
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    void this.#try();
  }

  async #try() {
    const signal = this.#signals[0];
    if (!signal || this.#busy) return;
    const isChoice = choicesOf(signal) !== null;
    if (isChoice && this.#choice === null) return this.#refuse(t("bulkChoose"));
    const value = isChoice ? this.#choice : fieldValue(this.form, signal);
    const given = new FormData(this.form);
    const rate = given.get("rate");
    const body = { targets: { signals: this.#signals.map(({ id }) => id) }, value, reason: String(given.get("reason")), ...(rate ? { rate: Number(rate) } : {}) };
    await this.#work(async () => {
      this.#tried = { body, told: await this.app.api.post("commands", { ...body, dry_run: true }, this.#closing.signal) };
    });
  }

  async #send() {
    if (!this.#tried || this.#busy) return;
    const body = { ...this.#tried.body, idempotency_key: newKey() };
    await this.#work(async () => {
      this.#request = await this.app.api.post("commands", body);
    });
    if (this.#request) {
      this.#drawForm();
      this.element.scrollIntoView({ block: "nearest" });
      await this.#follow(this.#request);
    }
  }

  /** @param {() => Promise<void>} what */
  async #work(what) {
    this.#busy = true;
    this.#refusal = "";
    this.#drawSaid();
    try {
      await what();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#refusal = refusalText(/** @type {Error} */ (error).message);
    }
    this.#busy = false;
    this.#drawSaid();
  }

  /** @param {string} text */
  #refuse(text) {
    this.#refusal = text;
    this.#drawSaid();
  }

  /** Until all targets have ended, or nobody looks. @param {CommandRequest} request */
  async #follow(request) {
    const begun = Date.now();
    for (;;) {
      const before = failures(this.#request);
      this.#request = request;
      if (failures(request) !== before || !this.#failed.length) await this.#tellFailed(request);
      this.#drawSaid();
      if (!request.open || this.#closing.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, Date.now() - begun < SOON_FOR_MS ? SOON_MS : LATER_MS));
      request = await this.app.api.get(`commands/${request.id}`, {}, this.#closing.signal).catch(() => request);
    }
  }

  /** @param {CommandRequest} request */
  async #tellFailed(request) {
    if (!failures(request)) return;
    try {
      this.#failed = await this.app.api.all(`commands/${request.id}/targets`, { state: FAILED, limit: 100 }, MOST_TOLD);
    } catch {
      // The counts say how many there are; the next look asks for them again.
    }
  }

  async #cancel() {
    try {
      await this.app.api.post(`commands/${this.#request?.id}/cancel`);
    } catch (error) {
      this.#refuse(refusalText(/** @type {Error} */ (error).message));
    }
  }

  #drawSaid() {
    const refused = this.#refusal ? h("p", { class: "command-refused" }, icon("warning"), h("span", { text: this.#refusal })) : null;
    if (this.#request) return this.said.replaceChildren(refused ?? "", ...this.#progress(this.#request));
    if (this.#busy) return this.said.replaceChildren(h("p", { class: "hint", text: t("loading") }));
    return this.said.replaceChildren(refused ?? "", ...(this.#tried ? this.#trial(this.#tried) : []));
  }

  /** @param {{ body: Record<string, any>, told: import("../types").DryRun }} tried */
  #trial({ body: { rate }, told: { targets, refused, outcomes } }) {
    const going = targets - refused;
    const named = new Set(outcomes.filter(({ refusals }) => refusals.length).map(({ signal }) => signal));
    const approvals = this.#signals.filter(({ id, control }) => control?.dangerous && !named.has(id)).length;
    const waiting = outcomes.filter(({ failing_interlocks }) => failing_interlocks.length).length;
    const superseded = outcomes.reduce((sum, { supersedes }) => sum + supersedes.length, 0);
    const lines = [
      h("li", { class: going ? "good" : "", text: t("bulkGoing", { n: going, targets }) }),
      refused ? h("li", { class: "bad", text: t("bulkRefused", { n: refused }) }) : null,
      approvals ? h("li", { class: "now", text: t("bulkApprovals", { n: approvals }) }) : null,
      waiting ? h("li", { class: "bad", text: t("bulkInterlocks", { n: waiting }) }) : null,
      superseded ? h("li", { text: t("bulkSupersedes", { n: superseded }) }) : null,
      rate && going > rate ? h("li", { text: t("bulkSpread", { n: Math.ceil(going / rate) }) }) : null,
    ];
    const send = h("button", { class: "button small", type: "button", text: t("bulkSend", { n: going }), disabled: !going, on: { click: () => void this.#send() } });
    return [h("ul", { class: "command-steps" }, ...lines), ...refusalGroups(outcomes, refused, this.#nameOf, this.#go), send];
  }

  /** @param {CommandRequest} request */
  #progress(request) {
    const cancel = request.counts.queued || request.counts.awaiting_approval ? h("button", { class: "text-button", type: "button", text: t("bulkCancel"), on: { click: () => void this.#cancel() } }) : null;
    const title = h("h3", { text: request.open ? t("bulkOpen", { n: request.targets }) : t("bulkOver", { n: request.targets }) });
    const counts = Object.entries(request.counts).map(([state, n]) => h("li", { class: FAILED.includes(state) ? "bad" : state === "confirmed" ? "good" : "now" }, h("span", { text: t(/** @type {any} */ (`command.${state}`)) }), h("span", { class: "count", text: number(n) })));
    return [title, progressBar(request, FAILED), h("ul", { class: "command-steps" }, ...counts), cancel, ...outcomeList(this.#failed, failures(request), this.#nameOf, this.#go)].filter((node) => node !== null);
  }

  /** Of the object of a signal. @param {string} signal */
  #nameOf = (signal) => this.found.objects.find(({ id }) => id === objectOf(signal))?.name || objectOf(signal);

  /** @param {string} signal */
  #go = (signal) => void this.app.select(objectOf(signal), { fly: true });
}

/** How many targets need attention. @param {CommandRequest | null} request */
function failures(request) {
  return FAILED.reduce((sum, state) => sum + (request?.counts[state] ?? 0), 0);
}

/** A signal that stands for all of a group: their common range, no value of one of them. @param {Signal[]} group @returns {Signal} */
function sharedBy(group) {
  const ranges = group.map(({ range }) => range ?? [null, null]);
  const bounds = (/** @type {0 | 1} */ end) => ranges.map((range) => range[end]).filter((limit) => limit !== null);
  const [lows, highs] = [bounds(0), bounds(1)];
  return { ...group[0], value: null, range: [lows.length ? Math.max(...lows) : null, highs.length ? Math.min(...highs) : null] };
}
