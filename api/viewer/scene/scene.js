/**
 * The scene as the page sees it: models in, filters and selection applied, flights, picks. Follows the store; knows
 * nothing of panels and cards.
 */

import * as Cesium from "../vendor/cesium/cesium.js";
import { Appearance } from "./appearance.js";
import { AlarmPins } from "./alarm-pins.js";
import { AreaTool, areaInView, isInWindow } from "./area.js";
import { LiveColours, PLAIN } from "./colours.js";
import { CameraPilot, cornersOf, headingFor } from "./camera.js";
import { BELOW_M, datumOf, endWithTerrain, groundFor, publishedTerrain, shareBelow } from "./ground.js";
import { subjectOf } from "./home.js";
import { QuickLighting } from "./lighting.js";
import { ModelTiles } from "./models.js";
import { Openings } from "./openings.js";
import { Pins } from "./pins.js";
import { openInSteps } from "./first-view.js";
import { Pace } from "./pace.js";
import { listenToPointer, pickAt } from "./pointer.js";
import { chooseQuality } from "./quality.js";
import { applyUnderground } from "./underground.js";
import { Visibility } from "./visibility.js";
import { createWorld } from "./world.js";

const { Cartesian2, Cartesian3, Cartographic, SceneTransforms } = Cesium;

/** @typedef {import("../types").Bounds} Bounds */
/** @typedef {import("../types").Model} Model */

/** Manholes and hydrants of a network reach the surface. */
const NEARLY_ALL = 0.8;
/** Where in an object's box one looks for it: the middle, then the sides and corners turned to the viewer's usual place. */
const LOOKS = [[0.5, 0.5, 0.5], [0.5, 0.1, 0.5], [0.1, 0.5, 0.5], [0.2, 0.2, 0.9], [0.5, 0.5, 0.98]];

export class TwinScene {
  /**
   * @param {object} options
   * @param {HTMLElement} options.container
   * @param {HTMLElement} options.creditContainer
   * @param {import("../api.js").Api} options.api
   * @param {import("../state.js").Store} options.store
   * @param {() => import("./camera.js").Padding} options.padding
   * @param {(picked: import("./pointer.js").Picked | null) => void} options.onClick
   * @param {(picked: import("./pointer.js").Picked | null, x: number, y: number) => void} options.onHover
   */
  constructor({ container, creditContainer, api, store, padding, onClick, onHover }) {
    this.store = store;
    this.api = api;
    /** The terrain that was imported with the models. @type {Cesium.TerrainProvider | null} */
    this.terrain = null;
    /** Whether tilesets are being asked for. */
    this.loading = false;
    const quality = chooseQuality();
    const { widget, paper } = createWorld(container, creditContainer, quality);
    this.widget = widget;
    this.paper = paper;
    const { scene } = this.widget;
    this.scene = scene;
    this.pilot = new CameraPilot(scene, padding);
    this.visibility = new Visibility(
      () => store.get().filters,
      (drawn) => this.appearance.arrived(drawn),
    );
    this.appearance = new Appearance(scene, this.visibility, { outline: !quality.weak });
    this.models = new ModelTiles({
      scene,
      api,
      visibility: this.visibility,
      screenSpaceError: quality.screenSpaceError,
      lighting: quality.weak ? new QuickLighting() : null,
      onLeft: () => this.appearance.left(),
      onProgress: (pendingTiles) => store.set({ pendingTiles }),
    });
    const isLoading = () => this.loading || !this.models.allLoaded || !scene.globe.tilesLoaded;
    this.pace = new Pace(widget, isLoading);
    endWithTerrain(scene.globe);
    /** Resolves when the first view is complete. */
    this.opened = quality.weak ? openInSteps(widget, this.models, isLoading) : Promise.resolve();
    this.colours = new LiveColours(Cesium, scene, this.models);
    // Before the pins, which then lie within the rings.
    this.alarms = new AlarmPins(scene, () => store.get().filters);
    this.pins = new Pins(scene, (stateIndex) => this.colours.codeOf(stateIndex), () => store.get().filters);
    this.openings = new Openings(scene, () => store.get().filters, this.opened);
    this.area = new AreaTool(scene);
    listenToPointer(scene, this.models, { onClick: (picked) => this.area.drawing || onClick(picked), onHover });
    scene.renderError.addEventListener((_, error) => store.set({ sceneError: error }));
    const beginWithoutModels = (/** @type {import("../types").AppState} */ { status }) => (status === "empty" || status === "error") && this.pace.begin();
    store.on(["status"], beginWithoutModels);
    beginWithoutModels(store.get());
    store.on(["filters"], (state) => this.#applyFilters(state.filters));
    store.on(["instant"], ({ instant }) => this.alarms.hide(instant !== null));
    store.on(["xray"], ({ xray }) => this.appearance.setGlass(xray));
    store.on(["storeys"], (state) => this.#learnStoreys(state.storeys));
    store.on(["underground"], ({ underground }) => {
      applyUnderground(scene, underground);
      this.appearance.setThinLand(underground.on);
    });
    applyUnderground(scene, store.get().underground);
  }

  /** @param {import("../types").Filters} filters */
  #applyFilters(filters) {
    this.models.setHidden(filters.hiddenModels);
    this.openings.refresh();
    this.visibility.refresh();
    this.pins.refresh();
    this.alarms.refresh();
  }

  /** @param {Record<string, import("../types").Storey[]>} storeys */
  #learnStoreys(storeys) {
    for (const [model, list] of Object.entries(storeys)) this.visibility.learnStoreys(model, list);
    this.visibility.refresh();
    this.scene.requestRender();
  }

  /** Puts the ground under these models. @param {Model[]} models */
  async layGround(models) {
    const datums = models.map(datumOf).filter((datum) => datum !== null);
    this.terrain = await publishedTerrain(this.api);
    if (this.terrain || datums.length) {
      this.scene.terrainProvider = this.terrain ?? groundFor(datums);
      this.scene.globe.enableLighting = this.terrain !== null;
    }
    if (datums.length) {
      this.paper.anchor(datums[0].lon, datums[0].lat);
    }
  }

  /** Loads these models. @param {Model[]} models @returns {Promise<Model[]>} those whose tiles failed */
  async load(models) {
    this.loading = true;
    const failed = await this.models.load(models);
    this.loading = false;
    if (this.store.get().pendingTiles < 0) this.store.set({ pendingTiles: 0 });
    this.#applyFilters(this.store.get().filters);
    return failed;
  }

  /**
   * Whether (nearly) all of that lies below the ground, so that it is seen only through it.
   * @param {Bounds[]} boxes of its parts: over hills, one box around all of it tells nothing
   * @param {Model[]} models
   */
  async isBelow(boxes, models) {
    if (!boxes.length) return false;
    const share = this.terrain && (await shareBelow(this.terrain, boxes));
    if (typeof share === "number") return share >= NEARLY_ALL;
    const datums = models.map(datumOf).filter((datum) => datum !== null);
    return datums.length > 0 && datums.every((datum) => boxes.every((bounds) => bounds[5] < datum.height - BELOW_M));
  }

  /**
   * The same corners, those below the closed ground lifted onto it: basements would only push the house up in the view.
   * @param {Cesium.Cartesian3[]} corners
   */
  #aboveGround(corners) {
    const ground = Math.min(...this.store.get().models.map((model) => datumOf(model)?.height ?? Infinity));
    const places = corners.map((corner) => Cartographic.fromCartesian(corner));
    if (!places.some(({ height }) => height > ground)) return corners;
    return places.map(({ longitude, latitude, height }) => Cartesian3.fromRadians(longitude, latitude, Math.max(height, ground)));
  }

  /**
   * @param {Cesium.Cartesian3[]} corners
   * @param {{ headingDeg?: number, instant?: boolean }} options
   */
  async #flyToCorners(corners, options) {
    if (!corners.length) return;
    const below = this.store.get().underground.on;
    const seen = below ? corners : this.#aboveGround(corners);
    this.pilot.turnAbout(seen);
    await this.pilot.flyTo(seen, { ...options, below });
  }

  /**
   * @param {Bounds} bounds
   * @param {{ instant?: boolean }} [options]
   */
  flyTo(bounds, options = {}) {
    return this.#flyToCorners(cornersOf(bounds), options);
  }

  /** Flies to where most of these models stand. @param {Model[]} models @param {{ instant?: boolean }} [options] */
  flyHome(models, options = {}) {
    return this.flyToModels(subjectOf(models), options);
  }

  /**
   * Flies to models: by the boxes of their tilesets, which stand as the buildings stand, else by their bounds.
   * @param {Model[]} models
   * @param {{ instant?: boolean }} [options]
   */
  flyToModels(models, options = {}) {
    const boxes = models.map((model) => this.models.boxOf(model.key));
    const corners = models.flatMap((model, i) => boxes[i]?.computeCorners() ?? (model.bounds ? cornersOf(model.bounds) : []));
    const headingDeg = boxes.length === 1 && boxes[0] ? headingFor(boxes[0]) : undefined;
    return this.#flyToCorners(corners, { ...options, headingDeg });
  }

  /** What the keys turn about. @param {Bounds} bounds */
  turnAbout(bounds) {
    this.pilot.turnAbout(cornersOf(bounds));
  }

  /** What is drawn at a place of the canvas, CSS pixels. @param {number} x @param {number} y */
  pick(x, y) {
    return pickAt(this.scene, this.models, new Cartesian2(x, y));
  }

  /**
   * @param {number[]} stateIndices what stands out
   * @param {number[]} revealed rooms that are shown although rooms are hidden
   */
  select(stateIndices, revealed) {
    this.visibility.reveal(revealed);
    this.appearance.select(stateIndices);
    this.colours.select(stateIndices);
    this.pins.select(stateIndices);
  }

  /** The ground in view, as corners in degrees; what is in view has to pass `isInView`, too. */
  areaInView() {
    return areaInView(this.scene);
  }

  /** @param {Bounds} bounds */
  isInView(bounds) {
    return isInWindow(this.scene, bounds);
  }

  /** Colours by these 256 colours, one for each code; null: the objects' own. @param {string[] | null} colours */
  setTheme(colours) {
    this.colours.show(colours);
    this.pins.clear(colours);
    // The tint would mix with the colour of a value; the shader marks what is selected.
    this.appearance.setTinted(colours === null);
  }

  /**
   * @param {Uint32Array} indices state indices
   * @param {Uint8Array} codes one for each
   * @param {boolean} whole all others have none
   */
  putCodes(indices, codes, whole) {
    this.colours.put(indices, codes, whole);
    if (whole) this.pins.refresh();
    else for (const index of indices) this.pins.draw(index);
  }

  /** What colours an object; null: nothing. @param {number} stateIndex */
  codeOf(stateIndex) {
    const code = this.colours.codeOf(stateIndex);
    return code === PLAIN ? null : code;
  }

  /** @param {import("../types").TwinObject[]} objects that report something of the theme */
  setPins(objects) {
    this.pins.set(objects);
  }

  /** @param {import("./alarm-pins.js").Place[]} places where something is wrong now */
  setAlarms(places) {
    this.alarms.set(places);
  }

  /** Opens the ground over these ramps, where they lead below it. @param {import("../types").TwinObject[]} ramps */
  openGround(ramps) {
    this.openings.set(ramps);
  }

  /** Resolves when the tiles of this view are there, or after `patienceMs`. @param {number} patienceMs */
  async settled(patienceMs) {
    await this.opened;
    const until = performance.now() + patienceMs;
    let quiet = 0;
    while (quiet < 2 && performance.now() < until) {
      this.scene.requestRender();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      quiet = this.models.allLoaded ? quiet + 1 : 0;
    }
  }

  /**
   * Whether any of these is seen from here, as far as a few looks at their box tell.
   * @param {ReadonlySet<number>} stateIndices
   * @param {Bounds} bounds
   */
  isSeen(stateIndices, [west, south, low, east, north, high]) {
    return LOOKS.some(([x, y, z]) => {
      const [lon, lat, height] = [west + (east - west) * x, south + (north - south) * y, low + (high - low) * z];
      const place = SceneTransforms.worldToWindowCoordinates(this.scene, Cartesian3.fromDegrees(lon, lat, height));
      const picked = place && pickAt(this.scene, this.models, place);
      return picked && stateIndices.has(picked.stateIndex);
    });
  }
}
