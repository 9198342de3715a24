/** The page on a wall of screens: figures, clock and a scene that goes round by itself. Nothing can be pressed, and nothing needs to be. */

import { byId, h } from "../dom.js";
import { className, count, locale, number, t } from "../i18n.js";
import { forceDark } from "../scheme.js";
import { isSwitch } from "../ui/labels.js";
import { unitText } from "../ui/properties.js";
import { FactsWatch } from "./facts.js";
import { SEVERITIES, rows, whole } from "./figures.js";
import { Tour } from "./tour.js";

/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("./figures.js").Row} Row */

/** Local hours in which the screens are dimmer. */
const NIGHT_FROM = 20;
const NIGHT_UNTIL = 6;
/** Of a table, at the most. */
const ROWS = 6;
/** A token is not mended by asking, and a graphics card takes its time. */
const AGAIN_MS = 30_000;
/** Older figures are shown as old. */
const OLD_MS = 15_000;
/** Alarms are counted here, not listed. */
const MOST_ALARMS = 1_000;

/** Colours and place of everything, before the scene is made. */
export function dressWall() {
  forceDark();
  document.documentElement.classList.add("wall");
  // Not for a mouse that lies somewhere: keys and clicks do nothing here.
  byId("scene").tabIndex = -1;
  byId("credits").inert = true;
}

export class Wall {
  /** @type {Facts | null} */
  #facts = null;
  /** Why there are no new ones. @type {any} */
  #error = null;
  /** Which table is shown. */
  #byClass = false;
  /** @type {import("../types").Model | null} */
  #at = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    app.alarms.most = MOST_ALARMS;
    this.clock = h("time", { class: "wall-clock" });
    this.date = h("span", { class: "wall-date" });
    this.place = h("span", { class: "wall-place" });
    this.state = h("span", { class: "wall-state", role: "status" });
    this.banner = h("p", { class: "wall-banner", role: "alert", hidden: true });
    this.figures = h("section", { class: "wall-figures" });
    this.table = h("section", { class: "wall-table" });
    this.legend = h("section", { class: "wall-legend" });
    const head = h("header", { class: "wall-head" }, h("h1", { text: t("appName") }), this.place, this.state, h("div", { class: "wall-time" }, this.date, this.clock));
    byId("stage").append(h("div", { class: "wall-front" }, head, this.banner, this.figures, h("div", { class: "wall-foot" }, this.legend, this.table)));
    this.tour = new Tour(app, { onPlace: (model) => this.#arrive(model), kindsAt: (key) => this.#kindsAt(key) });
    app.store.on(["status", "live", "liveReason", "sceneError", "themes", "theme", "models", "alarms", "alarmsMore"], () => this.#draw());
    app.api.addEventListener("reached", () => this.#goOn());
    app.store.on(["status"], ({ status, error }) => this.#mend(status, error));
    app.store.on(["sceneError"], ({ sceneError }) => sceneError && this.#reloadSoon());
  }

  start() {
    this.#tick();
    setInterval(() => this.#tick(), 1_000);
    this.#draw();
    void new FactsWatch(this.app, {
      onFacts: (facts) => {
        this.#facts = facts;
        this.#error = null;
        this.#draw();
      },
      onError: (error) => {
        this.#error = error;
        this.#draw();
      },
      // The server has just answered, so that the page will be there again.
      onModels: () => location.reload(),
    }).run();
    void this.tour.run();
    void keepAwake();
  }

  /** @param {string} key */
  #kindsAt(key) {
    const kinds = this.#facts?.byModel.filter((total) => total.key === key && total.kind !== null).map(({ kind }) => /** @type {string} */ (kind));
    return kinds ? new Set(kinds) : null;
  }

  /** @param {import("../types").Model | null} model */
  #arrive(model) {
    this.#at = model;
    this.#byClass = !this.#byClass;
    this.#draw();
  }

  /** The page asks again by itself where the server was away; where it refused, this does. @param {string} status @param {any} error */
  #mend(status, error) {
    if (status === "empty" || (status === "error" && !error?.passing)) setTimeout(() => void this.app.start(), AGAIN_MS);
  }

  /** The server is there again: what failed meanwhile does not wait for its turn. */
  #goOn() {
    const { status, error, themesError } = this.app.store.get();
    if (status === "error" && /** @type {any} */ (error)?.passing) void this.app.start();
    else if (themesError) void this.app.live.loadThemes();
  }

  /** A lost graphics context comes back with a new page, if the server has that page. */
  #reloadSoon() {
    setTimeout(async () => {
      const there = await this.app.api.get("can-i", { action: "read" }).catch(() => null);
      if (there) location.reload();
      else this.#reloadSoon();
    }, AGAIN_MS);
  }

  #tick() {
    const now = new Date();
    this.clock.textContent = now.toLocaleTimeString(locale(), { hour12: false });
    this.clock.dateTime = now.toISOString();
    this.date.textContent = now.toLocaleDateString(locale(), { weekday: "long", day: "numeric", month: "long" });
    const hour = now.getHours();
    document.documentElement.classList.toggle("wall-night", hour >= NIGHT_FROM || hour < NIGHT_UNTIL);
    const old = this.#isOld();
    if (old !== document.documentElement.classList.contains("wall-old")) this.#draw();
  }

  #isOld() {
    return this.#facts !== null && Date.now() - this.#facts.at > OLD_MS;
  }

  #draw() {
    const { status, live } = this.app.store.get();
    const said = this.#trouble();
    this.banner.hidden = !said;
    this.banner.textContent = said;
    document.documentElement.classList.toggle("wall-old", this.#isOld());
    const good = !this.#error && status === "ready" && live !== "lost";
    this.state.className = `wall-state ${good ? "good" : "bad"}`;
    this.state.textContent = this.#isOld() ? t("wallOld", { time: new Date(/** @type {Facts} */ (this.#facts).at).toLocaleTimeString(locale(), { hour12: false }) }) : t(good ? "wallLive" : "wallConnecting");
    this.place.textContent = this.#at ? this.app.labelOf(this.#at) : "";
    this.#drawLegend();
    if (this.#facts) this.#drawFacts(this.#facts);
  }

  /** What is wrong, in words; empty: nothing. */
  #trouble() {
    const { status, error, liveReason, live, sceneError } = this.app.store.get();
    const errors = [this.#error, error].filter(Boolean);
    if (errors.some((each) => each.status === 401)) return t("wallToken");
    const refused = errors.find((each) => each.status && !each.passing);
    if (refused) return refused.message;
    if (live === "lost" && liveReason) return liveReason;
    if (this.#error || status === "error") return t("wallAway");
    if (live === "lost") return t("wallColours");
    if (status === "empty") return t("wallEmpty");
    return sceneError ? t("wallScene") : "";
  }

  #drawLegend() {
    const { themes } = this.app.store.get();
    const { theme } = this.app.live;
    if (!theme) return this.legend.replaceChildren(themes && !themes.length ? h("p", { class: "hint", text: t("wallNoTheme") }) : "");
    const label = theme.label[locale() === "en" ? "en" : "zh"];
    const unit = theme.unit ? ` ${unitText(theme.unit)}` : "";
    const bar = h("div", { class: "wall-ramp" });
    bar.style.background = `linear-gradient(to right, ${theme.ramp.map(({ colour, code }) => `${colour} ${(code / 249) * 100}%`).join(", ")})`;
    const [first, last] = [theme.ramp[0], theme.ramp[theme.ramp.length - 1]];
    const ends = isSwitch(theme) ? [t("off"), t("on")] : [`${number(first.value)}${unit}`, `${number(last.value)}${unit}`];
    return this.legend.replaceChildren(h("h2", { text: label }), bar, h("div", { class: "wall-ends" }, h("span", { text: ends[0] }), h("span", { text: ends[1] })));
  }

  /** @param {Facts} facts */
  #drawFacts({ byModel, byClass }) {
    const { alarms: open, alarmsMore: more } = this.app.store.get();
    const alarms = open ?? [];
    const all = whole(byModel, alarms.length);
    const said = alarms.length ? `${count(alarms.length)}${more ? "+" : ""}` : t(open ? "wallNoAlarms" : "wallNone");
    this.figures.replaceChildren(
      figure(t("wallAlarms"), said, "", severities(alarms), alarms.length ? "has-alarms" : open ? "calm" : ""),
      figure(t("wallSignals"), count(all.reporting), t("wallOf", { n: all.signals })),
      figure(t("wallTemperature"), ...degrees(all.temperature)),
      figure(t("wallPower"), ...kilowatts(all.power)),
      figure(t("wallWater"), ...flow(all.water)),
    );
    const inModel = (/** @type {string} */ key) => alarms.filter(({ object }) => object.startsWith(`${key}/`)).length;
    const shown = this.#byClass ? rows(byClass, () => 0) : rows(byModel, inModel);
    const title = t(this.#byClass ? "wallClasses" : "wallPlaces");
    const nameOf = (/** @type {Row} */ { key }) => (this.#byClass ? className(key) : this.#modelName(key));
    const heads = [title, t("wallSignals"), ...(this.#byClass ? [] : [t("wallAlarms")]), t("wallTemperature"), t("wallPower"), t("wallWater")];
    const body = shown.slice(0, ROWS).map((each) => {
      const cells = [degrees(each.temperature), kilowatts(each.power), flow(each.water)].map(([value, unit]) => (value === t("wallNone") ? "–" : `${value} ${unit}`));
      const counts = [`${count(each.reporting)} / ${count(each.signals)}`, ...(this.#byClass ? [] : [each.alarms ? count(each.alarms) : "–"])];
      return h("tr", { class: each.alarms ? "alarmed" : "" }, h("th", { scope: "row", text: nameOf(each) }), ...[...counts, ...cells].map((text) => h("td", { text })));
    });
    this.table.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", text })))), h("tbody", {}, ...body)));
  }

  /** @param {string} key */
  #modelName(key) {
    const model = this.app.modelOf(key);
    return model ? this.app.labelOf(model) : key;
  }
}

/** @param {string} label @param {string} value @param {string} [unit] @param {Node | string} [more] @param {string} [kind] */
function figure(label, value, unit = "", more = "", kind = "") {
  return h("div", { class: `wall-figure ${kind}` }, h("h2", { text: label }), h("p", { class: "wall-value" }, h("strong", { text: value }), unit ? h("span", { text: unit }) : null), more);
}

/** How many of each severity there are. @param {import("../types").Alarm[]} alarms */
function severities(alarms) {
  const found = SEVERITIES.map((severity) => /** @type {const} */ ([severity, alarms.filter((alarm) => alarm.severity === severity).length])).filter(([, n]) => n);
  return h("ul", { class: "wall-severities" }, ...found.map(([severity, n]) => h("li", { class: severity }, h("strong", { text: count(n) }), h("span", { text: t(`severity.${severity}`) }))));
}

/** @param {number | null} mean @returns {[string, string]} value and unit */
const degrees = (mean) => (mean === null ? [t("wallNone"), ""] : [number(mean, { minimumFractionDigits: 1, maximumFractionDigits: 1 }), "°C"]);

/** @param {import("./figures.js").Sum} sum @returns {[string, string]} */
const kilowatts = (sum) => said(sum, "kW");
/** @param {import("./figures.js").Sum} sum @returns {[string, string]} */
const flow = (sum) => said(sum, "m³/h");

/** @param {import("./figures.js").Sum} sum @param {string} unit @returns {[string, string]} */
function said({ value, others }, unit) {
  if (value === null) return [t("wallNone"), others ? t("wallNotCounted", { n: others }) : ""];
  const text = number(value, { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 });
  return [text, others ? `${unit} (${t("wallNotCounted", { n: others })})` : unit];
}

/** Screens of a wall do not sleep, where the browser lets a page say so (not over plain HTTP). */
async function keepAwake() {
  const ask = () => navigator.wakeLock?.request("screen").catch(() => null);
  await ask();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void ask());
}
