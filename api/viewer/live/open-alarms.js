/** The open alarms of a place, told by the server when they change; where no WebSocket gets through, they are asked for. */

import { LiveChannel } from "./channel.js";

/** @typedef {import("../types").Alarm} Alarm */

/** How often one asks while the channel is not there. */
const EVERY_MS = 4_000;

export class OpenAlarms {
  /** Whether the channel tells them. */
  #told = false;
  #asking = false;
  #ended = false;

  /**
   * @param {import("../api.js").Api} api
   * @param {{ model?: string | null, place?: string, limit: number }} query
   * @param {{ onList: (alarms: Alarm[], more: boolean) => void, onError?: (error: Error) => void }} listeners lists are whole, the newest first; `more`: there are more than `limit`
   */
  constructor(api, query, { onList, onError = () => {} }) {
    this.api = api;
    this.query = query;
    this.onList = onList;
    this.onError = onError;
    this.channel = new LiveChannel(api, { format: "alarms", ...query }, {
      onFrame: (/** @type {import("../types").AlarmFrame} */ frame) => frame.type === "open_alarms" && onList(frame.alarms, frame.more),
      onStatus: (status) => {
        this.#told = status === "live";
        if (status === "lost") void this.refresh();
      },
    });
    this.timer = window.setInterval(() => this.#told || document.hidden || void this.refresh(), EVERY_MS);
  }

  /** Ends it; nothing is told any more. */
  close() {
    this.#ended = true;
    clearInterval(this.timer);
    this.channel.close();
  }

  /** Asks, whatever the channel says. */
  async refresh() {
    if (this.#asking || this.#ended) return;
    this.#asking = true;
    try {
      const { items, next } = await this.api.get("alarms", { state: "open", ...this.query });
      if (!this.#ended) this.onList(items, next !== null);
    } catch (error) {
      // What is shown stays; the next attempt follows.
      if (!this.#ended) this.onError(/** @type {Error} */ (error));
    }
    this.#asking = false;
  }
}
