/** A picture without data: ARNs and where they are. All that may leave the browser by itself. */

import type { Estate } from "./estate";
import type { Placing } from "./placing";
import { type Viewport, clamped } from "./paint";
import type { Link, Query, Resource } from "./wire";

export interface Node {
  arn: string;
  type: string;
  x: number;
  y: number;
  /** Which place it has in its box. */
  place?: number;
  /** Account and region, which not every ARN has: `222222222222/eu-west-1`. */
  box?: string;
}

export interface Edge {
  from: string;
  to: string;
  rel: string;
}

export interface Blueprint {
  proxyd_blueprint: 1;
  targets: string[];
  nodes: Node[];
  edges: Edge[];
  view: { x?: number; y?: number; zoom?: number; regions?: string[]; types?: string[] };
}

export interface Difference {
  added: string[];
  removed: string[];
  /** Those that could not be looked for. */
  unseen: string[];
  /** Those that are linked to other things than they were. */
  changed: string[];
}

/** The file is no blueprint; the message says why. */
export class BlueprintError extends Error {}

export function draw(
  estate: Estate,
  placing: Placing,
  query: Query,
  { x: left, y: top, zoom }: Viewport,
): Blueprint {
  placing.root.arrange();
  const nodes: Node[] = [];
  const add = (arn: string, x: number, y: number, place?: number): void => {
    const of = estate.resources.get(arn);
    if (of === undefined) return;
    const box = `${of.account}/${of.region}`;
    nodes.push({ arn, type: of.type, x, y, box, ...(place === undefined ? {} : { place }) });
  };
  for (const box of placing.root.all()) {
    add(box.id, box.area.x, box.area.y);
    const places = [...box.tiles.values()].sort((a, b) => a.place - b.place);
    for (const tile of places) {
      const { x, y } = box.rectangle(tile);
      const pile = placing.piles.get(tile.id);
      if (pile === undefined) add(tile.id, x, y, tile.place);
      else for (const arn of pile.arns) add(arn, x, y);
    }
  }
  return {
    proxyd_blueprint: 1,
    targets: query.target,
    nodes,
    edges: nodes.flatMap(({ arn }) => edgesOf(estate, estate.resources.get(arn))),
    view: {
      ...{ x: left, y: top, zoom },
      ...(query.region === undefined ? {} : { regions: query.region }),
      ...(query.type === undefined ? {} : { types: query.type }),
    },
  };
}

/** Bytes of a file, and things in it, that are read at most. */
export const LARGEST = 64 * 1024 * 1024;
const MOST = 200_000;

/** Read a file; throws a `BlueprintError`. Only what is known of a blueprint is taken over. */
export function read(text: string): Blueprint {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new BlueprintError("It is no JSON.");
  }
  if (!isRecord(given) || given["proxyd_blueprint"] !== 1) {
    throw new BlueprintError('It is no blueprint: "proxyd_blueprint": 1 is missing.');
  }
  const view = isRecord(given["view"]) ? given["view"] : {};
  const { x, y, zoom } = view;
  return {
    proxyd_blueprint: 1,
    targets: strings(given["targets"], "targets"),
    nodes: records(given["nodes"], "nodes").map((node, index) => ({
      arn: string(node["arn"], `nodes[${index}].arn`),
      type: string(node["type"], `nodes[${index}].type`),
      x: number(node["x"], `nodes[${index}].x`),
      y: number(node["y"], `nodes[${index}].y`),
      ...(Number.isSafeInteger(node["place"]) ? { place: node["place"] as number } : {}),
      ...(typeof node["box"] === "string" ? { box: node["box"] } : {}),
    })),
    edges: records(given["edges"], "edges").map((edge, index) => ({
      from: string(edge["from"], `edges[${index}].from`),
      to: string(edge["to"], `edges[${index}].to`),
      rel: string(edge["rel"], `edges[${index}].rel`),
    })),
    view: {
      ...([x, y, zoom].every((n) => Number.isFinite(n)) && (zoom as number) > 0
        ? { x: x as number, y: y as number, zoom: clamped(zoom as number) }
        : {}),
      ...(view["regions"] === undefined ? {} : { regions: strings(view["regions"], "regions") }),
      ...(view["types"] === undefined ? {} : { types: strings(view["types"], "types") }),
    },
  };
}

/** What stands for a resource until its data has come: of a blueprint only ARN and links. */
export function ghosts(blueprint: Blueprint): Map<string, Resource> {
  const links = new Map<string, Link[]>();
  const types = new Map(blueprint.nodes.map(({ arn, type }) => [arn, type]));
  for (const { from, to, rel } of blueprint.edges) {
    const of = links.get(from) ?? [];
    of.push({ rel, type: types.get(to) ?? "", arn: to });
    links.set(from, of);
  }
  return new Map(
    blueprint.nodes.map(({ arn, type, box }) => {
      const [, , , ownRegion, ownAccount] = arn.split(":");
      const [account, region] = box?.split("/") ?? [ownAccount, ownRegion];
      const id = arn.slice(Math.max(arn.lastIndexOf("/"), arn.lastIndexOf(":")) + 1);
      const ghost: Resource = {
        ...{ arn, type, id, name: id, account: account ?? "", region: region || "global" },
        ...{ tags: {}, properties: {}, links: links.get(arn) ?? [], hash: "" },
      };
      return [arn, ghost];
    }),
  );
}

/** What is not as it was when the blueprint was saved. */
export function difference(blueprint: Blueprint, estate: Estate): Difference {
  const saved = new Set(blueprint.nodes.map(({ arn }) => arn));
  const key = ({ to, rel }: Edge): string => `${rel}\n${to}`;
  const before = new Map<string, Set<string>>();
  for (const edge of blueprint.edges) {
    before.set(edge.from, (before.get(edge.from) ?? new Set()).add(key(edge)));
  }
  const isOther = (arn: string): boolean => {
    const was = before.get(arn) ?? new Set<string>();
    const edges = edgesOf(estate, estate.resources.get(arn)).filter(({ to }) => saved.has(to));
    return edges.length !== was.size || edges.some((edge) => !was.has(key(edge)));
  };
  const held = [...estate.resources.keys()];
  const missing = [...saved].filter((arn) => !estate.resources.has(arn));
  const looked = (arn: string): boolean => {
    const ghost = estate.ghosts.get(arn);
    return ghost !== undefined && estate.looked(ghost);
  };
  return {
    added: held.filter((arn) => !saved.has(arn)),
    removed: missing.filter(looked),
    unseen: missing.filter((arn) => !looked(arn)),
    changed: held.filter((arn) => saved.has(arn) && isOther(arn)),
  };
}

function edgesOf(estate: Estate, of: Resource | undefined): Edge[] {
  const found = new Map<string, Edge>();
  for (const link of of?.links ?? []) {
    const to = estate.linked(of as Resource, link);
    if (of !== undefined && to !== undefined) {
      found.set(`${link.rel}\n${to}`, { from: of.arn, to, rel: link.rel });
    }
  }
  return [...found.values()];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function records(value: unknown, name: string): Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isRecord)) {
    throw new BlueprintError(`${name} has to be a list of objects.`);
  }
  if (value.length > MOST) throw new BlueprintError(`${name} has more than ${MOST} of them.`);
  return value;
}

function strings(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw new BlueprintError(`${name} has to be a list of texts.`);
  return value.map((each, index) => string(each, `${name}[${index}]`));
}

function string(value: unknown, name: string): string {
  if (typeof value !== "string") throw new BlueprintError(`${name} has to be a text.`);
  return value;
}

function number(value: unknown, name: string): number {
  if (!Number.isFinite(value)) throw new BlueprintError(`${name} has to be a number.`);
  return value as number;
}
