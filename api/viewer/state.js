/** One observable state for the whole page: modules read it, change it through `set`, and hear of changes by key. */

/** @typedef {import("./types").AppState} AppState */
/** @typedef {import("./types").Filters} Filters */

/** Everything but rooms. @type {Filters} */
export const NO_FILTERS = {
  hiddenModels: new Set(),
  hiddenClasses: new Set(),
  hiddenStoreys: new Set(),
  onlyStoreys: null,
  hiddenObjects: new Set(),
  onlyObjects: null,
  spaces: false,
};

/** How much of the ground stays when the underground view is switched on: enough to keep one's bearings. */
const GROUND_OPACITY = 0.35;

/** @returns {AppState} */
function initial() {
  return {
    status: "loading",
    error: null,
    models: [],
    storeys: {},
    filters: NO_FILTERS,
    underground: { on: false, opacity: GROUND_OPACITY },
    selected: null,
    xray: false,
    pendingTiles: -1,
    sceneError: null,
    themes: null,
    themesError: null,
    theme: null,
    live: "off",
    liveReason: "",
    instant: null,
    play: { on: false, span: 24, speed: 900 },
    tally: null,
    alarms: null,
    alarmsMore: false,
    alarmsError: null,
  };
}

/**
 * @typedef {object} Store
 * @property {() => AppState} get
 * @property {(patch: Partial<AppState>) => void} set changes are told after the state is whole
 * @property {(keys: (keyof AppState)[], listener: (state: AppState) => void) => () => void} on returns what ends it
 * @property {(patch: Partial<Filters>) => void} filter
 * @property {() => void} showAll drops every filter except the rooms' own switch
 */

/** @returns {Store} */
export function createStore() {
  let state = initial();
  /** @type {Set<{keys: (keyof AppState)[], listener: (state: AppState) => void}>} */
  const listeners = new Set();

  /** @type {Store} */
  const store = {
    get: () => state,
    set(patch) {
      const changed = /** @type {(keyof AppState)[]} */ (Object.keys(patch)).filter((key) => state[key] !== patch[key]);
      if (!changed.length) return;
      state = { ...state, ...patch };
      for (const { keys, listener } of [...listeners]) {
        if (keys.some((key) => changed.includes(key))) listener(state);
      }
    },
    on(keys, listener) {
      const entry = { keys, listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    filter: (patch) => store.set({ filters: { ...state.filters, ...patch } }),
    showAll: () => store.set({ filters: { ...NO_FILTERS, spaces: state.filters.spaces } }),
  };
  return store;
}

/**
 * A copy of the set with `value` in or out.
 * @template T
 * @param {ReadonlySet<T>} set
 * @param {T} value
 * @param {boolean} member
 * @returns {Set<T>}
 */
export function withMember(set, value, member) {
  const copy = new Set(set);
  if (member) copy.add(value);
  else copy.delete(value);
  return copy;
}
