/**
 * An area on the ground that the reader draws, and the area that is in view. Corners lie where the ground is hit, not on roofs: seen from the
 * same place, both are under the pointer, and on the ground the outline stays right when one turns.
 */

import {
  ArcType,
  Cartesian2,
  Cartesian3,
  Cartographic,
  Color,
  ColorGeometryInstanceAttribute,
  GeometryInstance,
  Math as CesiumMath,
  Matrix4,
  PerInstanceColorAppearance,
  PolygonGeometry,
  PolygonHierarchy,
  PolylineColorAppearance,
  PolylineGeometry,
  Primitive,
  SceneTransforms,
  ScreenSpaceEventHandler,
  ScreenSpaceEventType,
  Transforms,
} from "../vendor/cesium/cesium.js";
import { cornersOf } from "./camera.js";

/** @typedef {[number, number]} Corner longitude and latitude, degrees */

const LINE = Color.fromCssColorString("#ff8a00");
const FILL = LINE.withAlpha(0.16);
const LINE_PIXELS = 3;
/** A click so near to the first corner, or to the last, ends the outline. */
const CLOSE_PIXELS = 12;
/** How far one looks to the horizon: so many times one's height above the ground, within these bounds. */
const REACH = { heights: 20, leastM: 500, mostM: 300_000 };
const THROUGH_ALL = { depthTest: { enabled: false } };

export class AreaTool {
  /** @type {Cartesian3[]} */
  #corners = [];
  /** @type {Primitive[]} */
  #shown = [];
  /** @type {ScreenSpaceEventHandler | null} */
  #handler = null;
  /** @type {(end: { corners: Corner[] | null, n: number }) => void} */
  #tell = () => {};

  /** @param {import("../vendor/cesium/cesium.js").Scene} scene */
  constructor(scene) {
    this.scene = scene;
  }

  /** Whether clicks make corners now. */
  get drawing() {
    return this.#handler !== null;
  }

  /**
   * Clicks make corners until `finish`, `cancel`, or a click on the first or the last corner.
   * @param {(now: { corners: Corner[] | null, n: number }) => void} tell after each corner how many there are; at the end the corners
   */
  start(tell) {
    this.clear();
    this.#tell = tell;
    const handler = new ScreenSpaceEventHandler(this.scene.canvas);
    handler.setInputAction((/** @type {{ position: Cartesian2 }} */ { position }) => this.#click(position), ScreenSpaceEventType.LEFT_CLICK);
    handler.setInputAction((/** @type {{ endPosition: Cartesian2 }} */ { endPosition }) => this.#corners.length && this.#draw(this.#ground(endPosition)), ScreenSpaceEventType.MOUSE_MOVE);
    this.#handler = handler;
    this.scene.canvas.classList.add("drawing");
  }

  /** Takes the last corner back. */
  undo() {
    this.#corners.pop();
    this.#draw();
    this.#tell({ corners: null, n: this.#corners.length });
  }

  /** Ends with the corners that there are: three at least. */
  finish() {
    if (this.#corners.length < 3) return;
    this.#end();
    this.#draw();
    this.#tell({ corners: this.#corners.map(degrees), n: this.#corners.length });
  }

  /** Ends it and removes what was drawn. */
  clear() {
    this.#end();
    this.#corners = [];
    this.#draw();
  }

  #end() {
    this.#handler?.destroy();
    this.#handler = null;
    this.scene.canvas.classList.remove("drawing");
  }

  /** @param {Cartesian2} position */
  #click(position) {
    const near = (/** @type {Cartesian3 | undefined} */ corner) => {
      const at = corner && SceneTransforms.worldToWindowCoordinates(this.scene, corner);
      return at !== undefined && Cartesian2.distance(at, position) < CLOSE_PIXELS;
    };
    if (this.#corners.length > 2 && (near(this.#corners[0]) || near(this.#corners.at(-1)))) return this.finish();
    const ground = this.#ground(position);
    if (!ground || near(this.#corners.at(-1))) return undefined;
    this.#corners.push(ground);
    this.#draw();
    return this.#tell({ corners: null, n: this.#corners.length });
  }

  /** @param {Cartesian2} position */
  #ground(position) {
    const ray = this.scene.camera.getPickRay(position);
    return ray && this.scene.globe.pick(ray, this.scene);
  }

  /** @param {Cartesian3} [next] where the pointer is */
  #draw(next = undefined) {
    for (const primitive of this.#shown) this.scene.primitives.remove(primitive);
    const corners = next ? [...this.#corners, next] : this.#corners;
    this.#shown = [...(corners.length > 2 ? [fill(corners)] : []), ...(corners.length > 1 ? [outline(corners, corners.length > 2)] : [])];
    for (const primitive of this.#shown) this.scene.primitives.add(primitive);
    this.scene.requestRender();
  }
}

/** @param {Cartesian3} position @returns {Corner} */
function degrees(position) {
  const { longitude, latitude } = Cartographic.fromCartesian(position);
  return [CesiumMath.toDegrees(longitude), CesiumMath.toDegrees(latitude)];
}

/** @param {Cartesian3[]} corners @param {boolean} closed */
function outline(corners, closed) {
  const positions = closed ? [...corners, corners[0]] : corners;
  const geometry = new PolylineGeometry({ positions, width: LINE_PIXELS, arcType: ArcType.NONE, vertexFormat: PolylineColorAppearance.VERTEX_FORMAT });
  return primitive(geometry, LINE, new PolylineColorAppearance({ renderState: THROUGH_ALL }));
}

/** @param {Cartesian3[]} corners */
function fill(corners) {
  const geometry = new PolygonGeometry({ polygonHierarchy: new PolygonHierarchy(corners), perPositionHeight: true, vertexFormat: PerInstanceColorAppearance.FLAT_VERTEX_FORMAT });
  return primitive(geometry, FILL, new PerInstanceColorAppearance({ flat: true, renderState: THROUGH_ALL }));
}

/** @param {any} geometry @param {Color} colour @param {any} appearance */
function primitive(geometry, colour, appearance) {
  const geometryInstances = new GeometryInstance({ geometry, attributes: { color: ColorGeometryInstanceAttribute.fromColor(colour) } });
  return new Primitive({ geometryInstances, appearance, asynchronous: false, allowPicking: false });
}

/**
 * The ground that one may look over from here: from below the camera to the horizon, or as far as one sees anything.
 * @param {import("../vendor/cesium/cesium.js").Scene} scene
 * @returns {Corner[]} convex, counter-clockwise
 */
export function areaInView(scene) {
  const { camera, canvas } = scene;
  const below = camera.positionCartographic;
  const ground = scene.globe.getHeight(below) ?? 0;
  const toEcef = Transforms.eastNorthUpToFixedFrame(Cartesian3.fromRadians(below.longitude, below.latitude, ground));
  const toEnu = Matrix4.inverseTransformation(toEcef, new Matrix4());
  const height = below.height - ground;
  const reach = CesiumMath.clamp(Math.abs(height) * REACH.heights, REACH.leastM, REACH.mostM);
  const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([x, y]) => {
    const ray = camera.getPickRay(new Cartesian2(x * canvas.clientWidth, y * canvas.clientHeight));
    const to = Matrix4.multiplyByPointAsVector(toEnu, ray?.direction ?? camera.directionWC, new Cartesian3());
    const flat = Math.hypot(to.x, to.y) || 1;
    const distance = to.z < 0 && height > 0 ? Math.min(reach, (height / -to.z) * flat) : reach;
    return { x: (to.x / flat) * distance, y: (to.y / flat) * distance };
  });
  return hull([{ x: 0, y: 0 }, ...corners]).map(({ x, y }) => degrees(Matrix4.multiplyByPoint(toEcef, new Cartesian3(x, y, 0), new Cartesian3())));
}

/** Convex hull (Andrew's monotone chain). @param {{ x: number, y: number }[]} points */
function hull(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (/** @type {{ x: number, y: number }[]} */ list) => {
    /** @type {{ x: number, y: number }[]} */
    const chain = [];
    for (const p of list) {
      for (;;) {
        const [a, b] = chain.slice(-2);
        if (!b || (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/**
 * Whether something of a box lies within the window; what hides it does not count.
 * @param {import("../vendor/cesium/cesium.js").Scene} scene
 * @param {import("../types").Bounds} bounds
 */
export function isInWindow(scene, bounds) {
  const places = cornersOf(bounds).map((corner) => SceneTransforms.worldToWindowCoordinates(scene, corner));
  const seen = places.filter((place) => place !== undefined);
  if (!seen.length) return false;
  const overlaps = (/** @type {number[]} */ values, /** @type {number} */ size) => Math.max(...values) >= 0 && Math.min(...values) <= size;
  return overlaps(seen.map(({ x }) => x), scene.canvas.clientWidth) && overlaps(seen.map(({ y }) => y), scene.canvas.clientHeight);
}
