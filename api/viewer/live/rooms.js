/**
 * Rooms in the colours of what is inside them: a room has no sensor of its own, and the sensor in it is a pixel. Who lies in which room the
 * tree says; most files hang sensors on storeys, and there their places say. Pure.
 */

/** Lamps are let into ceilings, above the room (m). */
const ABOVE_M = 0.3;

/** Codes up to here are places on the scale. */
const STEPS = 250;
/** Among the others: text, stale, bad, none, as the server ranks them. @type {Record<number, number>} */
const RANKS = { 251: 1, 253: 2, 254: 3, 255: 0 };

/** Which of two codes is shown: the higher rank, as for an object with several signals (state_sync/themes.py). @param {number} code */
const rank = (code) => (code < STEPS ? STEPS + code : (RANKS[code] ?? -1));

export class Rooms {
  /** State index of the room, by that of what lies in it. @type {Map<number, number>} */
  #roomOf = new Map();
  /** @type {Map<number, number[]>} */
  #inside = new Map();

  /**
   * @param {import("../types").TwinObject[]} rooms
   * @param {import("../types").TwinObject[]} objects that report something
   */
  learn(rooms, objects) {
    const byId = new Map(rooms.map((room) => [room.id, room]));
    this.#roomOf.clear();
    this.#inside.clear();
    for (const object of objects) {
      const room = (object.parent === null ? undefined : byId.get(object.parent)) ?? onlyRoomAt(object.bounds, rooms);
      if (!room) continue;
      this.#roomOf.set(object.state_index, room.state_index);
      this.#inside.set(room.state_index, [...(this.#inside.get(room.state_index) ?? []), object.state_index]);
    }
  }

  /**
   * Codes of the rooms that these objects lie in; those with a code of their own keep it.
   * @param {Iterable<number> | null} changed state indices; null: of all rooms
   * @param {ReadonlyMap<number, number>} codes by state index
   * @returns {{ indices: Uint32Array, codes: Uint8Array }}
   */
  codes(changed, codes) {
    const rooms = changed === null ? [...this.#inside.keys()] : [...new Set([...changed].flatMap((index) => this.#roomOf.get(index) ?? []))];
    /** @type {[number, number][]} */
    const found = [];
    for (const room of rooms) {
      if (codes.has(room)) continue;
      const said = (this.#inside.get(room) ?? []).flatMap((index) => codes.get(index) ?? []);
      if (said.length) found.push([room, said.reduce((best, code) => (rank(code) > rank(best) ? code : best))]);
    }
    return { indices: Uint32Array.from(found, ([room]) => room), codes: Uint8Array.from(found, ([, code]) => code) };
  }
}

/**
 * The room whose box holds the middle of another; undefined where it is not one alone. Boxes of houses that stand askew overlap: who lies in
 * two of them is not guessed at.
 * @param {import("../types").Bounds | null} bounds
 * @param {import("../types").TwinObject[]} rooms
 */
function onlyRoomAt(bounds, rooms) {
  if (!bounds) return undefined;
  const [lon, lat, height] = [0, 1, 2].map((axis) => (bounds[axis] + bounds[axis + 3]) / 2);
  /** @type {import("../types").TwinObject | undefined} */
  let found;
  for (const room of rooms) {
    if (!room.bounds) continue;
    const [west, south, low, east, north, high] = room.bounds;
    if (height < low || height > high + ABOVE_M || lon < west || lon > east || lat < south || lat > north) continue;
    if (found) return undefined;
    found = room;
  }
  return found;
}
