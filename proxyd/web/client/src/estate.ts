/** What is known of the estate: resources, coverage and progress. Changed by events alone. */

import type {
  Frame,
  Remedy,
  Removed,
  Resource,
  ScanCompleted,
  ScanStarted,
  Shard,
} from "./wire";

export interface Scan extends ScanStarted {
  completed?: ScanCompleted;
}

/** Something that happened after the first picture was whole. */
export interface Happening {
  at: Date;
  kind: "new" | "changed" | "removed";
  arn: string;
  type: string;
  name: string;
  /** Names of the properties and tags that changed. */
  changes: string[];
}

const MAX_HAPPENINGS = 1000;

export interface Changed {
  /** By ARN, what became of it. */
  arns: Map<string, "new" | "changed" | "removed" | "same">;
  /** What was removed, as it was. */
  gone: Resource[];
  reset: boolean;
}

export class Estate {
  readonly resources = new Map<string, Resource>();
  /** By account, region and type. */
  readonly shards = new Map<string, Shard>();
  /** By target. */
  readonly scans = new Map<string, Scan>();
  readonly happenings: Happening[] = [];
  /** What a blueprint holds, and of which no data may have come. */
  ghosts = new Map<string, Resource>();
  /** ARNs by type and id, for links that name no ARN. */
  private readonly ids = new Map<string, string>();
  private readonly targets = new Map<string, string>();

  /** Take in what came; the answer says what to draw anew. */
  apply(batch: readonly Frame[]): Changed {
    const changed: Changed = { arns: new Map(), gone: [], reset: false };
    for (const frame of batch) this.take(frame, changed);
    return changed;
  }

  /** A resource, or what stands for it. */
  find(arn: string): Resource | undefined {
    return this.resources.get(arn) ?? this.ghosts.get(arn);
  }

  /** Whether it would have been seen if it were there. */
  looked({ account, region, type }: Resource): boolean {
    return this.shards.get(key(account, region, type))?.status === "ok";
  }

  /** The resource at the other end of a link, where it is known. */
  linked(from: Resource, link: { type: string; arn?: string; id?: string }): string | undefined {
    if (link.arn !== undefined) return this.resources.has(link.arn) ? link.arn : undefined;
    if (link.id === undefined) return undefined;
    return (
      this.ids.get(key(from.account, from.region, link.type, link.id)) ??
      this.ids.get(key(from.account, "global", link.type, link.id))
    );
  }

  /** Whether all targets have told what they have. */
  get whole(): boolean {
    const scans = [...this.scans.values()];
    return scans.length > 0 && scans.every((scan) => scan.completed !== undefined);
  }

  /** What would mend the gaps, by target. */
  get remedies(): { target: string; remedies: Remedy[] }[] {
    return [...this.scans.values()]
      .map(({ target, completed }) => ({ target, remedies: completed?.remedies ?? [] }))
      .filter(({ remedies }) => remedies.length > 0);
  }

  get progress(): { done: number; all: number; calls: number } {
    let all = 0;
    for (const scan of this.scans.values()) all += scan.shards;
    let calls = 0;
    for (const shard of this.shards.values()) calls += shard.calls;
    // Two targets may be one account, whose shards are told twice.
    const done = this.whole ? all : Math.min(this.shards.size, all);
    return { done, all, calls };
  }

  private take(frame: Frame, changed: Changed): void {
    switch (frame.event) {
      case "reset":
        this.forget();
        changed.reset = true;
        break;
      case "scan.started":
        this.targets.set(frame.data.account, frame.data.target);
        this.scans.set(frame.data.target, { ...frame.data, ...this.before(frame.data) });
        break;
      case "scan.completed":
        this.complete(frame.data);
        break;
      case "shard":
        this.shards.set(key(frame.data.account, frame.data.region, frame.data.type), frame.data);
        break;
      case "resource":
        changed.arns.set(frame.data.arn, this.put(frame.data));
        break;
      case "resource.removed":
        changed.gone.push(...this.remove(frame.data));
        changed.arns.set(frame.data.arn, "removed");
        break;
      case "closing":
        break;
    }
  }

  /** What is told again after a break does not make a whole picture less so. */
  private before(started: ScanStarted): { completed?: ScanCompleted } {
    const completed = this.scans.get(started.target)?.completed;
    return completed === undefined ? {} : { completed };
  }

  private complete(completed: ScanCompleted): void {
    const scan = this.scans.get(completed.target);
    if (scan !== undefined) this.scans.set(completed.target, { ...scan, completed });
  }

  private put(resource: Resource): "new" | "changed" | "same" {
    const before = this.resources.get(resource.arn);
    this.resources.set(resource.arn, resource);
    this.ids.set(key(resource.account, resource.region, resource.type, resource.id), resource.arn);
    if (before?.hash === resource.hash) return "same";
    const kind = before === undefined ? "new" : "changed";
    if (this.told(resource.account)) this.happened(kind, resource, differences(before, resource));
    return kind;
  }

  private remove(gone: Removed): Resource[] {
    const before = this.resources.get(gone.arn);
    if (before === undefined) return [];
    this.resources.delete(gone.arn);
    this.ids.delete(key(before.account, before.region, before.type, before.id));
    this.happened("removed", before, []);
    return [before];
  }

  private told(account: string): boolean {
    const target = this.targets.get(account);
    return target !== undefined && this.scans.get(target)?.completed !== undefined;
  }

  private happened(kind: Happening["kind"], of: Resource, changes: string[]): void {
    const { arn, type, name } = of;
    this.happenings.unshift({ at: new Date(), kind, arn, type, name, changes });
    this.happenings.length = Math.min(this.happenings.length, MAX_HAPPENINGS);
  }

  /** Drop everything. */
  forget(): void {
    this.resources.clear();
    this.shards.clear();
    this.scans.clear();
    this.ids.clear();
    this.targets.clear();
  }
}

function key(...parts: string[]): string {
  return parts.join("\n");
}

function differences(before: Resource | undefined, now: Resource): string[] {
  if (before === undefined) return [];
  const names: string[] = [];
  for (const [part, prefix] of [
    ["properties", ""],
    ["tags", "tag:"],
  ] as const) {
    const all = new Set([...Object.keys(before[part]), ...Object.keys(now[part])]);
    for (const name of all) {
      const same = JSON.stringify(before[part][name]) === JSON.stringify(now[part][name]);
      if (!same) names.push(prefix + name);
    }
  }
  if (before.name !== now.name) names.push("name");
  if (JSON.stringify(before.links) !== JSON.stringify(now.links)) names.push("links");
  return names.sort();
}
