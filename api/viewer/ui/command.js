/** Sets a signal: the input that suits its type, and how far the command has come. Nothing is shown as done before the server says so. */

import { h, icon } from "../dom.js";
import { number, t } from "../i18n.js";
import { choiceButtons, choicesOf, fieldValue, newKey, valueFields } from "./command-inputs.js";
import { unitText, valueText } from "./properties.js";

/** @typedef {import("../types").Signal} Signal */
/** @typedef {import("../types").CommandRequest} CommandRequest */
/** @typedef {import("../types").CommandStep} CommandStep */
/** @typedef {import("./command-inputs.js").Value} Value */

/** Devices answer within a second; what takes longer is asked for less often. */
const SOON_MS = 400;
const LATER_MS = 2_000;
const SOON_FOR_MS = 20_000;
/** What may still be taken back. */
const NOT_SENT = new Set(["awaiting_approval", "queued"]);
const GOOD = new Set(["confirmed", "acknowledged", "sent", "queued", "awaiting_approval"]);

export class CommandBox {
  /** @type {CommandRequest | null} */
  #request = null;
  /** @type {CommandStep[]} */
  #steps = [];
  #refusal = "";
  #busy = false;
  #drawn = "";

  /**
   * @param {import("../api.js").Api} api
   * @param {Signal} signal
   * @param {AbortSignal} looking ends when nobody looks at it any more
   * @param {() => void} changed something may have come of it
   */
  constructor(api, signal, looking, changed) {
    this.api = api;
    this.signal = signal;
    this.looking = looking;
    this.changed = changed;
    this.form = h("form", { class: "command-form" });
    this.said = h("div", { class: "command-said", role: "status" });
    this.element = h("dd", { class: "commanding", hidden: true }, this.form, this.said);
    this.form.addEventListener("submit", (event) => event.preventDefault());
    void this.#begin();
  }

  /** Shows itself to those who may command, with what is still open. */
  async #begin() {
    try {
      const { allowed } = await this.api.get("can-i", { action: "command", signal: this.signal.id }, this.looking);
      if (!allowed) return;
      this.element.hidden = false;
      this.draw(this.signal);
      const { items } = await this.api.get("commands", { signal: this.signal.id, state: "open", limit: 1 }, this.looking);
      if (items.length && !this.#request) await this.#follow(items[0]);
    } catch {
      // Without an answer there is nothing to press: the values are shown all the same.
    }
  }

  /** @param {Signal} signal */
  draw(signal) {
    this.signal = signal;
    // An input that somebody is typing into stays: it is made anew only where what it offers has changed.
    const offered = JSON.stringify([document.documentElement.lang, this.#busy, this.#isChoice ? signal.value : null, signal.choices]);
    if (offered === this.#drawn) return;
    this.#drawn = offered;
    const reason = signal.control?.dangerous ? h("input", { class: "field", name: "reason", required: true, maxlength: 1000, placeholder: t("commandReason"), "aria-label": t("commandReason") }) : null;
    this.form.setAttribute("aria-label", t("commandNamed", { name: signal.name }));
    const focused = [...this.form.elements].indexOf(/** @type {Element} */ (document.activeElement));
    this.form.replaceChildren(...this.#inputs(), reason ?? "", reason ? h("p", { class: "hint", text: t("commandDangerous") }) : "");
    if (focused >= 0) /** @type {HTMLElement | undefined} */ (this.form.elements[focused])?.focus();
    this.#drawSaid();
  }

  get #isChoice() {
    return this.signal.type === "boolean" || this.signal.type === "enum";
  }

  /** The reported choice is marked, and stays marked until another is reported. @returns {HTMLElement[]} */
  #inputs() {
    const { name, value } = this.signal;
    const choices = choicesOf(this.signal);
    if (choices) return [choiceButtons(choices, { pressed: value, label: t("commandNamed", { name }), disabled: this.#busy, onChoose: (chosen) => void this.#send(chosen) })];
    const { above, beside } = valueFields(this.signal);
    const send = h("button", { class: "button small", type: "submit", text: t("commandSend"), "aria-disabled": this.#busy });
    this.form.onsubmit = () => void this.#send(fieldValue(this.form, this.signal));
    return [...above, h("div", { class: "command-value" }, ...beside, send)];
  }

  /** @param {Value} value */
  async #send(value) {
    if (this.#busy || !this.form.reportValidity()) return;
    const reason = new FormData(this.form).get("reason") || t("commandByHand");
    this.#busy = true;
    this.#refusal = "";
    this.#request = null;
    this.#steps = [];
    this.draw(this.signal);
    this.#drawSaid();
    try {
      const request = await this.api.post("commands", { signal: this.signal.id, value, reason, idempotency_key: newKey() });
      await this.#follow(request);
    } catch (error) {
      this.#refusal = refusalText(/** @type {Error} */ (error).message);
    }
    this.#busy = false;
    this.draw(this.signal);
    this.#drawSaid();
  }

  /** Until it ends, or nobody looks. @param {CommandRequest} request */
  async #follow(request) {
    const begun = Date.now();
    this.#busy = true;
    for (;;) {
      const before = this.#request?.command?.state;
      this.#request = request;
      if (request.command && request.command.state !== before) await this.#tell(request.command.id);
      this.draw(this.signal);
      if (!request.open || this.looking.aborted) break;
      await new Promise((resolve) => setTimeout(resolve, Date.now() - begun < SOON_FOR_MS ? SOON_MS : LATER_MS));
      request = await this.api.get(`commands/${request.id}`, {}, this.looking).catch(() => request);
    }
    this.#busy = false;
    this.draw(this.signal);
  }

  /** @param {string} id of the command */
  async #tell(id) {
    const { items } = await this.api.get(`commands/${id}/steps`, {}, this.looking).catch(() => ({ items: this.#steps }));
    this.#steps = items;
    this.#drawSaid();
    this.changed();
  }

  async #cancel() {
    try {
      await this.api.post(`commands/${this.#request?.id}/cancel`);
    } catch (error) {
      this.#refusal = refusalText(/** @type {Error} */ (error).message);
      this.#drawSaid();
    }
  }

  #drawSaid() {
    const command = this.#request?.command;
    if (this.#refusal) return this.said.replaceChildren(h("p", { class: "command-refused" }, icon("warning"), h("span", { text: this.#refusal })));
    if (!command) return this.said.replaceChildren(this.#busy ? h("p", { class: "hint", text: t("loading") }) : "");
    const unit = this.signal.unit ? ` ${unitText(this.signal.unit)}` : "";
    const wanted = h("p", { class: "command-wanted", text: `→ ${stateText(this.signal, command.value)}${unit}` });
    const cancel = NOT_SENT.has(command.state) ? h("button", { class: "text-button", type: "button", text: t("commandCancel"), on: { click: () => void this.#cancel() } }) : null;
    return this.said.replaceChildren(wanted, h("ol", { class: "command-steps" }, ...this.#steps.filter(({ noted }) => !noted).map(stepRow)), cancel ?? "");
  }
}

/** A value as it is said of what can be switched: on and off. @param {Signal} signal @param {Signal["value"]} value */
export function stateText(signal, value) {
  return signal.control && typeof value === "boolean" ? t(value ? "on" : "off") : valueText(value);
}

/** @param {CommandStep} step @param {number} i @param {CommandStep[]} steps */
function stepRow({ state, detail, at }, i, steps) {
  const last = i === steps.length - 1;
  const kind = !GOOD.has(state) ? "bad" : state === "confirmed" ? "good" : last ? "now" : "";
  const since = i ? ` +${number((Date.parse(at) - Date.parse(steps[0].at)) / 1000, { maximumFractionDigits: 1 })} s` : "";
  return h("li", { class: kind }, h("span", { text: t(/** @type {import("../i18n.js").Key} */ (`command.${state}`)) }), h("span", { class: "raw", text: since }), detail && (last || kind === "bad") ? h("span", { class: "command-detail", text: detail }) : null);
}

/** `held: priority manual is held by …` in the page's words, with the server's own after them. @param {string} message */
export function refusalText(message) {
  const [, code, detail] = /^(\w+): (.*)$/s.exec(message) ?? [];
  const key = /** @type {import("../i18n.js").Key} */ (`refusal.${code}`);
  if (!code || t(key) === key) return message === "unreachable" ? t("errorTitle") : message;
  return `${t(key)} (${detail.replace(/\.$/, "")})`;
}
