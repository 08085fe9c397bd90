/** Which box a resource belongs in, and what of a great many of one type is shown. */

import type { Estate } from "./estate";
import { Box } from "./layout";
import type { Resource } from "./wire";

export const VPC = "AWS::EC2::VPC";
export const SUBNET = "AWS::EC2::Subnet";

/** So many of one type are shown in a box before the rest become one tile, which opens. */
export const FEW = 48;

/** The rest of a type in a box: one tile for all of them. */
export interface Pile {
  id: string;
  box: Box;
  type: string;
  arns: Set<string>;
}

interface Kind {
  shown: Set<string>;
  pile: Pile;
  open: boolean;
}

export class Placing {
  root = new Box("estate", "estate", "", null);
  /** By the tile's id. */
  readonly piles = new Map<string, Pile>();
  private readonly homes = new Map<string, Box>();
  /** By the ARN of a subnet that is not known yet, what is in it. */
  private readonly waiting = new Map<string, Set<string>>();
  private kinds = new WeakMap<Box, Map<string, Kind>>();
  private readonly estate: Estate;

  constructor(estate: Estate) {
    this.estate = estate;
  }

  /** Place what came or changed, take away what went. */
  update(arns: Iterable<string>): void {
    for (const arn of arns) {
      const resource = this.estate.find(arn);
      if (resource === undefined) this.remove(arn);
      else this.place(resource);
    }
  }

  /** Give things the places that they had: by ARN, those that were not in a pile. */
  seed(places: ReadonlyMap<string, number | undefined>): void {
    const piled: Resource[] = [];
    for (const [arn, place] of places) {
      const resource = this.estate.find(arn);
      if (resource === undefined) continue;
      const isBox = resource.type === VPC || resource.type === SUBNET;
      if (place === undefined && !isBox) piled.push(resource);
      else this.place(resource, place);
    }
    for (const resource of piled) this.place(resource);
  }

  reset(): void {
    this.root = new Box("estate", "estate", "", null);
    this.piles.clear();
    this.homes.clear();
    this.waiting.clear();
    this.kinds = new WeakMap();
  }

  /** Show each of a pile by itself. */
  open(pile: Pile): void {
    const kind = this.kind(pile.box, pile.type);
    const { box } = pile;
    const { held } = box;
    kind.open = true;
    this.piles.delete(pile.id);
    box.held = true; // it may be empty in between
    box.drop(pile.id); // its place is the first one's
    for (const arn of pile.arns) {
      kind.shown.add(arn);
      box.put(arn);
    }
    pile.arns.clear();
    box.held = held;
  }

  /** The tile that stands for a resource: its own, that of a pile, or none, for a box. */
  tileOf(arn: string): string | undefined {
    const box = this.homes.get(arn);
    if (box === undefined) return undefined;
    if (box.tiles.has(arn)) return arn;
    const type = this.estate.find(arn)?.type ?? "";
    const pile = this.kind(box, type).pile;
    return pile.arns.has(arn) ? pile.id : undefined;
  }

  /** The box that a resource is in, or that it is. */
  boxOf(arn: string): Box | undefined {
    return this.homes.get(arn);
  }

  private place(resource: Resource, place?: number): void {
    const home = this.home(resource);
    const before = this.homes.get(resource.arn);
    if (home.id === resource.arn) {
      if (before !== undefined && before !== home) this.take(before, resource.arn, resource.type);
      home.label = label(resource);
      home.held = true;
    } else if (before !== home) {
      if (before !== undefined) this.take(before, resource.arn, resource.type);
      this.give(home, resource.arn, resource.type, place);
    }
    this.homes.set(resource.arn, home);
    if (resource.type !== SUBNET) return;
    // What came before it, and named nothing else.
    const waiting = this.waiting.get(resource.arn) ?? [];
    this.waiting.delete(resource.arn);
    this.update(waiting);
  }

  private remove(arn: string): void {
    const box = this.homes.get(arn);
    if (box === undefined) return;
    this.homes.delete(arn);
    if (box.id === arn) {
      box.held = false;
      box.leave();
      return;
    }
    for (const type of this.kinds.get(box)?.keys() ?? []) this.take(box, arn, type);
  }

  private give(box: Box, arn: string, type: string, place?: number): void {
    const kind = this.kind(box, type);
    if (kind.open || place !== undefined || kind.shown.size < FEW) {
      kind.shown.add(arn);
      box.put(arn, 1, place);
      return;
    }
    kind.pile.arns.add(arn);
    this.piles.set(kind.pile.id, kind.pile);
    box.put(kind.pile.id, kind.pile.arns.size);
  }

  private take(box: Box, arn: string, type: string): void {
    const kind = this.kind(box, type);
    const { pile } = kind;
    if (kind.shown.delete(arn)) {
      const [next] = pile.arns;
      if (next === undefined) {
        box.drop(arn);
        return;
      }
      // One of the pile takes its place.
      const place = box.tiles.get(arn)?.place;
      box.drop(arn);
      kind.shown.add(next);
      box.put(next, 1, place);
      pile.arns.delete(next);
    } else if (!pile.arns.delete(arn)) return;
    if (pile.arns.size > 0) {
      box.put(pile.id, pile.arns.size);
      return;
    }
    box.drop(pile.id);
    this.piles.delete(pile.id);
  }

  private kind(box: Box, type: string): Kind {
    let kinds = this.kinds.get(box);
    if (kinds === undefined) this.kinds.set(box, (kinds = new Map<string, Kind>()));
    let kind = kinds.get(type);
    if (kind === undefined) {
      const pile = { id: `${box.id}\n${type}\nmore`, box, type, arns: new Set<string>() };
      kinds.set(type, (kind = { shown: new Set(), pile, open: false }));
    }
    return kind;
  }

  private home(resource: Resource): Box {
    const account = this.root.box(resource.account, "account", "");
    account.label = this.target(resource.account);
    const region = account.box(`${account.id}\n${resource.region}`, "region", resource.region);
    if (resource.type === VPC) return region.box(resource.arn, "vpc", label(resource));
    const network = this.network(resource);
    if (network === undefined) return this.typeBox(region, resource.type);
    const vpc = region.box(network.vpc, "vpc", idOf(network.vpc));
    if (resource.type === SUBNET) return vpc.box(resource.arn, "subnet", label(resource));
    if (network.subnet === undefined) return this.typeBox(vpc, resource.type);
    return vpc.box(network.subnet, "subnet", idOf(network.subnet));
  }

  private typeBox(parent: Box, type: string): Box {
    return parent.box(`${parent.id}\n${type}`, "type", shortType(type));
  }

  /** The VPC and the subnet that a resource says it is in, where it is one only. */
  private network(resource: Resource): { vpc: string; subnet?: string } | undefined {
    // What has no region is in no network, even if it works for one.
    if (resource.region === "global") return undefined;
    const vpcs = new Set<string>();
    const subnets = new Set<string>();
    for (const link of resource.links) {
      if (link.rel !== "in") continue;
      if (link.type === VPC) vpcs.add(link.arn ?? this.arn(resource, "vpc", link.id ?? ""));
      if (link.type === SUBNET) subnets.add(link.arn ?? this.arn(resource, "subnet", link.id ?? ""));
    }
    const [subnet] = subnets;
    if (vpcs.size === 0 && subnet !== undefined) {
      const found = this.estate.find(subnet);
      if (found === undefined) {
        this.waiting.set(subnet, (this.waiting.get(subnet) ?? new Set()).add(resource.arn));
      }
      const known = found?.links.find((link) => link.type === VPC);
      if (known !== undefined) vpcs.add(known.arn ?? this.arn(resource, "vpc", known.id ?? ""));
    }
    const [vpc] = vpcs;
    if (vpc === undefined || vpcs.size > 1) return undefined;
    return subnets.size === 1 && subnet !== undefined ? { vpc, subnet } : { vpc };
  }

  private arn(near: Resource, kind: string, id: string): string {
    const partition = near.arn.split(":")[1] ?? "aws";
    return `arn:${partition}:ec2:${near.region}:${near.account}:${kind}/${id}`;
  }

  private target(account: string): string {
    for (const scan of this.estate.scans.values()) {
      if (scan.account === account) return `${scan.target} · ${account}`;
    }
    return account;
  }
}

export function label(resource: Resource): string {
  return resource.tags["Name"] || resource.name || resource.id;
}

/** `EC2 Instance` of `AWS::EC2::Instance`. */
export function shortType(type: string): string {
  return type.split("::").slice(1).join(" ");
}

function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
