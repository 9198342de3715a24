/** Plays an interval of the past, up to 30 days back: the instant that the scene shows runs from one end of it to the other. */

/** How far back readings are looked for. */
export const MOST_BACK_MS = 30 * 86_400_000;
/** Intervals that end now, in hours, each with a step for the slider (minutes) and a speed at which it lasts one to three minutes. */
export const SPANS = /** @type {const} */ ([
  { hours: 1, stepMin: 1, speed: 60 },
  { hours: 24, stepMin: 5, speed: 900 },
  { hours: 168, stepMin: 30, speed: 3_600 },
  { hours: 720, stepMin: 120, speed: 21_600 },
]);
/** Seconds of the past in one of ours. */
export const SPEEDS = [60, 300, 900, 3_600, 21_600];
/** Steps that are smooth, and not more than the server is asked for. */
const TICK_MS = 200;
/** A page that slept goes on where it was, not where it would have been. */
const LONGEST_TICK_MS = 1_000;

export class Player {
  /** When "now" was, as the present was left. */
  #left = Date.now();
  /** @type {number | undefined} */
  #timer;
  #ticked = 0;

  /** @param {import("./view.js").LiveView} live @param {import("../state.js").Store} store */
  constructor(live, store) {
    this.live = live;
    this.store = store;
    store.on(["instant"], ({ instant }) => instant === null && this.pause());
  }

  /** The interval in milliseconds since 1970, and the step of its slider in minutes; `live`: it ends now. */
  get range() {
    const { play, instant } = this.store.get();
    const { span } = play;
    if (typeof span !== "number") return { ...span, stepMin: Math.max(1, Math.round((span.to - span.from) / 60_000 / 300)), live: false };
    const to = instant === null ? Date.now() : this.#left;
    return { from: to - span * 3_600_000, to, stepMin: SPANS.find(({ hours }) => hours === span)?.stepMin ?? 5, live: true };
  }

  /** @param {number | { from: number, to: number }} span hours until now, or an interval of its own */
  setSpan(span) {
    const { play, instant } = this.store.get();
    const speed = SPANS.find(({ hours }) => hours === span)?.speed ?? play.speed;
    this.#patch({ span, speed });
    const { from, to, live } = this.range;
    if (!live && (instant === null || instant < from || instant > to)) this.show(from);
    else if (instant !== null && instant < from) this.show(from);
  }

  /** @param {number} speed seconds of the past in one of ours */
  setSpeed(speed) {
    this.#patch({ speed });
  }

  /** Shows an instant; the end of an interval that ends now is the present. @param {number} instant milliseconds since 1970 */
  show(instant) {
    const { from, to, live } = this.range;
    if (this.store.get().instant === null) this.#left = Date.now();
    this.live.setInstant(live && instant >= to ? null : Math.min(to, Math.max(from, instant)));
  }

  toggle() {
    if (this.store.get().play.on) this.pause();
    else this.play();
  }

  /** From where it stands; from the beginning where that is the end. */
  play() {
    const { instant, theme } = this.store.get();
    if (!theme) return;
    const { from, to } = this.range;
    if (instant === null || instant >= to) this.show(from);
    this.#patch({ on: true });
    this.#ticked = performance.now();
    clearInterval(this.#timer);
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
  }

  pause() {
    clearInterval(this.#timer);
    if (this.store.get().play.on) this.#patch({ on: false });
  }

  #tick() {
    const now = performance.now();
    const passed = Math.min(LONGEST_TICK_MS, now - this.#ticked);
    this.#ticked = now;
    const { play, instant } = this.store.get();
    const next = (instant ?? this.range.from) + passed * play.speed;
    if (next >= this.range.to) this.pause();
    this.show(next);
  }

  /** @param {Partial<import("../types").AppState["play"]>} patch */
  #patch(patch) {
    this.store.set({ play: { ...this.store.get().play, ...patch } });
  }
}
