/** Asks the server for what the wall counts, again and again, whatever happens to it meanwhile. Alarms come by themselves. */

/** @typedef {import("./figures.js").Total} Total */
/** @typedef {{ byModel: Total[], byClass: Total[], at: number }} Facts */

const EVERY_MS = 5_000;
/** Models change seldom; whoever imports one waits a minute for it on the wall. */
const MODELS_EVERY_MS = 60_000;
/** A question that went into a broken line is given up, so that the next one finds the server when it is back. */
const PATIENCE_MS = 10_000;

export class FactsWatch {
  #modelsAt = 0;

  /**
   * @param {import("../app.js").App} app
   * @param {{ onFacts: (facts: Facts) => void, onError: (error: any) => void, onModels: () => void }} listeners `onModels`: other models are there now
   */
  constructor(app, { onFacts, onError, onModels }) {
    this.app = app;
    this.api = app.api;
    this.onFacts = onFacts;
    this.onError = onError;
    this.onModels = onModels;
  }

  async run() {
    for (;;) {
      await this.#ask().catch((error) => this.onError(error));
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #ask() {
    const model = this.app.onlyModel;
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const [byModel, byClass] = await Promise.all([
      this.api.get("state/aggregate", { by: "model", model }, patience),
      this.api.get("state/aggregate", { by: "class", model }, patience),
    ]);
    this.onFacts({ byModel: byModel.items, byClass: byClass.items, at: Date.now() });
    await this.#lookAtModels();
  }

  async #lookAtModels() {
    const { models, status } = this.app.store.get();
    if (status !== "ready" || Date.now() - this.#modelsAt < MODELS_EVERY_MS) return;
    this.#modelsAt = Date.now();
    const now = this.app.onlyModel ? [await this.api.model(this.app.onlyModel)] : await this.api.models();
    if (stamp(now) !== stamp(models)) this.onModels();
  }
}

/** @param {import("../types").Model[]} models */
const stamp = (models) => models.map(({ key, revision }) => `${key}@${revision}`).sort().join();
