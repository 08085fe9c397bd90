/** What there is to draw: boxes, tiles and links with their places, apart from how it is drawn. */

import type { Estate } from "./estate";
import { iconOf } from "./icons";
import type { Kind, Rectangle } from "./layout";
import { type Placing, label, shortType } from "./placing";

export interface SceneBox {
  id: string;
  kind: Kind;
  label: string;
  area: Rectangle;
}

export interface SceneTile {
  id: string;
  /** The resource; none where it stands for many. */
  arn?: string;
  type: string;
  label: string;
  count: number;
  icon: string;
  area: Rectangle;
  /** By the filter it is not meant. */
  dim: boolean;
  news?: "new" | "changed" | "gone";
}

export interface SceneLink {
  from: string;
  to: string;
  rel: string;
}

export interface Scene {
  boxes: SceneBox[];
  tiles: SceneTile[];
  /** By tile, or by box where a resource is one. */
  places: Map<string, Rectangle>;
  links: SceneLink[];
  area: Rectangle;
}

export interface Shown {
  /** Whether a resource is meant by the filter; undefined: all are. */
  meant: ((arn: string) => boolean) | undefined;
  /** What came or changed lately. */
  news: ReadonlyMap<string, "new" | "changed">;
}

/** Lay everything out and say what there is to draw. */
export function compose(estate: Estate, placing: Placing, shown: Shown): Scene {
  placing.root.arrange();
  const boxes: SceneBox[] = [];
  const tiles: SceneTile[] = [];
  const places = new Map<string, Rectangle>();
  for (const box of placing.root.all()) {
    if (box.kind !== "estate") {
      boxes.push({ id: box.id, kind: box.kind, label: box.label, area: box.area });
      places.set(box.id, box.area);
    }
    for (const tile of box.tiles.values()) {
      const area = box.rectangle(tile);
      places.set(tile.id, area);
      tiles.push(tileOf(estate, placing, shown, tile.id, area));
    }
  }
  return { boxes, tiles, places, links: [], area: placing.root.area };
}

function tileOf(
  estate: Estate,
  placing: Placing,
  shown: Shown,
  id: string,
  area: Rectangle,
): SceneTile {
  const pile = placing.piles.get(id);
  if (pile !== undefined) {
    const { meant } = shown;
    const dim = meant !== undefined && ![...pile.arns].some(meant);
    const count = pile.arns.size;
    const text = `${count.toLocaleString("en")} more`;
    return { id, type: pile.type, label: text, count, icon: iconOf(pile.type), area, dim };
  }
  const resource = estate.find(id);
  const type = resource?.type ?? "";
  const missing = !estate.resources.has(id);
  const gone = missing && estate.whole && resource !== undefined && estate.looked(resource);
  const news = gone ? "gone" : shown.news.get(id);
  return {
    id,
    arn: id,
    type,
    label: resource === undefined ? id : label(resource),
    count: 1,
    icon: iconOf(type),
    area,
    dim: (missing && !gone) || (shown.meant !== undefined && !shown.meant(id)),
    ...(news === undefined ? {} : { news }),
  };
}

/** The links between what is drawn, each pair once; those that lie within one another are left. */
export function linksOf(estate: Estate, placing: Placing, arns: Iterable<string>): SceneLink[] {
  const found = new Map<string, SceneLink>();
  for (const arn of arns) {
    const resource = estate.resources.get(arn);
    if (resource === undefined) continue;
    for (const link of resource.links) {
      const other = estate.linked(resource, link);
      if (other === undefined || isAround(placing, arn, other)) continue;
      const from = placing.tileOf(arn) ?? arn;
      const to = placing.tileOf(other) ?? other;
      if (from !== to) found.set(`${from}\n${to}`, { from, to, rel: link.rel });
    }
  }
  return [...found.values()];
}

function isAround(placing: Placing, inner: string, outer: string): boolean {
  const box = placing.boxOf(inner);
  return box?.path.some((each) => each.id === outer) ?? false;
}

/** What a screen reader says of a tile. */
export function spoken(tile: SceneTile): string {
  return `${shortType(tile.type)} ${tile.label}`;
}
