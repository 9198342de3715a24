/** Where the camera goes: first view, flights to objects, turning by keys. */

import { BoundingSphere, Cartesian3, Math as CesiumMath, Matrix3, Matrix4, Transforms } from "../vendor/cesium/cesium.js";

/** @typedef {import("../types").Bounds} Bounds */
/** @typedef {{ left: number, right: number, top: number, bottom: number }} Padding pixels that the page covers */

/** From the south-west, as architects draw their first perspective; steep enough to see the roof, flat enough for walls. */
const HEADING_DEG = 40;
/** Between the line of sight and the nearest axis of a box. */
const SIDE_DEG = 38;
const PITCH_DEG = -27;
/** Seen through the ground from higher up, or the horizon hides what lies below. */
const PITCH_BELOW_DEG = -42;
/** Share of the free view that the target fills. */
const FILL = 0.86;
/** Never closer than this to a small object: a socket still shows the wall it is on. */
const NEAREST_M = 9;
const FLIGHT_S = 1.2;
const TURN_DEG = 6;

/** Whether the reader asked their system for less motion. */
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @param {Bounds} bounds @returns {Cartesian3[]} the eight corners */
export function cornersOf([west, south, low, east, north, high]) {
  return [west, east].flatMap((lon) =>
    [south, north].flatMap((lat) => [low, high].map((height) => Cartesian3.fromDegrees(lon, lat, height))),
  );
}

/**
 * The heading nearest the usual one that shows two sides of a box that stands askew, the longer one more openly.
 * @param {import("../vendor/cesium/cesium.js").OrientedBoundingBox} box
 * @returns {number} degrees
 */
export function headingFor(box) {
  const fromEnu = Transforms.eastNorthUpToFixedFrame(box.center);
  const toEnu = Matrix4.inverseTransformation(fromEnu, new Matrix4());
  const axis = Matrix4.multiplyByPointAsVector(toEnu, Matrix3.getColumn(box.halfAxes, 0, new Cartesian3()), new Cartesian3());
  const azimuth = CesiumMath.toDegrees(Math.atan2(axis.x, axis.y));
  const apart = (/** @type {number} */ heading) => Math.abs(((heading - HEADING_DEG + 540) % 360) - 180);
  const choices = [0, 90, 180, 270].flatMap((quarter) => [azimuth + quarter + SIDE_DEG, azimuth + quarter - SIDE_DEG]);
  return choices.reduce((best, heading) => (apart(heading) < apart(best) ? heading : best));
}

export class CameraPilot {
  /**
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {() => Padding} padding
   */
  constructor(scene, padding) {
    this.scene = scene;
    this.padding = padding;
  }

  /**
   * Flies so that these corners fill what the page leaves free. Resolves when there, or when another flight took over.
   * @param {Cartesian3[]} corners
   * @param {{ below?: boolean, headingDeg?: number, instant?: boolean }} [options]
   * @returns {Promise<void>}
   */
  flyTo(corners, { below = false, headingDeg = HEADING_DEG, instant = false } = {}) {
    const centre = BoundingSphere.fromPoints(corners).center;
    const { camera } = this.scene;
    const heading = CesiumMath.toRadians(headingDeg);
    const pitch = CesiumMath.toRadians(below ? PITCH_BELOW_DEG : PITCH_DEG);
    const view = this.#frame(corners, centre, heading, pitch);
    if (instant || calm()) {
      camera.setView({ destination: view.destination, orientation: view.orientation });
      this.scene.requestRender();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      camera.flyTo({ ...view, duration: FLIGHT_S, complete: resolve, cancel: resolve });
    });
  }

  /**
   * Where to stand so that all corners are seen in the free part of the view, looking along heading and pitch.
   * @param {Cartesian3[]} corners
   * @param {Cartesian3} centre
   * @param {number} heading
   * @param {number} pitch
   */
  #frame(corners, centre, heading, pitch) {
    const toEcef = Transforms.eastNorthUpToFixedFrame(centre);
    const local = (/** @type {Cartesian3} */ direction) => Matrix4.multiplyByPointAsVector(toEcef, direction, new Cartesian3());
    const [sinH, cosH, sinP, cosP] = [Math.sin(heading), Math.cos(heading), Math.sin(pitch), Math.cos(pitch)];
    const forward = local(new Cartesian3(sinH * cosP, cosH * cosP, sinP));
    const right = local(new Cartesian3(cosH, -sinH, 0));
    const up = Cartesian3.cross(right, forward, new Cartesian3());
    const { x, y, halfX, halfY, tanX, tanY } = this.#freeView();
    let range = NEAREST_M;
    for (const corner of corners) {
      const offset = Cartesian3.subtract(corner, centre, new Cartesian3());
      const depth = Cartesian3.dot(offset, forward);
      range = Math.max(
        range,
        Math.abs(Cartesian3.dot(offset, right)) / (tanX * halfX * FILL) - depth,
        Math.abs(Cartesian3.dot(offset, up)) / (tanY * halfY * FILL) - depth,
      );
    }
    const destination = Cartesian3.clone(centre);
    const move = (/** @type {Cartesian3} */ axis, /** @type {number} */ metres) =>
      Cartesian3.add(destination, Cartesian3.multiplyByScalar(axis, metres, new Cartesian3()), destination);
    move(forward, -range);
    move(right, -x * tanX * range);
    move(up, -y * tanY * range);
    return { destination, orientation: { direction: forward, up } };
  }

  /** Centre and half size of the free part of the view in normalised coordinates (−1…1), and the frustum's tangents. */
  #freeView() {
    const { canvas, camera } = this.scene;
    const { left, right, top, bottom } = this.padding();
    const [width, height] = [Math.max(1, canvas.clientWidth), Math.max(1, canvas.clientHeight)];
    const frustum = /** @type {import("../vendor/cesium/cesium.js").PerspectiveFrustum} */ (camera.frustum);
    const tan = Math.tan((frustum.fov ?? CesiumMath.PI_OVER_THREE) / 2);
    const [tanX, tanY] = width > height ? [tan, (tan * height) / width] : [(tan * width) / height, tan];
    return {
      x: (left - right) / width,
      y: (bottom - top) / height,
      halfX: Math.max(0.2, 1 - (left + right) / width),
      halfY: Math.max(0.2, 1 - (top + bottom) / height),
      tanX,
      tanY,
    };
  }

  /** The point the camera turns about: what is drawn at the middle of the view, else a point at walking distance. */
  #pivot() {
    const { camera, canvas } = this.scene;
    const hit = camera.pickEllipsoid(/** @type {any} */ ({ x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 }));
    const ahead = this.target ?? hit;
    if (ahead) return ahead;
    return Cartesian3.add(camera.positionWC, Cartesian3.multiplyByScalar(camera.directionWC, 100, new Cartesian3()), new Cartesian3());
  }

  /** What keys turn about; the last thing flown to or selected. @type {Cartesian3 | null} */
  target = null;

  /** @param {Cartesian3[]} corners */
  turnAbout(corners) {
    this.target = BoundingSphere.fromPoints(corners).center;
  }

  /**
   * Does something to the camera in the pivot's own east-north-up frame, so that rotations go about the pivot.
   * @param {(camera: import("../vendor/cesium/cesium.js").Camera) => void} move
   */
  #aboutPivot(move) {
    const { camera } = this.scene;
    camera.lookAtTransform(Transforms.eastNorthUpToFixedFrame(this.#pivot()));
    camera.constrainedAxis = Cartesian3.UNIT_Z;
    move(camera);
    camera.constrainedAxis = undefined;
    camera.lookAtTransform(Matrix4.IDENTITY);
    this.scene.requestRender();
  }

  /**
   * Turns about the target by steps of the arrow keys.
   * @param {number} right
   * @param {number} up
   */
  turn(right, up) {
    const step = CesiumMath.toRadians(TURN_DEG);
    this.#aboutPivot((camera) => {
      camera.rotateRight(right * step);
      camera.rotateUp(-up * step);
    });
  }

  /** Turns about the target by a little, for a view that goes round. @param {number} degrees */
  orbit(degrees) {
    this.#aboutPivot((camera) => camera.rotateRight(CesiumMath.toRadians(degrees)));
  }

  /** Moves towards (> 0) or away from the target by a share of the distance. @param {number} share */
  zoom(share) {
    const distance = Cartesian3.distance(this.#pivot(), this.scene.camera.positionWC);
    this.scene.camera.moveForward(distance * share);
    this.scene.requestRender();
  }

  /** Keeps place and tilt, and turns north up. */
  faceNorth() {
    const { heading } = this.scene.camera;
    this.#aboutPivot((camera) => camera.rotateRight(-heading));
  }
}
