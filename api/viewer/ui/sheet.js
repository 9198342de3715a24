/** On narrow pages the panel is a sheet at the lower edge, closed to its head (`peek`), half, or nearly whole (`full`). */

import { byId } from "../dom.js";

/** Width below which the panel is a sheet; the same number stands in layout.css. */
const SHEET = "(max-width: 760px)";

export const isSheet = () => matchMedia(SHEET).matches;

/** @param {string} height `peek`, `half` or `full` */
export function snapSheet(height) {
  byId("panel").dataset.snap = height;
  document.body.dataset.snap = height;
}

/** Opens the sheet half where only its head is seen. */
export function openSheet() {
  if (isSheet() && byId("panel").dataset.snap === "peek") snapSheet("half");
}
