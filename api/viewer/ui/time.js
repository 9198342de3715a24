/** The time that the scene shows: a slider over an interval, play and pause, the interval and the speed, and the way back to now. */

import { h, icon } from "../dom.js";
import { locale, t } from "../i18n.js";
import { MOST_BACK_MS, SPANS, SPEEDS } from "../live/player.js";

const MINUTE_MS = 60_000;

export class TimeBar {
  #playing = false;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    const { player } = app;
    this.play = h("button", { class: "icon-button small play", type: "button", on: { click: () => player.toggle() } }, icon("play"));
    this.slider = h("input", { type: "range", max: 0, class: "time", id: "time", on: { input: () => player.show(player.range.to + Number(this.slider.value) * MINUTE_MS) } });
    this.when = h("output", { class: "when", for: "time" });
    this.back = h("button", { class: "text-button", type: "button", on: { click: () => app.live.setInstant(null) } });
    this.span = h("select", { class: "small-field", on: { change: () => this.#setSpan(this.span.value) } });
    this.speed = h("select", { class: "small-field", on: { change: () => player.setSpeed(Number(this.speed.value)) } });
    this.from = h("input", { class: "small-field", type: "datetime-local", on: { change: () => this.#setOwn() } });
    this.to = h("input", { class: "small-field", type: "datetime-local", on: { change: () => this.#setOwn() } });
    this.wrong = h("p", { class: "hint warn", role: "status" });
    this.own = h("div", { class: "time-own" }, this.from, this.to, this.wrong);
    this.element = h(
      "div",
      { class: "time-row" },
      h("div", { class: "time-line" }, this.play, this.slider),
      h("div", { class: "time-foot" }, this.when, this.back),
      h("div", { class: "time-choices" }, this.span, this.speed),
      this.own,
    );
    this.element.addEventListener("keydown", (event) => this.#key(event));
    app.store.on(["instant", "play"], () => this.draw());
  }

  /** Texts in the language of now. */
  label() {
    this.slider.setAttribute("aria-label", t("timeSlider"));
    this.back.textContent = t("backToLive");
    this.span.setAttribute("aria-label", t("timeSpan"));
    this.speed.setAttribute("aria-label", t("timeSpeed"));
    this.from.setAttribute("aria-label", t("timeFrom"));
    this.to.setAttribute("aria-label", t("timeTo"));
    const spans = SPANS.map(({ hours }) => h("option", { value: hours, text: hours < 48 ? t("timeHours", { n: hours }) : t("timeDays", { n: hours / 24 }) }));
    this.span.replaceChildren(...spans, h("option", { value: "own", text: t("timeOwn") }));
    this.speed.replaceChildren(...SPEEDS.map((speed) => h("option", { value: speed, text: speed < 3_600 ? t("timeMinutesASecond", { n: speed / 60 }) : t("timeHoursASecond", { n: speed / 3_600 }) })));
    this.draw(true);
  }

  /** @param {boolean} [anew] */
  draw(anew = false) {
    const { instant, play } = this.app.store.get();
    const { from, to, stepMin } = this.app.player.range;
    this.slider.min = String(Math.round((from - to) / MINUTE_MS));
    this.slider.step = play.on ? "any" : String(stepMin);
    const minutes = instant === null ? 0 : (instant - to) / MINUTE_MS;
    if (Number(this.slider.value) !== minutes) this.slider.value = String(minutes);
    const text = instant === null ? t("now") : moment(instant);
    this.when.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    this.back.hidden = instant === null;
    this.span.value = typeof play.span === "number" ? String(play.span) : "own";
    this.speed.value = String(play.speed);
    this.own.hidden = typeof play.span === "number";
    if (anew || this.#playing !== play.on) this.#drawPlay(play.on);
  }

  /** @param {boolean} on */
  #drawPlay(on) {
    this.#playing = on;
    const label = t(on ? "timePause" : "timePlay");
    this.play.replaceChildren(icon(on ? "pause" : "play"));
    this.play.title = label;
    this.play.setAttribute("aria-label", label);
  }

  /** @param {string} chosen hours, or `own` */
  #setSpan(chosen) {
    const { player } = this.app;
    if (chosen !== "own") return player.setSpan(Number(chosen));
    const { from, to } = player.range;
    this.from.value = forField(from);
    this.to.value = forField(to);
    this.from.min = this.to.min = forField(Date.now() - MOST_BACK_MS);
    this.from.max = this.to.max = forField(Date.now());
    this.wrong.textContent = "";
    return player.setSpan({ from, to });
  }

  #setOwn() {
    const [from, to] = [Date.parse(this.from.value), Date.parse(this.to.value)];
    const now = Date.now();
    const right = from < to && to <= now && from >= now - MOST_BACK_MS - MINUTE_MS;
    this.wrong.textContent = right ? "" : t("timeWrong");
    if (right) this.app.player.setSpan({ from, to });
  }

  /** Space plays where the slider has the focus, as in every player. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== " " || event.target !== this.slider) return;
    event.preventDefault();
    this.app.player.toggle();
  }
}

/** Day and time, in the reader's time zone. @param {number} instant */
function moment(instant) {
  return new Intl.DateTimeFormat(locale(), { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }).format(instant);
}

/** As `datetime-local` wants it: the reader's own time, to the minute. @param {number} instant */
function forField(instant) {
  const local = new Date(instant - new Date(instant).getTimezoneOffset() * MINUTE_MS);
  return local.toISOString().slice(0, 16);
}
