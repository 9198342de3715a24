/** Whether the page is dark: as the system wishes, or always (a wall of screens). */

let forced = false;
const wish = matchMedia("(prefers-color-scheme: dark)");

/** From here on, whatever the system wishes. Before anything is drawn. */
export function forceDark() {
  forced = true;
}

export const isDark = () => forced || wish.matches;

/** Calls `listener` when that changes; returns what ends it. @param {() => void} listener */
export function onScheme(listener) {
  wish.addEventListener("change", listener);
  return () => wish.removeEventListener("change", listener);
}
