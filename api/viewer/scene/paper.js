/**
 * A metric grid on the ground near the camera: lines every 10 m, 100 m and 1 km, each scale fading out where its lines would
 * crowd. It gives scale where the base map has none (its pixels are 20 km wide).
 */

import { Cartesian3, Color, Material, Matrix4, Transforms } from "../vendor/cesium/cesium.js";

/** Offsets are handed over modulo this, so that float32 in the shader stays exact to a millimetre. */
const PERIOD_M = 1_000;

/** The eye-relative position of the fragment, turned into metres east and north of the anchor. */
const SOURCE = `
float gridLines(vec2 p, float period) {
  vec2 q = p / period;
  vec2 width = fwidth(q);
  vec2 off = abs(fract(q - 0.5) - 0.5);
  vec2 on = 1.0 - smoothstep(width * 0.4, width * 1.4, off);
  float crowding = max(width.x, width.y);
  return max(on.x, on.y) * (1.0 - smoothstep(0.03, 0.16, crowding));
}
czm_material czm_getMaterial(czm_materialInput materialInput) {
  czm_material material = czm_getDefaultMaterial(materialInput);
  vec3 fromEye = -materialInput.positionToEyeEC;
  vec2 p = vec2(dot(fromEye, east), dot(fromEye, north)) + vec2(offset.x, offset.y);
  float line = max(max(gridLines(p, 10.0) * 0.35, gridLines(p, 100.0) * 0.6), gridLines(p, 1000.0) * 0.8);
  material.diffuse = color.rgb;
  material.alpha = line * color.a;
  return material;
}`;

export class GridPaper {
  /** @param {import("../vendor/cesium/cesium.js").Scene} scene */
  constructor(scene) {
    this.scene = scene;
    this.material = new Material({
      fabric: {
        uniforms: { color: new Color(0, 0, 0, 0), east: new Cartesian3(1, 0, 0), north: new Cartesian3(0, 1, 0), offset: new Cartesian3() },
        source: SOURCE,
      },
    });
    this.fromAnchor = Matrix4.clone(Matrix4.IDENTITY);
    this.toAnchor = Matrix4.clone(Matrix4.IDENTITY);
    this.anchored = false;
    this.scratch = [new Cartesian3(), new Cartesian3()];
  }

  /** Lays the grid's origin, along east and north there. @param {number} lon degrees @param {number} lat degrees */
  anchor(lon, lat) {
    Transforms.eastNorthUpToFixedFrame(Cartesian3.fromDegrees(lon, lat), undefined, this.fromAnchor);
    Matrix4.inverseTransformation(this.fromAnchor, this.toAnchor);
    this.anchored = true;
  }

  /**
   * Before every frame. The globe goes without the material where the grid is not seen, and is cheaper then.
   * @param {number} alpha 0…1
   * @param {Color} color
   * @param {boolean} lined without: the same shader, and no line
   */
  update(alpha, color, lined) {
    const { globe, camera } = this.scene;
    const shown = this.anchored && alpha > 0.01;
    const wanted = shown ? this.material : undefined;
    if (globe.material !== wanted) globe.material = /** @type {any} */ (wanted);
    if (!shown) return;
    const { uniforms } = this.material;
    const [axis, eye] = this.scratch;
    const toEye = (/** @type {Cartesian3} */ direction, /** @type {Cartesian3} */ result) =>
      Matrix4.multiplyByPointAsVector(camera.viewMatrix, Matrix4.multiplyByPointAsVector(this.fromAnchor, direction, axis), result);
    toEye(Cartesian3.UNIT_X, uniforms.east);
    toEye(Cartesian3.UNIT_Y, uniforms.north);
    Matrix4.multiplyByPoint(this.toAnchor, camera.positionWC, eye);
    uniforms.offset.x = eye.x % PERIOD_M;
    uniforms.offset.y = eye.y % PERIOD_M;
    Color.clone(color, uniforms.color);
    uniforms.color.alpha = lined ? alpha * color.alpha : 0;
  }
}
