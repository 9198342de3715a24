/** The tree's rows as data: what is open, what is loaded, what comes next. No elements here. */

/** @typedef {import("../types").Model} Model */
/** @typedef {import("../types").TwinObject} TwinObject */

/**
 * @typedef {object} Node
 * @property {"model" | "object" | "more" | "loading" | "failed"} kind
 * @property {string} id unique in the tree
 * @property {number} level 1 for models
 * @property {Node | null} parent
 * @property {boolean} expandable
 * @property {boolean} open
 * @property {Node[] | null} children null: not asked for
 * @property {string | null} next cursor of the children's next page
 * @property {Model} [model]
 * @property {TwinObject} [object]
 */

/** Single children are opened with their parent, so that project → site → building is one step. */
const CHAIN = 5;
/** Pages that are fetched to find one child at most. */
const MOST_PAGES = 20;

export class TreeModel {
  /**
   * @param {object} source
   * @param {(model: string, cursor: string | null) => Promise<import("../types").Page<TwinObject>>} source.roots
   * @param {(id: string, cursor: string | null) => Promise<import("../types").Page<TwinObject>>} source.children
   * @param {() => void} onChange
   */
  constructor(source, onChange) {
    this.source = source;
    this.onChange = onChange;
    /** @type {Node[]} */
    this.top = [];
  }

  /** @param {Model[]} models as they are to stand */
  setModels(models) {
    const known = new Map(this.top.map((node) => [node.id, node]));
    this.top = models.map((model) => {
      const node = known.get(`model:${model.key}`) ?? makeNode("model", `model:${model.key}`, null);
      return Object.assign(node, { model, expandable: model.objects > 0 });
    });
    this.onChange();
  }

  /** Rows from top to bottom. @returns {Node[]} */
  rows() {
    /** @type {Node[]} */
    const rows = [];
    const visit = (/** @type {Node} */ node) => {
      rows.push(node);
      if (node.open) for (const child of node.children ?? []) visit(child);
    };
    this.top.forEach(visit);
    return rows;
  }

  /** @param {Node} node */
  async open(node) {
    if (!node.expandable || node.open) return;
    node.open = true;
    if (!node.children) await this.#load(node);
    else this.onChange();
    const { children } = node;
    if (children?.length === 1 && children[0].expandable && node.level < CHAIN) await this.open(children[0]);
  }

  /** @param {Node} node */
  close(node) {
    node.open = false;
    this.onChange();
  }

  /** @param {Node} node */
  toggle(node) {
    return node.open ? this.close(node) : this.open(node);
  }

  /** Fetches what a "more" or "failed" row stands for. @param {Node} row */
  async follow(row) {
    if (row.parent && (row.kind === "more" || row.kind === "failed")) await this.#load(row.parent);
  }

  /** @param {Node} node */
  async #load(node) {
    const kept = (node.children ?? []).filter((child) => child.kind === "object");
    const cursor = node.next;
    node.children = [...kept, makeNode("loading", `${node.id}#loading`, node)];
    this.onChange();
    try {
      const page = node.model ? await this.source.roots(node.model.key, cursor) : await this.source.children(/** @type {TwinObject} */ (node.object).id, cursor);
      const fresh = page.items.map((object) => Object.assign(makeNode("object", object.id, node), { object, expandable: object.has_children }));
      node.next = page.next;
      node.children = [...kept, ...fresh];
      if (page.next) node.children.push(makeNode("more", `${node.id}#more`, node));
    } catch {
      node.children = [...kept, makeNode("failed", `${node.id}#failed`, node)];
    }
    this.onChange();
  }

  /**
   * Opens the way to an object and returns its row, or null if it cannot be found.
   * @param {string} model
   * @param {string[]} path ids from the root to the object itself
   * @returns {Promise<Node | null>}
   */
  async reveal(model, path) {
    let node = this.top.find((top) => top.model?.key === model);
    for (const id of path) {
      if (!node) return null;
      await this.open(node);
      node = await this.#child(node, id);
    }
    return node ?? null;
  }

  /** @param {Node} node @param {string} id @returns {Promise<Node | undefined>} */
  async #child(node, id) {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const found = node.children?.find((child) => child.id === id);
      if (found || !node.next) return found;
      await this.#load(node);
    }
    return undefined;
  }
}

/**
 * @param {Node["kind"]} kind
 * @param {string} id
 * @param {Node | null} parent
 * @returns {Node}
 */
function makeNode(kind, id, parent) {
  return { kind, id, parent, level: (parent?.level ?? 0) + 1, expandable: false, open: false, children: null, next: null };
}
