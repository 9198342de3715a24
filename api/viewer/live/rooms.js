/**
 * Rooms in the colours of what is inside them: a room has no sensor of its own, and the sensor in it is a pixel. Who lies in which room the
 * tree says; most files hang sensors on storeys, and there their places say. Pure.
 */

/** Lamps are let into ceilings, above the room (m). */
const ABOVE_M = 0.3;
/** Sensors stand out of walls by as much (m). */
const BESIDE_M = 0.05;
const METRES_PER_DEGREE = 111_320;
/** Below this cosine of twice the turn a box does not tell how long the walls are: they stand at nearly 45° to it. */
const LEAST_COS = 0.2;

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
   * @param {(model: string) => number} turnOf from east to the walls of a model, counter-clockwise, radians
   */
  learn(rooms, objects, turnOf = () => 0) {
    const byId = new Map(rooms.map((room) => [room.id, room]));
    this.#roomOf.clear();
    this.#inside.clear();
    for (const object of objects) {
      const room = (object.parent === null ? undefined : byId.get(object.parent)) ?? onlyRoomAt(object, rooms, turnOf(object.model));
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
 * The one room of its model whose walls stand around the middle of an object; undefined where it is not one alone. Rooms that are no rectangles
 * overlap with others: who lies in two of them is not guessed at.
 * @param {import("../types").TwinObject} object
 * @param {import("../types").TwinObject[]} rooms
 * @param {number} turn of the walls, radians
 */
function onlyRoomAt({ bounds, model }, rooms, turn) {
  if (!bounds) return undefined;
  const [lon, lat, height] = [0, 1, 2].map((axis) => (bounds[axis] + bounds[axis + 3]) / 2);
  /** @type {import("../types").TwinObject | undefined} */
  let found;
  for (const room of rooms) {
    if (!room.bounds || room.model !== model) continue;
    const [west, south, low, east, north, high] = room.bounds;
    if (height < low || height > high + ABOVE_M || lon < west || lon > east || lat < south || lat > north) continue;
    if (!isWithinWalls(lon, lat, room.bounds, turn)) continue;
    if (found) return undefined;
    found = room;
  }
  return found;
}

/**
 * Whether a place lies in the rectangle, turned by `turn`, that fills a box: of walls that stand askew the box has corners of other rooms.
 * A rectangle a × b fills a box w × h if w = a·cos + b·sin and h = a·sin + b·cos.
 * @param {number} lon @param {number} lat degrees
 * @param {import("../types").Bounds} box
 * @param {number} turn radians
 */
function isWithinWalls(lon, lat, [west, south, , east, north], turn) {
  const east_m = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  const [width, depth] = [(east - west) * east_m, (north - south) * METRES_PER_DEGREE];
  const [cos, sin] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
  const determinant = cos * cos - sin * sin;
  if (Math.abs(determinant) < LEAST_COS) return true;
  const [a, b] = [(width * cos - depth * sin) / determinant, (depth * cos - width * sin) / determinant];
  // Not such a rectangle: a round room, or one of another direction.
  if (a <= 0 || b <= 0) return true;
  const [x, y] = [(lon - (west + east) / 2) * east_m, (lat - (south + north) / 2) * METRES_PER_DEGREE];
  const along = x * Math.cos(turn) + y * Math.sin(turn);
  const across = y * Math.cos(turn) - x * Math.sin(turn);
  return Math.abs(along) <= a / 2 + BESIDE_M && Math.abs(across) <= b / 2 + BESIDE_M;
}
