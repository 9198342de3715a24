/** The box that says what the scene is coloured by: choice of theme, what its colours mean, how fresh they are, and the time that is shown. */

import { byId, h, icon } from "../dom.js";
import { language, number, onLanguage, t } from "../i18n.js";
import { isSwitch } from "./labels.js";
import { listState } from "./list-parts.js";
import { unitText } from "./properties.js";
import { isSheet } from "./sheet.js";
import { TimeBar } from "./time.js";

/** @typedef {import("../types").Theme} Theme */

/** Height of a window from which on all of the legend leaves most of the scene free. */
const ROOMY_PX = 640;

export class Legend {
  /** In small views, the choice and the bar of colours are all, until one asks for more. */
  #open = !isSheet() && window.innerHeight >= ROOMY_PX;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = byId("legend");
    this.select = h("select", { id: "theme", on: { change: () => void app.live.setTheme(this.select.value || null) } });
    this.status = h("span", { class: "live-status", role: "status" });
    this.scale = h("div", { class: "scale" });
    this.notes = h("ul", { class: "legend-notes" });
    this.time = new TimeBar(app);
    this.body = h("div", { class: "legend-body" }, this.notes, this.time.element);
    this.label = h("label", { for: "theme" });
    this.failure = h("div", { class: "legend-failure" });
    this.fold = h("button", { class: "icon-button small fold", type: "button", "aria-controls": "legend-body", on: { click: () => this.#toggle() } }, icon("chevron"));
    this.body.id = "legend-body";
    this.element.append(h("div", { class: "legend-head" }, this.label, this.select, this.fold), this.status, this.failure, this.scale, this.body);
    app.store.on(["themes", "themesError", "theme"], () => this.#drawChoice());
    app.store.on(["live", "liveReason", "tally", "instant"], () => this.#drawState());
    onLanguage(() => this.#drawChoice());
    this.#drawChoice();
  }

  #drawChoice() {
    const { themes, theme, themesError } = this.app.store.get();
    this.element.hidden = !themesError && !themes?.length;
    this.element.setAttribute("aria-label", t("colours"));
    this.label.textContent = t("colourBy");
    const choices = (themes ?? []).map((each) => h("option", { value: each.key, text: `${each.label[language()]} (${number(each.signals)})` }));
    this.select.replaceChildren(h("option", { value: "", text: t("ownColours") }), ...choices);
    this.select.value = theme ?? "";
    this.select.disabled = !themes;
    this.failure.replaceChildren(...(themesError ? [listState("warning", t("themesFailed"), () => this.app.live.loadThemes())] : []));
    this.time.label();
    this.#drawScale();
    this.#drawState();
  }

  #toggle() {
    this.#open = !this.#open;
    this.#drawScale();
  }

  #drawScale() {
    const { theme } = this.app.live;
    this.body.hidden = !theme || !this.#open;
    this.fold.hidden = !theme;
    this.fold.setAttribute("aria-expanded", String(this.#open));
    this.fold.setAttribute("aria-label", t(this.#open ? "legendFold" : "legendOpen"));
    this.fold.title = t(this.#open ? "legendFold" : "legendOpen");
    this.element.classList.toggle("folded", !this.#open);
    if (!theme) return this.scale.replaceChildren();
    if (isSwitch(theme)) return this.scale.replaceChildren(h("ul", { class: "swatches" }, swatch(theme.colours[0], t("no")), swatch(theme.colours[249], t("yes"))));
    const bar = h("div", { class: "ramp" });
    // Through the CSS object model: the page's policy allows no styles in markup.
    bar.style.background = `linear-gradient(to right, ${theme.ramp.map(({ colour, code }) => `${colour} ${(code / 249) * 100}%`).join(", ")})`;
    return this.scale.replaceChildren(bar, ticks(theme));
  }

  #drawState() {
    const { live, liveReason, tally, instant } = this.app.store.get();
    const { theme } = this.app.live;
    this.status.textContent = live === "off" ? "" : live === "lost" && instant !== null ? t("live.failed") : t(`live.${live}`);
    this.status.className = `live-status ${live}`;
    this.status.title = liveReason;
    this.element.classList.toggle("old", live === "lost");
    this.notes.replaceChildren(...(theme ? notes(theme, tally, liveReason) : []));
  }
}

/** @param {string} colour @param {string} text @param {string} [kind] */
function swatch(colour, text, kind = "") {
  const box = h("span", { class: `swatch ${kind}` });
  box.style.setProperty("--colour", colour);
  return h("li", {}, box, h("span", { text }));
}

/** Values along the scale; where they would touch, the later one gives way, but never the last. @param {Theme} theme */
function ticks({ ramp, unit }) {
  const row = h("div", { class: "ticks" });
  const last = ramp.length - 1;
  let end = -Infinity;
  ramp.forEach(({ value, code }, i) => {
    const at = (code / 249) * 100;
    if (i < last && (at - end < 13 || 100 - at < 18)) return;
    end = at;
    const tick = h("span", { text: number(value) + (i === last && unit ? ` ${unitText(unit)}` : ""), class: i === 0 ? "first" : i === last ? "last" : "" });
    tick.style.left = `${at}%`;
    row.append(tick);
  });
  return row;
}

/** What of the scene is coloured, and what of it is no value. @param {Theme} theme @param {import("../types").Tally | null} tally @param {string} reason */
function notes(theme, tally, reason) {
  const said = reason ? [h("li", { class: "warn", text: reason })] : [];
  if (!tally) return [...said, h("li", { text: t("loading") })];
  const special = theme.special.filter(({ code }) => tally.special[code]);
  const kinds = { 253: "stale", 254: "stale" };
  return [
    ...said,
    h("li", { text: tally.objects ? t("colouredObjects", { n: tally.objects }) : t("colouredNone") }),
    ...special.map(({ code, colour, label }) => swatch(colour, `${label[language()]}: ${number(tally.special[code])}`, /** @type {Record<number, string>} */ (kinds)[code])),
  ];
}
