/** The server's `/api/v1`. Every failure is an ApiError with words for people. */

/** @typedef {import("./types").Model} Model */
/** @typedef {import("./types").TwinObject} TwinObject */
/** @typedef {import("./types").ObjectDetail} ObjectDetail */
/** @template T @typedef {import("./types").Page<T>} Page */

const TIMEOUT_MS = 20_000;
const TOKEN_KEY = "twin.token";
/** Parts that are collected at most: enough for a storey or a façade, not for a city. */
export const MAX_PARTS = 5_000;
/** Rows of one page where all are wanted: the most that the server gives. */
const PAGE = 1_000;

/** An answer that is not the wanted one. `status` 0: the server was not reached. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {string} [detail]
   */
  constructor(status, title, detail = "") {
    super(detail || title);
    this.name = "ApiError";
    this.status = status;
    this.title = title;
    this.detail = detail;
  }

  /** Whether asking again may help. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Takes the token out of `/#token=…` into this tab's storage, so that it stands neither in history nor in copied links.
 * @returns {string | null}
 */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY);
}

/** `{model}/{global_id}` as two path segments: a slash of the global_id is encoded, a key has none. */
export function idPath(/** @type {string} */ id) {
  const slash = id.indexOf("/");
  return `${encodeURIComponent(id.slice(0, slash))}/${encodeURIComponent(id.slice(slash + 1))}`;
}

/** @param {Response} response */
async function problemOf(response) {
  try {
    const problem = await response.json();
    return new ApiError(response.status, problem.title ?? response.statusText, problem.detail);
  } catch {
    return new ApiError(response.status, response.statusText || String(response.status));
  }
}

/** Tells `reached` when it answers again after it did not. */
export class Api extends EventTarget {
  #away = false;

  /**
   * @param {object} options
   * @param {string} options.base address of the server, with a slash at the end
   * @param {string | null} [options.token]
   */
  constructor({ base, token = null }) {
    super();
    this.base = base;
    /** Headers for every request, those of the tiles too. @type {Record<string, string>} */
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /**
   * @param {string} path below `api/v1/`
   * @param {Record<string, any>} [query] null and undefined leave a parameter out; of a list, each is one
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  get(path, query = {}, signal = undefined) {
    return this.#ask(this.#address(path, query), {}, signal);
  }

  /** Needs a token. @param {string} path below `api/v1/` @param {object} [body] sent as JSON @param {AbortSignal} [signal] @returns {Promise<any>} */
  post(path, body = undefined, signal = undefined) {
    return this.#ask(new URL(`api/v1/${path}`, this.base), { method: "POST", body: body && JSON.stringify(body) }, signal);
  }

  /** Whether this page was opened with a token: without one nothing can be changed. */
  get signedIn() {
    return "Authorization" in this.headers;
  }

  /**
   * The same as bytes, where the server has them.
   * @param {string} path
   * @param {Record<string, string | number | null | undefined>} query
   * @returns {Promise<ArrayBuffer>}
   */
  async bytes(path, query) {
    return (await this.#response(this.#address(path, query), {})).arrayBuffer();
  }

  /**
   * Address of the live channel's WebSocket. A browser cannot send a token there: whoever has one is given a ticket first.
   * @param {Record<string, string | number | null>} query
   */
  async liveAddress(query) {
    const ticket = this.signedIn ? (await this.post("live/tickets")).ticket : null;
    const url = this.#address("live", { ...query, ticket });
    url.protocol = url.protocol.replace("http", "ws");
    return url.href;
  }

  /** @param {string} path @param {Record<string, any>} query */
  #address(path, query) {
    const url = new URL(`api/v1/${path}`, this.base);
    for (const [name, given] of Object.entries(query)) {
      for (const value of Array.isArray(given) ? given : [given]) {
        if (value !== null && value !== undefined) url.searchParams.append(name, String(value));
      }
    }
    return url;
  }

  /** @param {URL} url @param {RequestInit} options @param {AbortSignal} [signal] @returns {Promise<any>} */
  async #ask(url, options, signal = undefined) {
    return (await this.#response(url, options, signal)).json();
  }

  /** @param {URL} url @param {RequestInit} options @param {AbortSignal} [signal] @returns {Promise<Response>} */
  async #response(url, options, signal = undefined) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    try {
      response = await fetch(url, {
        ...options,
        headers: { Accept: "application/json", ...(options.body ? { "Content-Type": "application/json" } : {}), ...this.headers },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      this.#away ||= !signal?.aborted || signal.reason?.name === "TimeoutError";
      if (signal?.aborted) throw error;
      throw new ApiError(0, "unreachable");
    }
    this.#tell(response.status < 500);
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  /** @param {boolean} there */
  #tell(there) {
    const back = there && this.#away;
    this.#away = !there;
    if (back) this.dispatchEvent(new Event("reached"));
  }

  /**
   * All pages of a list, up to `most` items.
   * @param {string} path
   * @param {Record<string, any>} [query]
   * @param {number} [most]
   * @returns {Promise<any[]>}
   */
  async all(path, query = {}, most = 10_000) {
    return (await this.upTo(path, query, most)).items;
  }

  /**
   * The same, and whether there are more than that.
   * @param {string} path
   * @param {Record<string, any>} query
   * @param {number} most
   * @param {{ signal?: AbortSignal, onPage?: (soFar: number) => void }} [listening]
   * @returns {Promise<{ items: any[], more: boolean }>}
   */
  async upTo(path, query, most, { signal, onPage } = {}) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.get(path, { ...query, cursor }, signal);
      items.push(...page.items);
      cursor = page.next;
      onPage?.(items.length);
    } while (cursor && items.length < most);
    return { items, more: cursor !== null };
  }

  /** @returns {Promise<Model[]>} */
  models() {
    return this.all("models");
  }

  /** @returns {Promise<Model>} */
  model(/** @type {string} */ key) {
    return this.get(`models/${encodeURIComponent(key)}`);
  }

  /** @returns {Promise<import("./types").ClassCount[]>} */
  classes(/** @type {string} */ key) {
    return this.all(`models/${encodeURIComponent(key)}/classes`);
  }

  /** @returns {Promise<import("./types").Storey[]>} */
  storeys(/** @type {string} */ key) {
    return this.all(`models/${encodeURIComponent(key)}/storeys`);
  }

  /** @returns {Promise<ObjectDetail>} */
  object(/** @type {string} */ id) {
    return this.get(`objects/${idPath(id)}`);
  }

  /**
   * Roots of a model's tree.
   * @param {string} model
   * @param {string | null} [cursor]
   * @returns {Promise<Page<TwinObject>>}
   */
  roots(model, cursor = null) {
    return this.get("objects", { model, parent: "", limit: 200, cursor });
  }

  /**
   * @param {string} id
   * @param {string | null} [cursor]
   * @returns {Promise<Page<TwinObject>>}
   */
  children(id, cursor = null) {
    return this.get(`objects/${idPath(id)}/children`, { limit: 200, cursor });
  }

  /**
   * @param {Record<string, string | number | null>} query `q`, `model`, `class`, `storey`, `limit`, `cursor`
   * @param {AbortSignal} [signal]
   * @returns {Promise<Page<TwinObject>>}
   */
  search(query, signal) {
    return this.get("objects", query, signal);
  }

  /**
   * A curve of a signal's past: readings that were taken, the extremes among them.
   * @param {string} id
   * @param {{ from: number, to: number, points: number, signal?: AbortSignal }} wish times in milliseconds since 1970, `to` not included
   * @returns {Promise<import("./types").Curve>}
   */
  history(id, { from, to, points, signal }) {
    const [first, last] = [id.indexOf("/"), id.lastIndexOf("/")];
    const path = [id.slice(0, first), id.slice(first + 1, last), id.slice(last + 1)].map(encodeURIComponent).join("/");
    return this.get(`signals/${path}/history`, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), points }, signal);
  }

  /**
   * State indices of an object and of everything below it, breadth first, at most MAX_PARTS.
   * @param {TwinObject} object
   * @returns {Promise<number[]>}
   */
  async indicesBelow(object) {
    if (object.class === "IfcBuildingStorey") {
      const inside = await this.all("objects", { model: object.model, storey: object.id, limit: PAGE }, MAX_PARTS);
      return [object.state_index, ...inside.map((part) => part.state_index)];
    }
    const indices = [object.state_index];
    let level = object.has_children ? [object.id] : [];
    while (level.length && indices.length < MAX_PARTS) {
      const lists = await Promise.all(level.map((id) => this.all(`objects/${idPath(id)}/children`, { limit: PAGE }, MAX_PARTS)));
      const children = lists.flat();
      indices.push(...children.map((child) => child.state_index));
      level = children.filter((child) => child.has_children).map((child) => child.id);
    }
    return indices.slice(0, MAX_PARTS);
  }
}
