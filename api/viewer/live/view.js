/**
 * What the scene is coloured by: a theme, now or at an instant. Keeps the codes, hands them to the scene, and tells the store what
 * legend and slider show.
 */

import { MOST_TERMS, batches } from "../find/question.js";
import { LiveChannel } from "./channel.js";
import { readFrame } from "./codes.js";
import { Rooms } from "./rooms.js";

/** @typedef {import("../types").Theme} Theme */

/** Slider steps follow each other faster than answers: only the newest instant is asked for, and not more often than this. */
const ASK_EVERY_MS = 120;
/** Pins at most; a city's ten thousand sensors would hide the city. */
const MOST_PINS = 2_000;
/** Codes from here on are no places on the scale. */
const SPECIAL_FROM = 250;

export class LiveView {
  /** @type {LiveChannel | null} */
  #channel = null;
  /** What the objects' codes are, by state index. @type {Map<number, number>} */
  #codes = new Map();
  /** How many objects have each code. */
  #counts = new Uint32Array(256);
  /** The instant that is wanted, and whether one is being asked for. @type {number | null} */
  #wanted = null;
  #asking = false;
  #turn = 0;
  /** Objects that report something of the theme. @type {import("../types").TwinObject[]} */
  #objects = [];
  #rooms = new Rooms();
  /** All rooms, once they were shown with a theme. @type {Promise<import("../types").TwinObject[]> | null} */
  #allRooms = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** Whether rooms were shown when they were last coloured. */
    this.shownRooms = false;
    this.api = app.api;
    this.store = app.store;
    app.store.on(["models"], () => (this.#allRooms = null));
    app.store.on(["filters"], ({ filters }) => filters.spaces !== this.shownRooms && void this.#colourRooms());
  }

  /** Asks which themes there are, and for how many signals of this scene. */
  async loadThemes() {
    this.store.set({ themesError: null });
    try {
      const [themes, { items }] = await Promise.all([this.api.all("themes"), this.api.get("state/aggregate", { by: "name", model: this.app.onlyModel })]);
      this.store.set({ themes: offered(themes, items) });
    } catch (error) {
      this.store.set({ themesError: /** @type {Error} */ (error) });
    }
  }

  /** The theme that colours now. @returns {Theme | null} */
  get theme() {
    const { themes, theme } = this.store.get();
    return themes?.find(({ key }) => key === theme) ?? null;
  }

  /** The colour that an object has by the theme; null: none. @param {number} stateIndex */
  colourOf(stateIndex) {
    const code = this.#codes.get(stateIndex);
    return code === undefined ? null : (this.theme?.colours[code] ?? null);
  }

  /** @param {string | null} key null: the objects' own colours */
  async setTheme(key) {
    if (key === this.store.get().theme) return;
    this.#stop();
    this.#objects = [];
    this.#rooms.learn([], []);
    const turn = (this.#turn += 1);
    this.store.set({ theme: key, tally: null, live: key ? "connecting" : "off", liveReason: "" });
    const scene = await this.app.sceneReady;
    if (turn !== this.#turn || !scene) return;
    const { theme } = this;
    scene.setTheme(theme?.colours ?? null);
    if (!theme) return this.store.set({ instant: null });
    const { instant } = this.store.get();
    if (instant === null) return this.#follow(theme);
    void this.#pin(theme, turn);
    void this.#ask(instant);
    return undefined;
  }

  /** @param {number | null} instant milliseconds since 1970; null: now, and on */
  setInstant(instant) {
    if (instant === this.store.get().instant) return;
    this.store.set({ instant });
    const { theme } = this;
    if (!theme) return;
    if (instant === null) this.#follow(theme);
    else {
      this.#stop();
      void this.#ask(instant);
    }
  }

  #stop() {
    this.#channel?.close();
    this.#channel = null;
    this.#wanted = null;
  }

  /** @param {Theme} theme */
  #follow(theme) {
    this.#stop();
    this.#channel = new LiveChannel(this.api, { format: "codes", theme: theme.key, model: this.app.onlyModel }, {
      onFrame: (frame) => {
        this.#take(frame);
        // The first, and one whenever there are new signals.
        if (frame.kind === "snapshot") void this.#pin(theme, this.#turn);
      },
      onStatus: (live, reason = "") => this.store.set({ live, liveReason: reason }),
    });
  }

  /** @param {number} instant */
  async #ask(instant) {
    this.#wanted = instant;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wanted !== null && this.theme) {
      const [at, key] = [this.#wanted, this.theme.key];
      this.#wanted = null;
      await this.#show(at, key);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    this.#asking = false;
  }

  /** @param {number} at @param {string} key */
  async #show(at, key) {
    const stillAsked = () => this.store.get().theme === key && this.store.get().instant !== null;
    this.store.set({ live: "connecting" });
    try {
      const frame = readFrame(await this.api.bytes("state", { at: new Date(at).toISOString(), theme: key, model: this.app.onlyModel }));
      if (!stillAsked() || !frame) return;
      this.#take(frame);
      this.store.set({ live: "past", liveReason: "" });
    } catch (error) {
      if (stillAsked()) this.store.set({ live: "lost", liveReason: /** @type {Error} */ (error).message });
    }
  }

  /** @param {import("./codes.js").Frame} frame */
  #take({ kind, indices, codes }) {
    if (kind === "beat" || kind === "reset") return;
    if (kind === "snapshot") {
      this.#codes.clear();
      this.#counts.fill(0);
    }
    for (let i = 0; i < indices.length; i += 1) this.#count(indices[i], codes[i]);
    this.app.scene?.putCodes(indices, codes, kind === "snapshot");
    this.#putRooms(kind === "snapshot" ? null : indices);
    this.#tell();
  }

  /** @param {number} index @param {number} code */
  #count(index, code) {
    const before = this.#codes.get(index);
    if (before !== undefined) this.#counts[before] -= 1;
    this.#codes.set(index, code);
    this.#counts[code] += 1;
  }

  /** Tells how many objects there are, and how many have no value, where that has changed. */
  #tell() {
    const special = Object.fromEntries([...this.#counts].flatMap((n, code) => (code >= SPECIAL_FROM && n ? [[code, n]] : [])));
    const tally = { objects: this.#codes.size, special };
    if (JSON.stringify(tally) !== JSON.stringify(this.store.get().tally)) this.store.set({ tally });
  }

  /** Marks where the theme's signals are, those that have not reported yet, too: sensors are too small to be seen from afar. @param {Theme} theme @param {number} turn */
  async #pin(theme, turn) {
    const conditions = theme.names.map((name) => `signal."${name.replaceAll('"', '""')}".kind IS NOT NULL`);
    try {
      /** @type {Map<string, import("../types").TwinObject>} */
      const byId = new Map();
      for (const some of batches(conditions, MOST_TERMS)) {
        const found = await this.api.all("objects", { filter: some.join(" OR "), model: this.app.onlyModel, limit: 1_000 }, MOST_PINS);
        for (const object of found) byId.set(object.id, object);
        if (byId.size >= MOST_PINS) break;
      }
      if (turn !== this.#turn) return;
      const objects = [...byId.values()];
      this.app.scene?.setPins(objects);
      this.#objects = objects;
      await this.#colourRooms();
    } catch (error) {
      console.warn("No pins:", error);
    }
  }

  /** Rooms that are shown with a theme have the colour of what lies in them. */
  async #colourRooms() {
    const { theme } = this;
    const { spaces } = this.store.get().filters;
    this.shownRooms = spaces;
    if (!theme || !spaces || !this.#objects.length) return;
    try {
      this.#allRooms ??= this.api.all("objects", { class: "IfcSpace", model: this.app.onlyModel, limit: 1_000 });
      const rooms = await this.#allRooms;
      if (theme !== this.theme) return;
      this.#rooms.learn(rooms, this.#objects, (key) => turnOf(this.app.modelOf(key)));
      this.#putRooms(null);
    } catch (error) {
      this.#allRooms = null;
      console.warn("No colours of rooms:", error);
    }
  }

  /** @param {Uint32Array | null} changed state indices; null: all rooms */
  #putRooms(changed) {
    if (!this.shownRooms) return;
    const { indices, codes } = this.#rooms.codes(changed, this.#codes);
    if (indices.length) this.app.scene?.putCodes(indices, codes, false);
  }
}

/** From east to the walls of a model, counter-clockwise, radians: as it was placed; 0 where its file turns it in another way. @param {import("../types").Model | undefined} model */
function turnOf(model) {
  const { rotation_deg: degrees = 0, matrix = null } = model?.placement ?? {};
  return matrix ? 0 : (degrees * Math.PI) / 180;
}

/**
 * Themes that something in this scene reports, with how many signals and what these are called.
 * @param {Omit<Theme, "signals" | "names">[]} themes
 * @param {{ key: string, kind: string | null, signals: number }[]} groups
 * @returns {Theme[]}
 */
function offered(themes, groups) {
  return themes.flatMap((theme) => {
    const mine = groups.filter(({ kind }) => kind !== null && theme.kinds.includes(kind));
    const signals = mine.reduce((sum, group) => sum + group.signals, 0);
    return signals ? [{ ...theme, signals, names: [...new Set(mine.map(({ key }) => key))] }] : [];
  });
}
