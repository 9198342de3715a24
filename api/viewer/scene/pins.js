/** A pin on each object that reports something of the theme, in its colour: a smoke detector is a pixel from across the street. */

import { Cartesian3, Color, NearFarScalar, PointPrimitiveCollection } from "../vendor/cesium/cesium.js";
import { isLeft } from "../filters.js";
import { BAD, NONE, PLAIN, STALE } from "./colours.js";

/** @typedef {import("../types").TwinObject} TwinObject */
/** @typedef {import("../types").Filters} Filters */
/** @typedef {{ point: import("../vendor/cesium/cesium.js").PointPrimitive, object: TwinObject }} Pin */

const PIXELS = 11;
/** From so many on they are smaller, or they would cover what they stand on. */
const MANY = 60;
const PIXELS_OF_MANY = 8;
const SELECTED_PIXELS = 15;
/** Whole size up to the first distance (metres), from the second on smaller: a district of pins stays a district. */
const SHRINK = new NearFarScalar(150, 1, 2_500, 0.5);
const SELECTED_EDGE = Color.fromCssColorString("#ff8a00");
/** How much of its own colour is left to a pin whose value is old: a ring with a pale middle. */
const HOLLOW = 0.25;

export class Pins {
  /** By state index. @type {Map<number, Pin>} */
  #pins = new Map();
  /** @type {ReadonlySet<number>} */
  #selected = new Set();
  /** @type {Color[]} */
  #colours = [];

  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {(stateIndex: number) => number} codeOf
   * @param {() => Filters} filters
   */
  constructor(scene, codeOf, filters) {
    this.scene = scene;
    this.codeOf = codeOf;
    this.filters = filters;
    this.points = scene.primitives.add(new PointPrimitiveCollection());
  }

  /** Removes all pins. @param {string[] | null} colours by code */
  clear(colours) {
    this.points.removeAll();
    this.#pins.clear();
    this.#colours = (colours ?? []).map((colour) => Color.fromCssColorString(colour));
  }

  /** @param {TwinObject[]} objects those without bounds get no pin */
  set(objects) {
    this.points.removeAll();
    this.#pins.clear();
    for (const object of objects) if (object.bounds && !this.#pins.has(object.state_index)) this.#add(object, object.bounds);
    this.refresh();
  }

  /** @param {TwinObject} object @param {import("../types").Bounds} bounds */
  #add(object, [west, south, low, east, north, high]) {
    const point = this.points.add({
      position: Cartesian3.fromDegrees((west + east) / 2, (south + north) / 2, (low + high) / 2),
      scaleByDistance: SHRINK,
      disableDepthTestDistance: Number.POSITIVE_INFINITY,
      id: { model: object.model, globalId: object.global_id, name: object.name, class: object.class, stateIndex: object.state_index },
    });
    this.#pins.set(object.state_index, { point, object });
  }

  /** Draws all anew: filters or codes have changed. */
  refresh() {
    for (const index of this.#pins.keys()) this.draw(index);
    this.scene.requestRender();
  }

  /** Draws one anew, if there is one. @param {number} stateIndex */
  draw(stateIndex) {
    const pin = this.#pins.get(stateIndex);
    if (!pin) return;
    const { point, object } = pin;
    const code = this.codeOf(stateIndex);
    const selected = this.#selected.has(stateIndex);
    const old = code === STALE || code === BAD;
    const colour = this.#colours[code] ?? Color.GRAY;
    point.show = code !== PLAIN && code !== NONE && isLeft(object, this.filters());
    point.color = old ? Color.lerp(Color.WHITE, colour, HOLLOW, new Color()) : colour;
    point.outlineColor = selected ? SELECTED_EDGE : old ? colour : Color.WHITE;
    point.outlineWidth = selected ? 4 : 2;
    point.pixelSize = selected ? SELECTED_PIXELS : this.#pins.size > MANY ? PIXELS_OF_MANY : PIXELS;
  }

  /** @param {number[]} stateIndices */
  select(stateIndices) {
    const before = this.#selected;
    this.#selected = new Set(stateIndices);
    for (const index of [...before, ...stateIndices]) this.draw(index);
  }
}
