/** Elements without a framework: `h` makes them, `icon` draws them. Text goes in as text, never as markup. */

/**
 * Makes an element. `props`: `class`, `text`, `on` (listeners by event), `data` (dataset), everything else is an attribute;
 * null and undefined leave an attribute out. False leaves it out and true sets it empty, but for `aria-…`, where both are values.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  const { class: className, text, on, data, ...attributes } = props;
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = String(text);
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) {
    const said = name.startsWith("aria-") ? value : value || value === 0 || value === "" ? value : null;
    if (said === null || said === undefined) continue;
    element.setAttribute(name, said === true && !name.startsWith("aria-") ? "" : String(said));
  }
  element.append(...children.filter((child) => child || child === "").map((child) => /** @type {Node | string} */ (child)));
  return element;
}

/** Outlines on a 24-unit grid, stroked with the text colour. */
const SHAPES = {
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.3 15.3 20 20",
  close: "M6 6l12 12M18 6 6 18",
  chevron: "M9.5 6l6 6-6 6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  eyeOff: "M4 4l16 16M9.4 6A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.6M6.2 7.8A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M10 10a3 3 0 0 0 4.1 4.1",
  isolate: "M8 4H5.5A1.5 1.5 0 0 0 4 5.5V8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16M16 20h2.5a1.5 1.5 0 0 0 1.5-1.5V16M9 9h6v6H9Z",
  flyTo: "M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM12 2.5V6M12 18v3.5M2.5 12H6M18 12h3.5",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  copy: "M9 9h10v11H9ZM5 15V4h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5M12 7.9v.2",
  warning: "M12 4 2.8 19.5h18.4ZM12 10v4.5M12 17v.2",
  home: "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-5.5h4V20",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  underground: "M3 11h4l2-5 3 5h9M5 15h14M7 19h10",
  spaces: "M4 5h16v14H4ZM12 5v5.5M12 14v5M4 12h5M15 12h5",
  help: "M9.2 9a2.9 2.9 0 1 1 4.3 2.5c-1 .6-1.5 1.2-1.5 2.5M12 17.3v.2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  panel: "M4 5h16v14H4ZM10 5v14",
  building: "M6 21V4h9v17M15 9h4v12M3.5 21h17M9 8h3M9 12h3M9 16h3",
  layers: "M12 4l9 5-9 5-9-5ZM4 13.5l8 4.5 8-4.5",
  tag: "M4 4h8l8.5 8.5-7.5 7.5L4 12ZM8 8v.1",
  pipe: "M4 8h9a3 3 0 0 1 3 3v9M4 14h5a1 1 0 0 1 1 1v5M2.5 6.5v9M8.5 21.5h9",
  site: "M4 18l5-9 4 6 3-4 4 7ZM17 6.5v.1",
  space: "M5 5h14v14H5ZM5 12h4M15 12h4",
  box: "M12 3.5l8 4.5v8l-8 4.5-8-4.5V8ZM4 8l8 4.5L20 8M12 12.5v8",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  server: "M4 4.5h16v6.5H4ZM4 13h16v6.5H4ZM7.5 7.8v.1M7.5 16.3v.1M11 7.8h5M11 16.3h5",
  shield: "M12 3.5l7.5 2.8v5.4c0 4.4-3 7.4-7.5 8.8-4.5-1.4-7.5-4.4-7.5-8.8V6.3ZM8.8 12l2.3 2.3 4.2-4.4",
  play: "M8 5.5v13l10.5-6.5Z",
  pause: "M8.5 6v12M15.5 6v12",
  xray: "M9 9h11v11H9ZM4 14V4h10M4 4l5 5M14 4l6 5M4 14l5 6",
};

/** @typedef {keyof typeof SHAPES} IconName */

/**
 * An icon that assistive technology skips; the button around it carries the name.
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/**
 * A button with an icon and a name for assistive technology and hovering.
 * @param {IconName} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} onClick
 * @param {Record<string, any>} [props]
 */
export function iconButton(name, label, onClick, props = {}) {
  const { class: className, ...rest } = props;
  return h(
    "button",
    { type: "button", class: `icon-button ${className ?? ""}`, "aria-label": label, title: label, on: { click: onClick }, ...rest },
    /** @type {any} */ (icon(name)),
  );
}

/**
 * The element of this page with that id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/**
 * Calls `fn` once after calls have ceased for `delayMs`; `cancel` forgets a call that waits.
 * @template {any[]} A
 * @param {(...args: A) => void} fn
 * @param {number} delayMs
 */
export function debounce(fn, delayMs) {
  /** @type {number | undefined} */
  let timer;
  const later = (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => fn(...args), delayMs);
  };
  return Object.assign(later, { cancel: () => clearTimeout(timer) });
}
