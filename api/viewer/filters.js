/** Whether the panel's filters leave an object, as far as its own document tells. Pure. */

/** @param {import("./types").TwinObject} object @param {import("./types").Filters} filters */
export function isLeft({ model, class: name, storey, state_index: index }, filters) {
  const { hiddenModels, hiddenClasses, hiddenStoreys, onlyStoreys, hiddenObjects, onlyObjects } = filters;
  if (hiddenModels.has(model) || hiddenClasses.has(name)) return false;
  const on = storey && storey.slice(storey.indexOf("/") + 1);
  if (onlyStoreys ? !on || !onlyStoreys.has(on) : on && hiddenStoreys.has(on)) return false;
  return onlyObjects ? onlyObjects.has(index) : !hiddenObjects.has(index);
}
