/**
 * Shows and hides drawn objects by class, storey, room and one by one.
 *
 * Why not Cesium3DTileStyle: a style evaluates an expression per feature and re-reads its strings from the property table
 * each time, and it must not be combined with the CustomShader that live colours will use. `feature.show` writes a byte
 * of the tile's batch texture, works beside any CustomShader, and here costs a look-up in typed arrays: a tile's strings
 * are read once, while the page idles. Measured with 100,000 features, two busy cores: 8 to 42 ms for a change of filter,
 * 93 to 177 ms for the `show` expression of a style alone; reading the classes took 600 ms, once.
 */

/** @typedef {import("../types").Filters} Filters */
/** @typedef {import("../vendor/cesium/cesium.js").Cesium3DTileContent} Content */

/** Safari has no idle callback yet; a late turn will do. @param {() => void} work */
const whenIdle = (work) => (window.requestIdleCallback ? window.requestIdleCallback(work) : setTimeout(work, 200));

/** Small numbers for strings. */
class Codes {
  /** @type {Map<string, number>} */
  #codes = new Map();
  /** @type {string[]} */
  names = [];

  /** @param {string} name */
  of(name) {
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.names.length;
      this.#codes.set(name, code);
      this.names.push(name);
    }
    return code;
  }
}

const classCodes = new Codes();
const storeyCodes = new Codes();
const disciplineCodes = new Codes();

/** What lies on the ground and would hide a basement or a pipe as the ground does: classes of buildings, disciplines of map layers. */
const LAND_CLASSES = new Set(["IfcSite", "IfcGeographicElement", "IfcEarthworksFill", "IfcReinforcedSoil", "IfcGeotechnicalStratum", "IfcPavement", "IfcCourse", "IfcKerb"]);
const LAND_DISCIPLINES = new Set(["road", "rail", "water", "green", "area"]);

/** One content that has features: its columns, read when first needed. */
export class Drawn {
  /** @type {Uint16Array | null} */
  #classes = null;
  /** @type {Uint16Array | null} */
  #storeys = null;
  /** @type {Uint32Array | null} */
  #indices = null;
  /** @type {Uint8Array | null} */
  #land = null;
  /** Colour of each feature by `appearance.js`, once it was not plain. @type {Uint8Array | null} */
  paint = null;
  /** Whether every feature is shown, so that "nothing filtered" costs nothing. */
  allShown = true;

  /**
   * @param {Content} content
   * @param {string} model
   */
  constructor(content, model) {
    this.content = content;
    this.model = model;
    this.count = content.featuresLength;
    this.rooms = readKind(content) === "space";
  }

  /** @param {string} name @param {Codes} codes */
  #read(name, codes) {
    const column = new Uint16Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      column[i] = codes.of(String(this.content.getFeature(i).getProperty(name) ?? ""));
    }
    return column;
  }

  get classes() {
    return (this.#classes ??= this.#read("class", classCodes));
  }

  /** Which features are land, 1 or 0. */
  get land() {
    if (!this.#land) {
      const { classes } = this;
      const disciplines = this.#read("discipline", disciplineCodes);
      const byClass = classCodes.names.map((name) => LAND_CLASSES.has(name));
      const byDiscipline = disciplineCodes.names.map((name) => LAND_DISCIPLINES.has(name));
      this.#land = Uint8Array.from(classes, (code, i) => Number(byClass[code] || byDiscipline[disciplines[i]]));
    }
    return this.#land;
  }

  /** By global_id of the storey where tiles carry it, else by its name. */
  get storeys() {
    const column = this.count && this.content.getFeature(0).hasProperty("storey_id") ? "storey_id" : "storey";
    return (this.#storeys ??= this.#read(column, storeyCodes));
  }

  /** State index by feature; the highest value where a tile has none. */
  get indices() {
    if (!this.#indices) {
      this.#indices = new Uint32Array(this.count);
      for (let i = 0; i < this.count; i += 1) {
        this.#indices[i] = this.content.getFeature(i).getProperty("state_index") ?? 0xffffffff;
      }
    }
    return this.#indices;
  }

  showAll() {
    if (this.allShown) return;
    for (let i = 0; i < this.count; i += 1) this.content.getFeature(i).show = true;
    this.allShown = true;
  }

  /** @param {Set<number>} shown state indices */
  only(shown) {
    for (let i = 0; i < this.count; i += 1) this.content.getFeature(i).show = shown.size > 0 && shown.has(this.indices[i]);
    this.allShown = false;
  }
}

/** `kind` of the content's group: `element` or `space`. @param {Content} content */
function readKind(content) {
  const metadata = /** @type {any} */ (content).group?.metadata; // not in the published types
  return metadata?.hasProperty("kind") ? String(metadata.getProperty("kind")) : "element";
}

/** Contents with features in a tile's content (a tile may hold several). @param {Content | undefined} content @returns {Content[]} */
function featureContents(content) {
  if (!content) return [];
  if (content.innerContents) return content.innerContents.flatMap(featureContents);
  return content.featuresLength > 0 ? [content] : [];
}

export class Visibility {
  /** @type {Map<Content, Drawn>} */
  #drawn = new Map();
  /** Names in tiles → global_id of the storey, per model: tiles may carry a name or an id. @type {Map<string, Map<string, string>>} */
  #storeyIds = new Map();

  /**
   * @param {() => Filters} filters
   * @param {(drawn: Drawn) => void} onDrawn after a content came in and was filtered
   */
  constructor(filters, onDrawn) {
    this.filters = filters;
    this.onDrawn = onDrawn;
  }

  /** @param {Content | undefined} content @param {string} model */
  add(content, model) {
    for (const part of featureContents(content)) {
      const drawn = new Drawn(part, model);
      this.#drawn.set(part, drawn);
      this.#apply(drawn);
      this.onDrawn(drawn);
      whenIdle(() => this.#drawn.has(part) && drawn.classes);
    }
  }

  /** @param {Content | undefined} content */
  remove(content) {
    for (const part of featureContents(content)) this.#drawn.delete(part);
  }

  /** Everything drawn now. */
  all() {
    return this.#drawn.values();
  }

  /** @param {string} model @param {import("../types").Storey[]} storeys */
  learnStoreys(model, storeys) {
    const ids = new Map();
    for (const { id, name } of storeys) {
      const globalId = id.slice(id.indexOf("/") + 1);
      ids.set(name, globalId).set(globalId, globalId).set(id, globalId);
    }
    this.#storeyIds.set(model, ids);
  }

  /** Rooms shown although rooms are hidden: the selected one. @type {Set<number>} */
  #revealed = new Set();

  /** @param {number[]} stateIndices */
  reveal(stateIndices) {
    if (!stateIndices.length && !this.#revealed.size) return;
    this.#revealed = new Set(stateIndices);
    for (const drawn of this.#drawn.values()) if (drawn.rooms) this.#apply(drawn);
  }

  /** Applies the filters to everything drawn. */
  refresh() {
    for (const drawn of this.#drawn.values()) this.#apply(drawn);
  }

  /** @param {Drawn} drawn */
  #apply(drawn) {
    const { hiddenClasses, hiddenStoreys, onlyStoreys, hiddenObjects, onlyObjects, spaces } = this.filters();
    if (drawn.rooms && !spaces && !onlyObjects) return drawn.only(this.#revealed);
    const byStorey = (hiddenStoreys.size > 0 || onlyStoreys) && this.#concerns(drawn.model);
    const byObject = hiddenObjects.size > 0 || onlyObjects;
    if (!hiddenClasses.size && !byStorey && !byObject) return drawn.showAll();
    const classShown = hiddenClasses.size ? drawn.classes && classCodes.names.map((name) => !hiddenClasses.has(name)) : null;
    const storeyShown = byStorey ? this.#storeyMask(drawn) : null;
    const { classes, storeys } = { classes: classShown && drawn.classes, storeys: storeyShown && drawn.storeys };
    const indices = byObject ? drawn.indices : null;
    let all = true;
    for (let i = 0; i < drawn.count; i += 1) {
      let shown = (!classes || /** @type {boolean[]} */ (classShown)[classes[i]]) && (!storeys || /** @type {boolean[]} */ (storeyShown)[storeys[i]]);
      if (shown && indices) shown = onlyObjects ? onlyObjects.has(indices[i]) : !hiddenObjects.has(indices[i]);
      drawn.content.getFeature(i).show = shown;
      all &&= shown;
    }
    drawn.allShown = all;
    return undefined;
  }

  /** Whether storey filters touch that model: one without storeys (terrain, roads) stays whole. @param {string} model */
  #concerns(model) {
    return (this.#storeyIds.get(model)?.size ?? 0) > 0;
  }

  /** By storey code, whether it is shown. @param {Drawn} drawn */
  #storeyMask(drawn) {
    const { hiddenStoreys, onlyStoreys } = this.filters();
    const ids = this.#storeyIds.get(drawn.model);
    void drawn.storeys; // its codes exist from here on
    return storeyCodes.names.map((name) => {
      const id = ids?.get(name) ?? name;
      return onlyStoreys ? onlyStoreys.has(id) : !hiddenStoreys.has(id);
    });
  }
}
