import { describe, expect, it } from "vitest";
import { Box, type Rectangle, cell } from "../src/layout";

/** Numbers that are the same in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = ["account", "region", "type"] as const;

/** Put things into three levels of boxes, and take some out again. */
function grow(random: () => number, root: Box, times: number): void {
  for (let i = 0; i < times; i++) {
    let box = root;
    for (const kind of KINDS) box = box.box(`${box.id}/${Math.floor(random() * 6)}`, kind, "x");
    const id = `${box.id}#${Math.floor(random() * 40)}`;
    if (random() < 0.3) box.drop(id);
    else box.put(id);
  }
  root.arrange();
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function within(inner: Rectangle, outer: Rectangle): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

describe("the layout", () => {
  it("lays nothing over anything else, and everything in its box", () => {
    for (let seed = 0; seed < 40; seed++) {
      const root = new Box("estate", "estate", "", null);
      grow(numbers(seed), root, 400);
      for (const box of root.all()) {
        const inside = [...box.boxes.values()].map((each) => each.area);
        const tiles = [...box.tiles.values()].map((tile) => box.rectangle(tile));
        const all = [...inside, ...tiles];
        all.forEach((one, i) => {
          expect(within(one, box.area)).toBe(true);
          for (const other of all.slice(i + 1)) expect(overlap(one, other)).toBe(false);
        });
      }
    }
  });

  it("moves nothing in its box when more comes", () => {
    const random = numbers(7);
    const root = new Box("estate", "estate", "", null);
    grow(random, root, 300);
    const before = new Map<string, [number, number]>();
    for (const box of root.all()) {
      for (const tile of box.tiles.values()) {
        const at = box.rectangle(tile);
        before.set(tile.id, [at.x - box.area.x, at.y - box.area.y]);
      }
    }
    for (let i = 0; i < 200; i++) root.box("estate/new", "account", "new").put(`new#${i}`);
    grow(() => 0.99 * random(), root, 0);
    for (const box of root.all()) {
      for (const tile of box.tiles.values()) {
        const at = box.rectangle(tile);
        const was = before.get(tile.id);
        if (was !== undefined) expect([at.x - box.area.x, at.y - box.area.y]).toEqual(was);
      }
    }
  });

  it("only ever pushes to the right and down", () => {
    const root = new Box("estate", "estate", "", null);
    grow(numbers(3), root, 300);
    const before = new Map([...root.all()].map((box) => [box.id, box.area]));
    for (const box of [...root.all()]) if (box.kind === "type") box.put(`${box.id}#more`);
    root.arrange();
    for (const box of root.all()) {
      const was = before.get(box.id);
      expect(box.area.x).toBeGreaterThanOrEqual(was?.x ?? 0);
      expect(box.area.y).toBeGreaterThanOrEqual(was?.y ?? 0);
    }
  });

  it("leaves every other box where it is when one goes", () => {
    const region = new Box("r", "region", "", null);
    for (const id of ["a", "b", "c", "d", "e"]) region.box(id, "type", "").put(`${id}1`);
    region.box("v", "vpc", "").put("v1");
    region.arrange();
    const before = new Map([...region.boxes.values()].map((box) => [box.id, box.area.x]));
    region.boxes.get("b")?.drop("b1");
    region.arrange();
    for (const box of region.boxes.values()) {
      // What lies to the right of an empty column comes nearer, and keeps its column.
      expect(box.area.x).toBeLessThanOrEqual(before.get(box.id) ?? 0);
    }
    expect(region.boxes.get("e")?.area.x).toBe(before.get("e"));
    region.box("f", "type", "").put("f1");
    region.arrange();
    expect(region.boxes.get("f")?.area.x).toBe(before.get("b"));
    for (const id of ["a", "c", "d", "e", "v"]) {
      expect(region.boxes.get(id)?.area.x).toBe(before.get(id));
    }
  });

  it("gives what comes the place of what went", () => {
    const box = new Box("b", "type", "", null);
    for (const id of ["a", "b", "c"]) box.put(id);
    box.drop("b");
    expect(box.put("d").place).toBe(1);
    expect(box.put("e").place).toBe(3);
  });

  it("gives the place that is asked for, if it is free", () => {
    const box = new Box("b", "type", "", null);
    expect(box.put("a", 1, 5).place).toBe(5);
    expect(box.put("b", 1, 5).place).toBe(0);
    expect(box.put("c", 1, 2).place).toBe(2);
    for (const mad of [1e9, -1, 70]) expect(box.put(`${mad}`, 1, mad).place).toBeLessThan(6);
  });

  it("takes away a box that is empty", () => {
    const root = new Box("estate", "estate", "", null);
    const inner = root.box("a", "account", "").box("r", "region", "");
    inner.put("x");
    inner.drop("x");
    expect([...root.all()]).toEqual([root]);
  });

  it("fills a square, cell by cell", () => {
    const cells = Array.from({ length: 400 }, (_, i) => cell(i).join());
    expect(new Set(cells).size).toBe(400);
    for (const name of cells) expect(name.split(",").every((n) => Number(n) < 20)).toBe(true);
  });
});
