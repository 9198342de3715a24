/** The live channel of the server: opened with a ticket, opened again after the connection is lost, with the cursor where there is one. */

import { readFrame } from "./codes.js";

/** @typedef {"connecting" | "live" | "lost"} Status */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** What has come while the page was busy drawing is heard first. */
const GRACE_MS = 500;
/** Not all browsers at once, when a server comes back. */
const SPREAD_MS = 1_000;
/** A server that is there has answered by then; one behind a broken line never does. */
const OPENING_MS = 15_000;
/** The server says something at least every 15 s; twice that, and a half-dead connection is given up. */
const SILENCE_MS = 35_000;

export class LiveChannel {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {string | null} */
  #cursor = null;
  #wait = FIRST_WAIT_MS;
  #ended = false;
  /** Whether an address is being asked for. */
  #asking = false;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {import("../api.js").Api} api
   * @param {Record<string, string | number | null>} query `format`, filters, and the key of the `theme`
   * @param {{ onFrame: (frame: any) => void, onStatus: (status: Status, reason?: string) => void }} listeners
   *   frames as the format has them (codes: `Frame` of codes.js); `reason`: the server refuses, in its words
   */
  constructor(api, query, { onFrame, onStatus }) {
    this.api = api;
    this.query = query;
    this.onFrame = onFrame;
    this.onStatus = onStatus;
    this.soon = () => this.#again(Math.random() * SPREAD_MS);
    window.addEventListener("online", this.soon);
    api.addEventListener("reached", this.soon);
    onStatus("connecting");
    void this.#open();
  }

  /** Ends it; nothing is told any more. */
  close() {
    this.#ended = true;
    clearTimeout(this.#timer);
    window.removeEventListener("online", this.soon);
    this.api.removeEventListener("reached", this.soon);
    this.#socket?.close();
  }

  async #open() {
    let address;
    this.#asking = true;
    try {
      address = await this.api.liveAddress({ ...this.query, cursor: this.#cursor });
    } catch (error) {
      this.#asking = false;
      return this.#lost(refusalOf(error));
    }
    this.#asking = false;
    if (this.#ended) return undefined;
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(OPENING_MS);
    socket.onopen = () => socket === this.#socket && this.#watch(SILENCE_MS);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(data);
    socket.onclose = () => socket === this.#socket && this.#lost();
    return undefined;
  }

  /** @param {ArrayBuffer | string} data */
  #hear(data) {
    this.#watch(SILENCE_MS);
    const frame = typeof data === "string" ? JSON.parse(data) : readFrame(data);
    if (!frame) return undefined;
    if (frame.type === "error") return this.#refused(frame.detail);
    this.#wait = FIRST_WAIT_MS;
    // Lists are whole, and need none. After a reset the snapshot follows; coming back between the two, one must not skip it.
    this.#cursor = frame.kind === "reset" ? null : (frame.seq ?? null);
    this.onFrame(frame);
    if (frame.kind !== "reset") this.onStatus("live");
    return undefined;
  }

  /** What was asked for may be there later: a model is imported, a store is unlocked. @param {string} detail */
  #refused(detail) {
    this.#wait = LONGEST_WAIT_MS;
    this.#lost(detail);
  }

  /** @param {number} patienceMs */
  #watch(patienceMs) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.#timer = window.setTimeout(() => this.#lost(), GRACE_MS)), patienceMs);
  }

  /** @param {string} [reason] why the server lets nobody in, if it was reached at all */
  #lost(reason = "") {
    if (this.#ended) return;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.onStatus("lost", reason);
    this.#again(this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
  }

  /** @param {number} delayMs */
  #again(delayMs) {
    if (this.#socket || this.#asking || this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#open(), delayMs);
  }
}

/** The server's words where it knows the caller no more: a token that has expired, or was revoked. @param {any} error */
const refusalOf = (error) => (error?.status === 401 || error?.status === 403 ? error.message : "");
