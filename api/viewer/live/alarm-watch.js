/** Open alarms of the whole scene: for the badge, the list and the rings. The server tells them when they change; where no WebSocket gets through, they are asked for. */

import { MOST_TERMS, batches } from "../find/question.js";
import { LiveChannel } from "./channel.js";

/** @typedef {import("../types").Alarm} Alarm */

/** How often one asks while the channel is not there. */
const EVERY_MS = 4_000;
/** The newest so many are known; a scene with more has other worries than a list. */
export const MOST_ALARMS = 200;

export class AlarmWatch {
  /** Objects that have, or had, an alarm, by id. @type {Map<string, import("../types").TwinObject>} */
  #objects = new Map();
  /** Those that are looked for, or are not there. @type {Set<string>} */
  #asked = new Set();

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.store = app.store;
    /** Whether the channel tells them. */
    this.told = false;
  }

  /** Begins, once there are models. */
  start() {
    if (this.channel) return;
    this.channel = new LiveChannel(this.app.api, { format: "alarms", model: this.app.onlyModel, limit: MOST_ALARMS }, {
      onFrame: (/** @type {import("../types").AlarmFrame} */ frame) => frame.type === "open_alarms" && this.put(frame.alarms, frame.more),
      onStatus: (status) => {
        this.told = status === "live";
        if (status === "lost") void this.refresh();
      },
    });
    window.setInterval(() => this.told || document.hidden || void this.refresh(), EVERY_MS);
  }

  /** Asks, whatever the channel says. */
  async refresh() {
    if (this.asking) return;
    this.asking = true;
    try {
      const { items, next } = await this.app.api.get("alarms", { state: "open", model: this.app.onlyModel, limit: MOST_ALARMS });
      this.put(items, next !== null);
    } catch (error) {
      // What is shown stays; the next attempt follows.
      this.store.set({ alarmsError: /** @type {Error} */ (error) });
    }
    this.asking = false;
  }

  /** @param {Alarm[]} alarms @param {boolean} [more] there are more than these */
  put(alarms, more = this.store.get().alarmsMore) {
    const same = JSON.stringify(alarms) === JSON.stringify(this.store.get().alarms);
    this.store.set({ alarms: same ? this.store.get().alarms : alarms, alarmsMore: more, alarmsError: null });
    if (!same) void this.#pin(alarms);
  }

  /** Marks where they are. @param {Alarm[]} alarms */
  async #pin(alarms) {
    const unknown = new Set(alarms.filter(({ object }) => !this.#asked.has(object)).map(({ object, state_index }) => (this.#asked.add(object), state_index)));
    try {
      for (const some of batches([...unknown], MOST_TERMS)) {
        const { items } = await this.app.api.get("objects", { filter: `state_index IN (${some.join(", ")})`, limit: MOST_ALARMS });
        for (const object of items) this.#objects.set(object.id, object);
      }
    } catch (error) {
      for (const { object, state_index } of alarms) if (unknown.has(state_index)) this.#asked.delete(object);
      console.warn("No pins of alarms:", error);
    }
    const scene = await this.app.sceneReady;
    if (alarms !== this.store.get().alarms) return;
    scene?.setAlarms(alarms.flatMap((alarm) => {
      const object = this.#objects.get(alarm.object);
      return object ? [{ alarm, object }] : [];
    }));
  }
}
