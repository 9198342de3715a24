/** What a picked feature of the twin's tiles says of itself. Needs nothing of CesiumJS. */

/** @typedef {{ model: string, globalId: string, name: string, class: string, stateIndex: number }} Picked */

/**
 * @param {any} feature what `scene.pick` found
 * @param {(tileset: unknown) => string | null} keyOf key of the model that a tileset belongs to
 * @returns {Picked | null} null: nothing, or nothing of the twin
 */
export function pickedOf(feature, keyOf) {
  const model = feature?.tileset && keyOf(feature.tileset);
  if (!model || !feature.getProperty) return null;
  const text = (/** @type {string} */ name) => String(feature.getProperty(name) ?? "");
  return {
    model,
    globalId: text("global_id"),
    name: text("name"),
    class: text("class"),
    stateIndex: Number(feature.getProperty("state_index")),
  };
}
