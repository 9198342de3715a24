/** Open alarms: of the selected object in its card, of all models in the panel; acknowledged here by whoever has a token. */

import { h } from "../dom.js";
import { language, onLanguage, t } from "../i18n.js";
import { listState, skeletonRows } from "./list-parts.js";
import { unitText, valueText } from "./properties.js";
import { age } from "./readings.js";
import { toast } from "./toast.js";

/** @typedef {import("../types").Alarm} Alarm */

const EVERY_MS = 3_000;
/** Rows at most, the newest: more than anybody works off on one page. */
const MOST = 100;

/** Asks again and again while it is watched, and draws rows. */
class Alarms {
  /** @param {import("../app.js").App} app @param {HTMLElement} element */
  constructor(app, element) {
    this.app = app;
    this.element = element;
    /** @type {AbortController | null} */
    this.watching = null;
    /** @type {Alarm[] | null} null: not asked yet */
    this.alarms = null;
    /** @type {Error | null} */
    this.error = null;
  }

  /** @param {string | null} place id of an object; null: everywhere */
  follow(place) {
    this.stop();
    const watching = new AbortController();
    this.watching = watching;
    void this.#repeat(place, watching.signal);
  }

  stop() {
    this.watching?.abort();
    this.watching = null;
    this.alarms = null;
    this.error = null;
    this.draw();
  }

  /** @param {string | null} place @param {AbortSignal} signal */
  async #repeat(place, signal) {
    while (!signal.aborted) {
      if (!document.hidden) await this.#ask(place, signal);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param {string | null} place @param {AbortSignal} signal */
  async #ask(place, signal) {
    try {
      const page = await this.app.api.get("alarms", { state: "open", place, limit: MOST }, signal);
      if (signal.aborted) return;
      this.alarms = page.items;
      this.error = null;
    } catch (error) {
      // What is shown stays; the next attempt follows.
      this.error = /** @type {Error} */ (error);
    }
    if (!signal.aborted) this.draw();
  }

  /** @param {Alarm} alarm */
  async acknowledge(alarm) {
    try {
      const seen = await this.app.api.post(`alarms/${alarm.id}/acknowledge`);
      this.alarms = (this.alarms ?? []).map((other) => (other.id === seen.id ? seen : other));
      this.draw();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "warning");
    }
  }

  draw() {}

  /** @param {Alarm} alarm @param {(() => void) | null} go */
  row(alarm, go) {
    const severity = t(`severity.${alarm.severity}`);
    const said = alarm.message ?? `${t(`alarm.${alarm.kind}`)}: ${valueText(alarm.value)}${alarm.unit ? ` ${unitText(alarm.unit)}` : ""}`;
    const seen = alarm.acknowledged ? t("alarmSeen", { by: alarm.acknowledged_by ?? "" }) : "";
    const where = go ? alarm.object_name || alarm.object : alarm.signal.slice(alarm.signal.lastIndexOf("/") + 1);
    const note = [severity, where, age(alarm.since, Date.now()), seen].filter(Boolean).join(" · ");
    const text = [h("span", { class: "alarm-text", text: said }), h("span", { class: "raw", text: note })];
    const body = go ? h("button", { class: "alarm-body", type: "button", title: alarm.signal, on: { click: go } }, ...text) : h("div", { class: "alarm-body", title: new Date(alarm.since).toLocaleString(language()) }, ...text);
    const canWrite = this.app.api.signedIn && !alarm.acknowledged;
    const button = canWrite ? h("button", { class: "text-button", type: "button", text: t("acknowledge"), on: { click: () => void this.acknowledge(alarm) } }) : null;
    return h("li", { class: `alarm ${alarm.severity}${alarm.acknowledged ? " seen" : ""}` }, body, button);
  }
}

/** In the card: nothing where there is no alarm. */
export class ObjectAlarms extends Alarms {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    super(app, h("section", { class: "alarms", hidden: true }));
  }

  /** @param {string | null} id */
  watch(id) {
    if (id === null) this.stop();
    else this.follow(id);
  }

  draw() {
    const alarms = this.alarms ?? /** @type {Alarm[]} */ ([]);
    this.element.hidden = alarms.length === 0;
    this.element.replaceChildren(...(alarms.length ? [h("h3", { text: t("alarms") }), h("ul", { class: "alarm-list" }, ...alarms.map((alarm) => this.row(alarm, null)))] : []));
  }
}

/** In the panel: all open alarms, each leads to its object. Asks only while it is looked at. */
export class AlarmList extends Alarms {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    super(app, h("div", { class: "list alarms" }));
    onLanguage(() => this.draw());
  }

  shown() {
    if (!this.watching) this.follow(null);
  }

  draw() {
    if (!this.element.isConnected && this.watching && this.alarms) return this.stop();
    if (!this.alarms && this.error) return this.element.replaceChildren(listState("warning", this.error.message));
    if (!this.alarms) return this.element.replaceChildren(...skeletonRows(4));
    if (!this.alarms.length) return this.element.replaceChildren(listState("info", t("alarmsNone")));
    const rows = this.alarms.map((alarm) => this.row(alarm, () => void this.app.select(alarm.object)));
    return this.element.replaceChildren(h("ul", { class: "alarm-list" }, ...rows));
  }
}
