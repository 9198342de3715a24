/** What the page can do: load, select, fly, hide, isolate, link. Panels and keys call this; it changes the store and the scene. */

import { ApiError, MAX_PARTS } from "./api.js";
import { learnClassNames, locale, modelName, t } from "./i18n.js";
import { AlarmWatch } from "./live/alarm-watch.js";
import { Player } from "./live/player.js";
import { LiveView } from "./live/view.js";
import { subjectOf } from "./scene/home.js";
import { withMember } from "./state.js";
import { isLayer } from "./ui/labels.js";
import { toast } from "./ui/toast.js";

/** @typedef {import("./types").Model} Model */
/** @typedef {import("./types").ObjectDetail} ObjectDetail */
/** @typedef {import("./types").TwinObject} TwinObject */
/** @typedef {import("./scene/scene.js").TwinScene} TwinScene */

/** The page asks again by itself this often while the server is away. */
const RETRY_MS = 8_000;
/** Tiles of a new place get this long to arrive before one looks whether the object is seen. */
const SETTLE_MS = 4_000;
/** Of a model, that are looked at to tell whether it lies below the ground. */
const SOME_PARTS = 200;
/** Spatial containers: selecting one tells about it, and tints nothing. */
const CONTAINERS = new Set(["IfcProject", "IfcSite", "IfcBuilding", "IfcFacility", "IfcBridge", "IfcRoad", "IfcRailway", "IfcTunnel"]);

export class App {
  /**
   * @param {object} options
   * @param {import("./api.js").Api} options.api
   * @param {import("./state.js").Store} options.store
   */
  constructor({ api, store }) {
    this.api = api;
    this.store = store;
    /** @type {TwinScene | null} */
    this.scene = null;
    /** Details of the selected object, once loaded. @type {ObjectDetail | null} */
    this.detail = null;
    /** Null where the 3D view cannot start. @type {Promise<TwinScene | null>} */
    this.sceneReady = new Promise((resolve) => (this.giveScene = resolve));
    /** Which models the storeys are of. */
    this.storeysOf = "";
    const query = new URLSearchParams(location.search);
    this.onlyModel = query.get("model");
    this.wished = query.get("object");
    this.wishedTheme = query.get("theme");
    /** Whether it is not known yet if the ground has to be opened. */
    this.looking = false;
    /** What the scene is coloured by. */
    this.live = new LiveView(this);
    this.player = new Player(this.live, store);
    this.alarms = new AlarmWatch(this);
  }

  /** Loads the list of models, again and again while the server is away. */
  async start() {
    clearTimeout(this.retryTimer);
    this.store.set({ status: "loading", error: null });
    try {
      const models = this.onlyModel ? [await this.api.model(this.onlyModel)] : await this.api.models();
      learnClassNames(models);
      this.store.set({ models, status: models.length ? "ready" : "empty" });
      if (models.length) void this.#show(models);
      if (models.length) void this.#themes();
      if (models.length) this.alarms.start();
    } catch (error) {
      this.#failed(/** @type {Error} */ (error));
    }
  }

  /** Which themes there are, and the one that the address asks for. */
  async #themes() {
    await this.live.loadThemes();
    if (this.wishedTheme && this.store.get().themes?.some(({ key }) => key === this.wishedTheme)) void this.live.setTheme(this.wishedTheme);
    this.wishedTheme = null;
  }

  /** @param {Error} error */
  #failed(error) {
    this.store.set({ status: "error", error });
    if (error instanceof ApiError && error.passing) {
      this.retryTimer = window.setTimeout(() => (document.hidden ? this.#failed(error) : this.start()), RETRY_MS);
    }
  }

  /** @param {Model[]} models */
  async #show(models) {
    const scene = await this.sceneReady;
    if (!scene) {
      // Cards work without the 3D view, and so do links to them.
      if (this.wished) void this.select(this.wished);
      this.wished = null;
      return;
    }
    this.scene = scene;
    // By the models' bounds; where their tiles stand is known a little later.
    void scene.flyHome(models, { instant: true });
    const ground = Promise.all([scene.layGround(models), this.#openRamps(scene)]);
    const [failed] = await Promise.all([scene.load(models), ground.then(() => scene.pace.begin())]);
    const looking = this.#openIfBelow(scene, models);
    // Heights of a terrain take a while, and are needed by few scenes.
    if (!scene.terrain) await looking;
    void scene.flyHome(models, { instant: true });
    if (this.wished) void this.select(this.wished, { fly: true, instant: true });
    this.wished = null;
    for (const model of failed) toast(t("modelFailed", { name: modelName(model) }), "warning");
  }

  /** Ramps into basements are seen only where the ground is open. @param {TwinScene} scene */
  async #openRamps(scene) {
    const { items } = await this.api.get("objects", { class: "IfcRamp", model: this.onlyModel, limit: 1_000 }).catch(() => ({ items: [] }));
    if (items.length) scene.openGround(items);
  }

  /** Opens the ground, where the first view is of what lies below it. @param {TwinScene} scene @param {Model[]} models */
  async #openIfBelow(scene, models) {
    this.looking = true;
    const subject = subjectOf(models);
    const boxes = await Promise.all(subject.map((model) => this.#boxesOf(model)));
    if (await scene.isBelow(boxes.flat(), models)) {
      this.setUnderground({ on: true });
      if (scene.terrain && !this.store.get().selected) void scene.flyHome(models, { instant: true });
    }
    this.looking = false;
  }

  /** What a model is called in lists: its name, or its key where others have the same name. @param {Model} model */
  labelOf(model) {
    const name = modelName(model);
    const same = this.store.get().models.filter((other) => modelName(other) === name);
    return same.length < 2 ? name : model.key;
  }

  /** Models as lists show them: buildings before the layers around them, by what they are called. @returns {Model[]} */
  inOrder() {
    const { compare } = new Intl.Collator(locale(), { numeric: true });
    return this.store.get().models.toSorted((a, b) => Number(isLayer(a)) - Number(isLayer(b)) || compare(this.labelOf(a), this.labelOf(b)));
  }

  /** Storeys of all models, for the list and for the filters; asked for when first needed. */
  loadStoreys() {
    const key = this.store.get().models.map((model) => `${model.key}@${model.revision}`).join();
    if (key !== this.storeysOf) this.storeysLoading = this.#fetchStoreys();
    this.storeysOf = key;
    return this.storeysLoading;
  }

  async #fetchStoreys() {
    const lists = await Promise.all(
      this.store.get().models.map(async (model) => /** @type {const} */ ([model.key, await this.api.storeys(model.key).catch(() => [])])),
    );
    this.store.set({ storeys: Object.fromEntries(lists) });
  }

  /** @param {string} key */
  modelOf(key) {
    return this.store.get().models.find((model) => model.key === key);
  }

  /**
   * Selects an object: card, tint, tree. Throws nothing; a failure is shown in the card.
   * @param {string} id
   * @param {{ fly?: boolean, instant?: boolean }} [options]
   */
  async select(id, { fly = false, instant = false } = {}) {
    this.detail = null;
    this.store.set({ selected: { kind: "object", id }, xray: false });
    this.#link({ object: id });
    const detail = await this.api.object(id).catch((error) => error);
    if (this.store.get().selected?.id !== id) return;
    this.onDetail(detail);
    if (detail instanceof Error) return;
    this.detail = detail;
    const scene = await this.sceneReady;
    const indices = CONTAINERS.has(detail.class) ? [] : await this.#parts(detail);
    if (this.store.get().selected?.id !== id) return;
    scene?.select(indices, detail.hidden ? [detail.state_index] : []);
    if (detail.bounds) scene?.turnAbout(detail.bounds);
    if (fly) await this.#flyToSee(detail, indices, instant);
  }

  /**
   * Flies to an object; if walls hide it from there, they turn to glass.
   * @param {ObjectDetail} detail
   * @param {number[]} indices
   * @param {boolean} [instant]
   */
  async #flyToSee(detail, indices, instant = false) {
    const { scene } = this;
    await this.flyToBounds(detail.bounds, instant);
    if (!scene || !detail.bounds || !indices.length) return;
    await scene.settled(SETTLE_MS);
    if (this.store.get().selected?.id === detail.id && !scene.isSeen(new Set(indices), detail.bounds)) this.store.set({ xray: true });
  }

  toggleXray() {
    this.store.set({ xray: !this.store.get().xray });
  }

  /** Hears the selected object's details or why there are none. @type {(detail: ObjectDetail | Error) => void} */
  onDetail = () => {};

  /** @param {string} key */
  selectModel(key) {
    this.detail = null;
    this.store.set({ selected: { kind: "model", id: key }, xray: false });
    this.scene?.select([], []);
    this.#link({});
  }

  clearSelection() {
    this.detail = null;
    this.store.set({ selected: null, xray: false });
    this.scene?.select([], []);
    this.#link({});
  }

  /** Keeps the address in step, so that copying it copies the view's subject. @param {{ object?: string }} wish */
  #link({ object }) {
    history.replaceState(null, "", object ? this.linkTo({ object }) : this.linkTo({}));
  }

  /** @param {{ object?: string, model?: string }} wish */
  linkTo({ object, model = this.onlyModel ?? undefined }) {
    const url = new URL(location.pathname, location.href);
    if (model) url.searchParams.set("model", model);
    if (object) url.searchParams.set("object", object);
    return url.href.replaceAll("%2F", "/").replaceAll("%24", "$");
  }

  /** @param {import("./types").Bounds | null} bounds @param {boolean} [instant] */
  async flyToBounds(bounds, instant = false) {
    const scene = await this.sceneReady;
    if (!bounds) return toast(t("notDrawn"), "info");
    if (!scene) return undefined;
    await this.#openGround([bounds]);
    return scene.flyTo(bounds, { instant });
  }

  /** Flies to the selected object or model. */
  flyToSelection() {
    const { selected } = this.store.get();
    if (selected?.kind === "model") return this.flyToModel(selected.id);
    return this.detail ? this.flyToObject(this.detail) : undefined;
  }

  /** @param {ObjectDetail} detail */
  async flyToObject(detail) {
    await this.#flyToSee(detail, CONTAINERS.has(detail.class) ? [] : await this.#parts(detail));
  }

  flyHome() {
    const { models, filters } = this.store.get();
    const shown = models.filter((model) => !filters.hiddenModels.has(model.key));
    return this.scene?.flyHome(shown.length ? shown : models);
  }

  /** @param {string} key */
  async flyToModel(key) {
    const model = this.modelOf(key);
    if (!model?.bounds) return toast(t("notDrawn"), "info");
    await this.#openGround(await this.#boxesOf(model));
    return this.scene?.flyToModels([model]);
  }

  /** Boxes of some of its parts where there are hills, else its own. @param {Model} model @returns {Promise<import("./types").Bounds[]>} */
  async #boxesOf(model) {
    if (!model.bounds) return [];
    if (!this.scene?.terrain) return [model.bounds];
    const page = await this.api.get("objects", { model: model.key, limit: SOME_PARTS }).catch(() => ({ items: [] }));
    const boxes = page.items.flatMap((/** @type {TwinObject} */ part) => (part.bounds && !part.has_children ? [part.bounds] : []));
    return boxes.length ? boxes : [model.bounds];
  }

  /** Opens the ground where all of that lies below it. @param {import("./types").Bounds[]} boxes */
  async #openGround(boxes) {
    const { models, underground } = this.store.get();
    if (!underground.on && (await this.scene?.isBelow(boxes, models))) this.setUnderground({ on: true });
  }

  /** @param {string} key @param {boolean} shown */
  showModel(key, shown) {
    this.store.filter({ hiddenModels: withMember(this.store.get().filters.hiddenModels, key, !shown) });
  }

  /** @param {string} key */
  isolateModel(key) {
    const others = this.store.get().models.map((model) => model.key).filter((other) => other !== key);
    this.store.filter({ hiddenModels: new Set(others), onlyObjects: null });
  }

  /** @param {TwinObject} object @param {boolean} shown */
  async showObject(object, shown) {
    if (object.class === "IfcProject") return this.showModel(object.model, shown);
    if (object.class === "IfcBuildingStorey") {
      await this.loadStoreys();
      const hidden = withMember(this.store.get().filters.hiddenStoreys, object.global_id, !shown);
      return this.store.filter({ hiddenStoreys: hidden, onlyStoreys: null });
    }
    const indices = await this.#parts(object);
    const hidden = new Set(this.store.get().filters.hiddenObjects);
    for (const index of indices) if (shown) hidden.delete(index);
      else hidden.add(index);
    return this.store.filter({ hiddenObjects: hidden, onlyObjects: null });
  }

  /** @param {TwinObject} object */
  async isolate(object) {
    if (object.class === "IfcProject") return this.isolateModel(object.model);
    if (object.class === "IfcBuildingStorey") return this.isolateStorey(object.global_id);
    const indices = await this.#parts(object);
    return this.store.filter({ onlyObjects: new Set(indices) });
  }

  /** @param {string} globalId */
  async isolateStorey(globalId) {
    await this.loadStoreys();
    this.store.filter({ onlyStoreys: new Set([globalId]), hiddenStoreys: new Set(), onlyObjects: null });
  }

  /** @param {TwinObject} object */
  async #parts(object) {
    try {
      const indices = await this.api.indicesBelow(object);
      if (indices.length >= MAX_PARTS) toast(t("tooManyParts", { n: MAX_PARTS }));
      return indices;
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "warning");
      return [object.state_index];
    }
  }

  /** Whether the filters show it, as far as one can tell without its parts. @param {TwinObject} object */
  isShown(object) {
    const { filters } = this.store.get();
    if (filters.hiddenModels.has(object.model)) return false;
    if (object.class === "IfcBuildingStorey") return !filters.hiddenStoreys.has(object.global_id);
    return !filters.hiddenObjects.has(object.state_index);
  }

  /** @param {Partial<import("./types").AppState["underground"]>} patch */
  setUnderground(patch) {
    this.store.set({ underground: { ...this.store.get().underground, ...patch } });
  }

  toggleUnderground() {
    this.setUnderground({ on: !this.store.get().underground.on });
  }

  toggleSpaces() {
    this.store.filter({ spaces: !this.store.get().filters.spaces });
  }
}
