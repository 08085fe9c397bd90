import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Store } from "../src/store";
import type { Frame } from "../src/wire";
import { ACCOUNT, came, resource } from "./things";

const QUEUE = "AWS::SQS::Queue";
const started: Frame = {
  event: "scan.started",
  id: "e-0",
  data: {
    ...{ scan: "s", target: "t", account: ACCOUNT, partition: "aws", mode: "watch" },
    ...{ regions: [], types: [], shards: 1, at: "" },
  },
};
const completed: Frame = {
  event: "scan.completed",
  id: "e-1",
  data: {
    ...{ scan: "s", target: "t", complete: true, resources: 1, shards: {}, missing_actions: [], remedies: [] },
    ...{ calls: 1, ms: 1 },
  },
};

describe("the store", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function streaming(): { store: Store; take: (...frames: Frame[]) => void } {
    const store = new Store();
    return { store, take: (...frames) => store.take(frames) };
  }

  it("shows for a while what is new, and leaves the place of what has gone", () => {
    const { store, take } = streaming();
    const [a, b] = [resource(QUEUE, "a"), resource(QUEUE, "b")];
    take(started, came(a), completed);
    expect(store.news.size).toBe(0);
    take(came(b));
    expect(store.news.get(b.arn)).toBe("new");
    const { arn, type, region } = a;
    take({ event: "resource.removed", id: "e", data: { arn, type, region } });
    expect(store.estate.resources.has(arn)).toBe(false);
    expect(store.placing.tileOf(arn)).toBe(arn);
    vi.advanceTimersByTime(10_000);
    expect(store.news.size).toBe(0);
    expect(store.placing.tileOf(arn)).toBeUndefined();
    expect(store.estate.ghosts.size).toBe(0);
  });

  it("filters by what a filter means, and keeps to the last good one while it is written", () => {
    const { store, take } = streaming();
    take(started, came(resource(QUEUE, "a")), came(resource(QUEUE, "b")));
    expect(store.meant.value).toBeUndefined();
    store.where.value = "id=a";
    expect([...(store.meant.value ?? [])]).toEqual([resource(QUEUE, "a").arn]);
    store.where.value = "id=a and";
    expect(store.filter.value.error?.column).toBe(9);
    expect(store.meant.value?.size).toBe(1);
    take(came(resource(QUEUE, "c")));
    store.where.value = "id!=a";
    expect(store.meant.value?.size).toBe(2);
    store.where.value = " ";
    expect(store.meant.value).toBeUndefined();
  });

  it("forgets everything when it is left", () => {
    const { store, take } = streaming();
    take(started, came(resource(QUEUE, "a")), completed, came(resource(QUEUE, "b")));
    store.where.value = "id=a";
    store.select(resource(QUEUE, "a").arn);
    store.leave();
    expect(store.estate.resources.size + store.estate.happenings.length).toBe(0);
    expect(store.placing.root.boxes.size + store.news.size).toBe(0);
    expect([store.where.value, store.selected.value, store.query.value]).toEqual([
      "",
      undefined,
      undefined,
    ]);
  });
});
