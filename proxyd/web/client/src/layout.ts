/**
 * Where everything is: boxes in boxes, things in the innermost. Pure, and steady.
 *
 * A thing keeps its place in its box and a box its place among its siblings for as long as they
 * are there: what comes takes the next free place. A box that needs more room pushes what lies to
 * the right of it and below, and nothing ever changes its order.
 */

export const TILE = { width: 96, height: 84 };
export const PADDING = 12;
/** Room for a box's label: the outer ones can be read from farther. */
export const HEADERS: Record<Kind, number> = {
  estate: 0,
  account: 96,
  region: 76,
  vpc: 48,
  subnet: 34,
  type: 28,
};
const GAP = 16;
const COLUMN = 4;
/** So many places may be left free before one that is asked for: a file can ask for any. */
const HOLES = 64;

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Kind = "estate" | "account" | "region" | "vpc" | "subnet" | "type";

/** Something with a place: a resource, or many of one type that are shown as one. */
export interface Tile {
  id: string;
  place: number;
  /** How many resources it stands for. */
  count: number;
}

export class Box {
  readonly id: string;
  readonly kind: Kind;
  readonly parent: Box | null;
  label: string;
  readonly tiles = new Map<string, Tile>();
  readonly boxes = new Map<string, Box>();
  /** Relative to the parent's corner. */
  x = 0;
  y = 0;
  width = 0;
  height = 0;
  /** It is a resource itself, and stays when it is empty. */
  held = false;
  private readonly free: number[] = [];
  /** The boxes in their places, and holes; networks are apart from the rest. */
  private readonly networks: (Box | null)[] = [];
  private readonly order: (Box | null)[] = [];
  private tilesEnd = 0;
  private stale = true;
  private at: Rectangle = { x: 0, y: 0, width: 0, height: 0 };

  constructor(id: string, kind: Kind, label: string, parent: Box | null) {
    this.id = id;
    this.kind = kind;
    this.label = label;
    this.parent = parent;
  }

  /** The box of this id in here, made where there is none. */
  box(id: string, kind: Kind, label: string): Box {
    const found = this.boxes.get(id);
    if (found !== undefined) return found;
    const made = new Box(id, kind, label, this);
    this.boxes.set(id, made);
    const order = this.orderOf(made);
    const hole = order.indexOf(null);
    if (hole >= 0) order[hole] = made;
    else order.push(made);
    this.touch();
    return made;
  }

  /** Give something a place: the one that is asked for, if it is free, or the next. */
  put(id: string, count = 1, wanted?: number): Tile {
    const found = this.tiles.get(id);
    if (found !== undefined) {
      found.count = count;
      return found;
    }
    const place = this.next(wanted);
    const made = { id, place, count };
    this.tiles.set(id, made);
    this.touch();
    return made;
  }

  /** Take something away; an empty box goes with it. */
  drop(id: string): void {
    const gone = this.tiles.get(id);
    if (gone === undefined) return;
    this.tiles.delete(id);
    this.free.push(gone.place);
    this.free.sort((a, b) => a - b);
    this.touch();
    this.leave();
  }

  /** Where a tile is, on the canvas. */
  rectangle(tile: Tile): Rectangle {
    const column = tile.place % COLUMN;
    const row = Math.floor(tile.place / COLUMN);
    return {
      x: this.at.x + PADDING + column * TILE.width,
      y: this.at.y + this.header + row * TILE.height,
      ...TILE,
    };
  }

  /** Where the box itself is, on the canvas. */
  get area(): Rectangle {
    return this.at;
  }

  /** Measure what has changed, from within, and place everything. The root is at 0, 0. */
  arrange(): void {
    this.measure();
    this.settle(0, 0);
  }

  /** Every box in here, outer ones first. */
  *all(): Generator<Box> {
    yield this;
    for (const box of this.boxes.values()) yield* box.all();
  }

  private next(wanted: number | undefined): number {
    if (wanted !== undefined && wanted >= 0 && wanted < this.tilesEnd + HOLES) {
      while (this.tilesEnd <= wanted) this.free.push(this.tilesEnd++);
      const at = this.free.indexOf(wanted);
      if (at >= 0) return this.free.splice(at, 1)[0] as number;
    }
    return this.free.length > 0 ? (this.free.shift() as number) : this.tilesEnd++;
  }

  private get header(): number {
    return HEADERS[this.kind];
  }

  get path(): Box[] {
    return this.parent === null ? [this] : [...this.parent.path, this];
  }

  /** Have it measured anew, with all that it lies in. */
  touch(): void {
    this.stale = true;
    if (this.parent !== null && !this.parent.stale) this.parent.touch();
  }

  /** Take it out of its parent, if there is nothing left of it. */
  leave(): void {
    const { parent } = this;
    if (parent === null || this.held || this.tiles.size > 0 || this.boxes.size > 0) return;
    parent.boxes.delete(this.id);
    const order = parent.orderOf(this);
    order[order.indexOf(this)] = null;
    parent.touch();
    parent.leave();
  }

  private orderOf(box: Box): (Box | null)[] {
    return box.kind === "vpc" ? this.networks : this.order;
  }

  private measure(): void {
    if (!this.stale) return;
    for (const box of this.boxes.values()) box.measure();
    const tiles = this.measureTiles();
    const boxes = this.boxes.size > 0 ? this.placeBoxes(tiles) : { width: 0, height: 0 };
    this.width = Math.max(tiles.width, boxes.width, this.smallest) + 2 * PADDING;
    this.height = this.header + Math.max(tiles.height, boxes.height) + PADDING;
    this.stale = false;
  }

  /** No label makes a box wider: a name that changes must not move what lies beside it. */
  private get smallest(): number {
    return this.kind === "vpc" ? 2 * TILE.width : 1.5 * TILE.width;
  }

  private measureTiles(): { width: number; height: number } {
    if (this.tilesEnd === 0) return { width: 0, height: 0 };
    const rows = Math.ceil(this.tilesEnd / COLUMN);
    return {
      width: Math.min(this.tilesEnd, COLUMN) * TILE.width,
      height: rows * TILE.height,
    };
  }

  private placeBoxes(tiles: { width: number; height: number }): { width: number; height: number } {
    switch (this.kind) {
      case "estate":
      case "account":
        return this.inCells(this.order);
      case "region":
        return this.region();
      default:
        return this.inColumns(this.order, tiles.width > 0 ? tiles.width + GAP : 0, 3);
    }
  }

  /** Types in columns on the left, networks one below the other on the right. */
  private region(): { width: number; height: number } {
    const left = this.inColumns(this.order, 0, 4);
    let y = 0;
    let width = left.width;
    const x = left.width > 0 ? left.width + GAP : 0;
    for (const box of this.networks) {
      if (box === null) continue;
      box.x = PADDING + x;
      box.y = this.header + y;
      y += box.height + GAP;
      width = Math.max(width, x + box.width);
    }
    return { width, height: Math.max(left.height, y - GAP, 0) };
  }

  /** One below the other, by turns in each of a few columns. */
  private inColumns(
    order: readonly (Box | null)[],
    left: number,
    most: number,
  ): { width: number; height: number } {
    const widths: number[] = [];
    const heights: number[] = [];
    const placed: [Box, number, number][] = [];
    for (const [index, box] of order.entries()) {
      if (box === null) continue;
      const column = index % most;
      placed.push([box, column, heights[column] ?? 0]);
      widths[column] = Math.max(widths[column] ?? 0, box.width);
      heights[column] = (heights[column] ?? 0) + box.height + GAP;
    }
    const starts: number[] = [];
    for (let i = 0, x = left; i < widths.length; i++) {
      starts[i] = x;
      x += widths[i] === undefined ? 0 : (widths[i] as number) + GAP;
    }
    for (const [box, column, y] of placed) {
      box.x = PADDING + (starts[column] ?? 0);
      box.y = this.header + y;
    }
    const last = widths.length - 1;
    return {
      width: last < 0 ? left : (starts[last] ?? 0) + (widths[last] ?? 0),
      height: Math.max(0, ...heights.filter((h) => h !== undefined).map((h) => h - GAP)),
    };
  }

  /** In the cells of a square that grows by a column and a row: near to square at any number. */
  private inCells(order: readonly (Box | null)[]): { width: number; height: number } {
    const widths: number[] = [];
    const heights: number[] = [];
    order.forEach((box, index) => {
      if (box === null) return;
      const [column, row] = cell(index);
      widths[column] = Math.max(widths[column] ?? 0, box.width);
      heights[row] = Math.max(heights[row] ?? 0, box.height);
    });
    const before = (sizes: number[], end: number): number => {
      let sum = 0;
      for (let i = 0; i < end; i++) sum += (sizes[i] ?? 0) + ((sizes[i] ?? 0) > 0 ? GAP : 0);
      return sum;
    };
    order.forEach((box, index) => {
      if (box === null) return;
      const [column, row] = cell(index);
      box.x = PADDING + before(widths, column);
      box.y = this.header + before(heights, row);
    });
    return {
      width: Math.max(0, before(widths, widths.length) - GAP),
      height: Math.max(0, before(heights, heights.length) - GAP),
    };
  }

  private settle(x: number, y: number): void {
    this.at = { x, y, width: this.width, height: this.height };
    for (const box of this.boxes.values()) box.settle(x + box.x, y + box.y);
  }
}

/** The column and row of the nth cell: a square that first grows to the right, then down. */
export function cell(index: number): [number, number] {
  const side = Math.floor(Math.sqrt(index));
  const over = index - side * side;
  return over < side ? [side, over] : [over - side, side];
}
