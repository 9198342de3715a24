/** Open alarms of the whole scene: for the badge, the list, the rings and the figures of the wall. */

import { MOST_TERMS, batches } from "../find/question.js";
import { OpenAlarms } from "./open-alarms.js";

/** @typedef {import("../types").Alarm} Alarm */

/** The newest so many are known; a scene with more has other worries than a list. */
const MOST_ALARMS = 200;
/** Of one answer of the server. */
const PAGE = 1_000;

export class AlarmWatch {
  /** Objects that have, or had, an alarm, by id. @type {Map<string, import("../types").TwinObject>} */
  #objects = new Map();
  /** Those that are looked for, or are not there. @type {Set<string>} */
  #asked = new Set();

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.store = app.store;
    /** @type {OpenAlarms | null} */
    this.open = null;
    /** Who counts them knows more of them. */
    this.most = MOST_ALARMS;
  }

  /** Begins, once there are models. */
  start() {
    this.open ??= new OpenAlarms(this.app.api, { model: this.app.onlyModel, limit: this.most }, {
      onList: (alarms, more) => this.put(alarms, more),
      onError: (alarmsError) => this.store.set({ alarmsError }),
    });
  }

  /** Asks, whatever the channel says. */
  async refresh() {
    await this.open?.refresh();
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
        const { items } = await this.app.api.get("objects", { filter: `state_index IN (${some.join(", ")})`, limit: PAGE });
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
