/**
 * Rings around objects with open alarms; those that nobody has seen yet blink. Twice a second something changes, no more: each blink is
 * a frame of the whole scene. Whoever wants less motion gets larger rings that stand still.
 */

import { Cartesian3, Color, PointPrimitiveCollection } from "../vendor/cesium/cesium.js";
import { isLeft } from "../filters.js";

/** @typedef {{ alarm: import("../types").Alarm, object: import("../types").TwinObject }} Place */
/** @typedef {{ point: import("../vendor/cesium/cesium.js").PointPrimitive, object: import("../types").TwinObject, fresh: boolean }} Ring */

const BLINK_MS = 500;
const PIXELS = 20;
const LARGE_PIXELS = 28;
const EDGE_PIXELS = 4;
/** Severities from the worst on, with their colours; the ring of an object is that of its worst alarm. */
const COLOURS = /** @type {const} */ ({ critical: "#e02020", major: "#e02020", minor: "#f08c2e", warning: "#f2b90c", info: "#4a90d9" });
const RANKS = Object.keys(COLOURS);
const FILL = 0.3;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class AlarmPins {
  /** @type {Ring[]} */
  #rings = [];
  #lit = false;
  #hidden = false;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {() => import("../types").Filters} filters
   */
  constructor(scene, filters) {
    this.scene = scene;
    this.filters = filters;
    this.points = scene.primitives.add(new PointPrimitiveCollection());
    calm.addEventListener("change", () => this.refresh());
  }

  /** @param {Place[]} places */
  set(places) {
    /** @type {Map<string, Place[]>} */
    const byObject = new Map();
    for (const place of places) byObject.set(place.object.id, [...(byObject.get(place.object.id) ?? []), place]);
    this.points.removeAll();
    this.#rings = [...byObject.values()].flatMap((mine) => (mine[0].object.bounds ? [this.#add(mine, mine[0].object.bounds)] : []));
    this.refresh();
  }

  /** @param {Place[]} places of one object @param {import("../types").Bounds} bounds */
  #add(places, [west, south, low, east, north, high]) {
    const { object } = places[0];
    const worst = Math.min(...places.map(({ alarm }) => RANKS.indexOf(alarm.severity)));
    const colour = Color.fromCssColorString(Object.values(COLOURS)[worst] ?? COLOURS.info);
    const point = this.points.add({
      position: Cartesian3.fromDegrees((west + east) / 2, (south + north) / 2, (low + high) / 2),
      color: colour.withAlpha(FILL),
      outlineColor: colour,
      outlineWidth: EDGE_PIXELS,
      disableDepthTestDistance: Number.POSITIVE_INFINITY,
      id: { model: object.model, globalId: object.global_id, name: object.name, class: object.class, stateIndex: object.state_index },
    });
    return { point, object, fresh: places.some(({ alarm }) => !alarm.acknowledged) };
  }

  /** Hides all while the past is shown: they are of now. @param {boolean} hidden */
  hide(hidden) {
    this.#hidden = hidden;
    this.refresh();
  }

  /** Draws all anew: alarms or filters have changed. */
  refresh() {
    for (const { point, object } of this.#rings) point.show = !this.#hidden && isLeft(object, this.filters());
    const blinking = !calm.matches && this.#rings.some(({ point, fresh }) => fresh && point.show);
    if (blinking && this.#timer === undefined) this.#timer = window.setInterval(() => document.hidden || this.#blink(), BLINK_MS);
    if (!blinking) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#draw();
  }

  #blink() {
    this.#lit = !this.#lit;
    this.#draw();
  }

  #draw() {
    for (const { point, fresh } of this.#rings) point.pixelSize = fresh && (calm.matches || this.#lit) ? LARGE_PIXELS : PIXELS;
    this.scene.requestRender();
  }
}
