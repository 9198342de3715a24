/** Open alarms: of the selected object in its card, of all models in the panel; acknowledged here by whoever has a token. */

import { h } from "../dom.js";
import { language, number, onLanguage, t } from "../i18n.js";
import { OpenAlarms } from "../live/open-alarms.js";
import { listState, skeletonRows } from "./list-parts.js";
import { unitText, valueText } from "./properties.js";
import { age } from "./readings.js";
import { toast } from "./toast.js";

/** @typedef {import("../types").Alarm} Alarm */

/** Rows at most, the newest: more than anybody works off on one page. */
const MOST = 100;

/**
 * @param {import("../app.js").App} app
 * @param {Alarm} alarm
 * @param {(alarm: Alarm) => void} seen it was acknowledged here
 * @param {(() => void) | null} go
 */
function alarmRow(app, alarm, seen, go) {
  const severity = t(`severity.${alarm.severity}`);
  const said = alarm.message ?? `${t(`alarm.${alarm.kind}`)}: ${valueText(alarm.value)}${alarm.unit ? ` ${unitText(alarm.unit)}` : ""}`;
  const by = alarm.acknowledged ? t("alarmSeen", { by: alarm.acknowledged_by ?? "" }) : "";
  const where = go ? alarm.object_name || alarm.object : alarm.signal.slice(alarm.signal.lastIndexOf("/") + 1);
  const note = [severity, where, age(alarm.since, Date.now()), by].filter(Boolean).join(" · ");
  const text = [h("span", { class: "alarm-text", text: said }), h("span", { class: "raw", text: note })];
  const body = go ? h("button", { class: "alarm-body", type: "button", title: alarm.signal, on: { click: go } }, ...text) : h("div", { class: "alarm-body", title: new Date(alarm.since).toLocaleString(language()) }, ...text);
  const canWrite = app.api.signedIn && !alarm.acknowledged;
  const button = canWrite ? h("button", { class: "text-button", type: "button", text: t("acknowledge"), on: { click: () => void acknowledge(app, alarm, seen) } }) : null;
  return h("li", { class: `alarm ${alarm.severity}${alarm.acknowledged ? " seen" : ""}` }, body, button);
}

/** @param {import("../app.js").App} app @param {Alarm} alarm @param {(alarm: Alarm) => void} seen */
async function acknowledge(app, alarm, seen) {
  try {
    const known = await app.api.post(`alarms/${alarm.id}/acknowledge`);
    seen(known);
    void app.alarms.refresh();
  } catch (error) {
    toast(/** @type {Error} */ (error).message, "warning");
  }
}

/** In the card: told while the object is looked at; nothing where there is no alarm. */
export class ObjectAlarms {
  /** @type {OpenAlarms | null} */
  #watching = null;
  /** @type {Alarm[]} */
  #alarms = [];

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = h("section", { class: "alarms", hidden: true });
  }

  /** Those of an object and of what is below it, until another is watched. @param {string | null} id */
  watch(id) {
    this.#watching?.close();
    this.#watching = null;
    this.#alarms = [];
    this.draw();
    if (id === null) return;
    this.#watching = new OpenAlarms(this.app.api, { place: id, limit: MOST }, {
      onList: (alarms) => {
        this.#alarms = alarms;
        this.draw();
      },
    });
  }

  draw() {
    const alarms = this.#alarms;
    const seen = (/** @type {Alarm} */ known) => {
      this.#alarms = this.#alarms.map((other) => (other.id === known.id ? known : other));
      this.draw();
    };
    this.element.hidden = alarms.length === 0;
    this.element.replaceChildren(...(alarms.length ? [h("h3", { text: t("alarms") }), h("ul", { class: "alarm-list" }, ...alarms.map((alarm) => alarmRow(this.app, alarm, seen, null)))] : []));
  }
}

/** In the panel: all open alarms, each leads to its object. */
export class AlarmList {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = h("div", { class: "list alarms" });
    app.store.on(["alarms", "alarmsError"], () => this.element.isConnected && this.draw());
    onLanguage(() => this.draw());
  }

  shown() {
    this.draw();
    void this.app.alarms.refresh();
  }

  draw() {
    const { alarms, alarmsMore, alarmsError } = this.app.store.get();
    if (!alarms && alarmsError) return this.element.replaceChildren(listState("warning", alarmsError.message));
    if (!alarms) return this.element.replaceChildren(...skeletonRows(4));
    if (!alarms.length) return this.element.replaceChildren(listState("info", t("alarmsNone")));
    const seen = (/** @type {Alarm} */ known) => this.app.alarms.put(alarms.map((other) => (other.id === known.id ? known : other)));
    const rows = alarms.map((alarm) => alarmRow(this.app, alarm, seen, () => void this.app.select(alarm.object)));
    const more = alarmsMore ? h("p", { class: "hint", text: t("alarmsMore", { n: alarms.length }) }) : "";
    return this.element.replaceChildren(h("ul", { class: "alarm-list" }, ...rows), more);
  }
}

/** How many there are, for the tab; empty: none. @param {import("../types").AppState} state */
export function alarmBadge({ alarms, alarmsMore }) {
  if (!alarms?.length) return null;
  const text = `${number(alarms.length)}${alarmsMore ? "+" : ""}`;
  const fresh = alarms.some(({ acknowledged }) => !acknowledged);
  return h("span", { class: `tab-badge${fresh ? " fresh" : ""}`, text, "aria-hidden": "true" });
}
