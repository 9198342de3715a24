/**
 * Objects coloured by what they report: one state texture with a code for each state_index, one palette, one CustomShader for
 * all tilesets. A frame of codes costs one upload, however many tiles are drawn, and tiles that come later are right at once.
 *
 * What has no signal of the theme turns to pale clay, so that colour means a value and nothing else. Stale and bad values are
 * striped: they are told apart without colours, too.
 *
 * CesiumJS is handed in, not imported: pages that bring their own copy use this module, too (`../twin-layer.js`).
 */

import { isDark, onScheme } from "../scheme.js";

/**
 * What is used of CesiumJS.
 * @typedef {Pick<typeof import("../vendor/cesium/cesium.js"), "CustomShader" | "PixelDatatype" | "PixelFormat" | "TextureMagnificationFilter" |
 *   "TextureMinificationFilter" | "TextureUniform" | "UniformType">} Cesium
 */
/** Whose tiles are coloured. @typedef {{ shader: import("../vendor/cesium/cesium.js").CustomShader | undefined, setShader: (shader: import("../vendor/cesium/cesium.js").CustomShader | undefined) => void }} Tiles */

/** Objects in a row of the texture: no device has a smaller limit than 2,048. */
const WIDTH = 1024;
/** Codes of `/api/v1/themes`; 252 is free there, and here says that the object has no signal of the theme. */
export const [TEXT, PLAIN, STALE, BAD, NONE] = [251, 252, 253, 254, 255];
/** Bytes of an object: code, and whether it is selected. */
const BYTES = 2;

/** Half of a colour shines by itself: sides in the shade stay near the legend, and shapes are still seen. */
const FRAGMENT = `
void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
  int index = int(fsInput.metadata.state_index);
  ivec2 size = textureSize(u_state, 0);
  vec2 state = vec2(${PLAIN}.0, 0.0);
  if (index >= 0 && index < size.x * size.y) {
    state = floor(texelFetch(u_state, ivec2(index % size.x, index / size.x), 0).rg * 255.0 + 0.5);
  }
  int code = int(state.r);
  if (code == ${PLAIN}) {
    float grey = dot(material.diffuse, vec3(0.2126, 0.7152, 0.0722));
    material.diffuse = vec3(mix(grey, u_clay, 0.8));
  } else {
    vec3 colour = pow(texelFetch(u_palette, ivec2(code, 0), 0).rgb, vec3(2.2));
    float stripe = step(5.0, mod(gl_FragCoord.x + gl_FragCoord.y, 10.0));
    if (code == ${STALE} || code == ${BAD}) colour = mix(colour, vec3(0.85), 0.7 * stripe);
    material.diffuse = colour * 0.55;
    material.emissive = colour * 0.45;
    material.alpha = 1.0;
  }
  if (state.g > 0.5) {
    material.diffuse = mix(material.diffuse, vec3(1.0, 0.45, 0.05), code == ${PLAIN} ? 0.8 : 0.25);
    material.emissive += vec3(0.25, 0.12, 0.0);
  }
}`;

/** Linear brightness of what has no signal, by the page's scheme. */
const CLAY = { light: 0.9, dark: 0.24 };

export class LiveColours {
  /** @type {Uint8Array} */
  #state = new Uint8Array(WIDTH * BYTES);
  /** @type {number[]} */
  #selected = [];
  #dirty = false;
  /** @type {import("../vendor/cesium/cesium.js").CustomShader | null} */
  #shader = null;
  /** Ends what this listens to. @type {(() => void)[]} */
  #ends = [];

  /**
   * @param {Cesium} cesium the copy that draws `scene`
   * @param {import("../vendor/cesium/cesium.js").Scene} scene
   * @param {Tiles} models
   */
  constructor(cesium, scene, models) {
    this.cesium = cesium;
    this.scene = scene;
    this.models = models;
    this.#clear();
    const repaint = () => {
      this.#shader?.setUniform("u_clay", clay());
      scene.requestRender();
    };
    this.#ends = [scene.preUpdate.addEventListener(() => this.#upload()), onScheme(repaint)];
  }

  /** Gives the objects their own colours back and listens to nothing any more. */
  destroy() {
    for (const end of this.#ends) end();
    this.models.setShader(undefined);
    this.#shader?.destroy();
    this.#shader = null;
  }

  #clear() {
    for (let at = 0; at < this.#state.length; at += BYTES) this.#state[at] = PLAIN;
  }

  /** Colours by these 256 colours, or gives the objects their own back. Codes of before are forgotten. @param {string[] | null} colours */
  show(colours) {
    this.#clear();
    if (!colours) {
      this.models.setShader(undefined);
      this.scene.requestRender();
      return;
    }
    const palette = this.#pixels(paletteOf(colours), 256, 1, this.cesium.PixelFormat.RGBA);
    if (this.#shader) this.#shader.setUniform("u_palette", palette);
    else this.#shader = this.#make(palette);
    this.models.setShader(this.#shader);
    this.#changed();
  }

  /** @param {import("../vendor/cesium/cesium.js").TextureUniform} palette */
  #make(palette) {
    const { CustomShader, UniformType } = this.cesium;
    return new CustomShader({
      uniforms: {
        u_state: { type: UniformType.SAMPLER_2D, value: this.#texture() },
        u_palette: { type: UniformType.SAMPLER_2D, value: palette },
        u_clay: { type: UniformType.FLOAT, value: clay() },
      },
      fragmentShaderText: FRAGMENT,
    });
  }

  /**
   * @param {Uint32Array} indices state indices
   * @param {Uint8Array} codes one for each
   * @param {boolean} whole all others have no signal of the theme
   */
  put(indices, codes, whole) {
    if (whole) this.#clear();
    if (indices.length) this.#grow(indices.reduce((most, index) => Math.max(most, index), 0));
    for (let i = 0; i < indices.length; i += 1) this.#state[indices[i] * BYTES] = codes[i];
    this.#changed();
  }

  /** The code of an object. @param {number} stateIndex */
  codeOf(stateIndex) {
    return this.#state[stateIndex * BYTES] ?? PLAIN;
  }

  /** @param {number[]} stateIndices */
  select(stateIndices) {
    for (const index of this.#selected) this.#state[index * BYTES + 1] = 0;
    this.#selected = stateIndices;
    if (stateIndices.length) this.#grow(stateIndices.reduce((most, index) => Math.max(most, index), 0));
    for (const index of stateIndices) this.#state[index * BYTES + 1] = 255;
    this.#changed();
  }

  /** @param {number} index that must have a place */
  #grow(index) {
    const rows = Math.floor(index / WIDTH) + 1;
    if (rows * WIDTH * BYTES <= this.#state.length) return;
    const old = this.#state;
    // Half as much again: indices come in order, and each growth copies all.
    this.#state = new Uint8Array(Math.ceil(rows * 1.5) * WIDTH * BYTES);
    this.#clear();
    this.#state.set(old);
  }

  #changed() {
    this.#dirty = true;
    this.scene.requestRender();
  }

  /** Once a frame at most, however many frames of codes came since. */
  #upload() {
    if (!this.#dirty || !this.#shader || !this.models.shader) return;
    this.#dirty = false;
    this.#shader.setUniform("u_state", this.#texture());
  }

  #texture() {
    return this.#pixels(this.#state, WIDTH, this.#state.length / (WIDTH * BYTES), this.cesium.PixelFormat.RG);
  }

  /** @param {Uint8Array} typedArray @param {number} width @param {number} height @param {import("../vendor/cesium/cesium.js").PixelFormat} pixelFormat */
  #pixels(typedArray, width, height, pixelFormat) {
    const { PixelDatatype, TextureMagnificationFilter, TextureMinificationFilter, TextureUniform } = this.cesium;
    return new TextureUniform({
      typedArray,
      width,
      height,
      pixelFormat,
      pixelDatatype: PixelDatatype.UNSIGNED_BYTE,
      repeat: false,
      minificationFilter: TextureMinificationFilter.NEAREST,
      magnificationFilter: TextureMagnificationFilter.NEAREST,
    });
  }
}

const clay = () => (isDark() ? CLAY.dark : CLAY.light);

/** @param {string[]} colours `#rrggbb` @returns {Uint8Array} RGBA */
function paletteOf(colours) {
  const bytes = new Uint8Array(256 * 4);
  colours.forEach((colour, i) => bytes.set([1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).concat(255), i * 4));
  return bytes;
}
