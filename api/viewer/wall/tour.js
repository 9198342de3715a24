/** What the wall looks at: round each place in turn, slowly, and a theme with each. */

import { subjectOf } from "../scene/home.js";

/** Degrees a second: a turn in three minutes. */
const SPEED = 2;
const STAY_MS = 30_000;
/** While there is nothing to look at yet. */
const WAIT_MS = 1_000;
/** Faster than this many frames a second nobody needs of a view that creeps. */
const FRAME_MS = 50;

export class Tour {
  #place = -1;
  #theme = -1;
  #last = 0;
  #flying = false;

  /**
   * @param {import("../app.js").App} app
   * @param {object} listeners
   * @param {(model: import("../types").Model | null) => void} listeners.onPlace null: all of it
   * @param {(key: string) => ReadonlySet<string> | null} listeners.kindsAt kinds of signals of a model; null: not known
   */
  constructor(app, { onPlace, kindsAt }) {
    this.app = app;
    this.onPlace = onPlace;
    this.kindsAt = kindsAt;
    /** Nothing moves for those who asked their system for that; places change all the same. */
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  async run() {
    await this.app.sceneReady;
    if (!this.still) requestAnimationFrame((now) => this.#frame(now));
    for (;;) {
      const { status, themes, themesError } = this.app.store.get();
      const ready = status === "ready" && (themes !== null || themesError !== null);
      if (ready && themesError) void this.app.live.loadThemes();
      if (ready) await this.#next();
      await new Promise((resolve) => setTimeout(resolve, ready ? STAY_MS : WAIT_MS));
    }
  }

  /** Goes to the next place, with the next theme of what is reported there. */
  async #next() {
    // Buildings where there are any: nobody knows the street drains by their looks.
    const places = subjectOf(this.app.store.get().models).filter(({ bounds }) => bounds);
    // All of it first and in between.
    this.#place = (this.#place + 1) % (places.length + 1);
    const model = this.#place === 0 ? null : places[this.#place - 1];
    this.#colour(model);
    this.onPlace(model);
    // Opened for the place before, if that lay below it.
    this.app.setUnderground({ on: false });
    this.#flying = true;
    try {
      await (model ? this.app.flyToModel(model.key) : this.app.flyHome());
    } finally {
      this.#flying = false;
    }
  }

  /** @param {import("../types").Model | null} model */
  #colour(model) {
    const themes = this.app.store.get().themes ?? [];
    const kinds = model && this.kindsAt(model.key);
    for (let step = 1; step <= themes.length; step += 1) {
      const at = (this.#theme + step) % themes.length;
      if (kinds && !themes[at].kinds.some((kind) => kinds.has(kind))) continue;
      this.#theme = at;
      void this.app.live.setTheme(themes[at].key);
      return;
    }
  }

  /** @param {number} now milliseconds */
  #frame(now) {
    requestAnimationFrame((at) => this.#frame(at));
    if (document.hidden || now - this.#last < FRAME_MS) return;
    const passed = Math.min(1_000, now - this.#last);
    this.#last = now;
    if (!this.#flying && this.#place >= 0) this.app.scene?.pilot.orbit((SPEED * passed) / 1_000);
  }
}
