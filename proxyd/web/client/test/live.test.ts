import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { frames } from "../src/api";
import { Connection } from "../src/live";
import type { Frame, Query } from "../src/wire";

const QUERY: Query = { target: ["a"], mode: "watch", detail: "full" };

function body(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const c of chunks) controller.enqueue(typeof c === "string" ? encoder.encode(c) : c);
      controller.close();
    },
  });
}

function line(event: string, id: string, data: object = {}): string {
  return `${JSON.stringify({ event, id, data })}\n`;
}

const ok = (...chunks: string[]): Response => new Response(body(...chunks));
const no = (status: number, code: string, headers = {}): Response =>
  new Response(JSON.stringify({ status, code, detail: `it is ${code}` }), { status, headers });

describe("the frames of a stream", () => {
  it("are whole, wherever the bytes are cut", async () => {
    const whole = new TextEncoder().encode(line("reset", "e-1", { reason: "ü𝄞" }) + "\n");
    for (let at = 0; at <= whole.length; at++) {
      const got: Frame[] = [];
      for await (const batch of frames(body(whole.slice(0, at), whole.slice(at)))) got.push(...batch);
      expect(got).toEqual([{ event: "reset", id: "e-1", data: { reason: "ü𝄞" } }]);
    }
  });

  it("leave out a line that was cut off", async () => {
    const got: Frame[] = [];
    const cut = line("reset", "e-1").slice(0, -5);
    for await (const batch of frames(body(line("reset", "e-0"), cut))) got.push(...batch);
    expect(got.map(({ id }) => id)).toEqual(["e-0"]);
  });
});

describe("a connection", () => {
  const asked: Record<string, unknown>[] = [];
  let answers: (Response | Error)[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    vi.stubGlobal("fetch", (_: string, options: RequestInit) => {
      asked.push(JSON.parse(options.body as string) as Record<string, unknown>);
      const answer = answers.shift() ?? new TypeError("nobody there");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function run(given: (Response | Error)[], ms: number): Promise<Connection> {
    answers = given;
    const connection = new Connection(() => undefined);
    connection.start(QUERY);
    await vi.advanceTimersByTimeAsync(ms);
    return connection;
  }

  it("comes back with the last id, from where it broke off", async () => {
    const connection = await run([ok(line("shard", "e-7")), ok(line("shard", "e-8"))], 1500);
    expect(asked[0]).toEqual(QUERY);
    expect(asked[1]).toEqual({ ...QUERY, last_event_id: "e-7" });
    expect(connection.state.value.kind).toBe("lost");
    connection.stop();
  });

  it("waits as long as it is told", async () => {
    const closing = line("closing", "e-1", { reason: "shutdown", retry: 5000 });
    await run([ok(closing), ok(closing)], 4900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(2);
  });

  it("waits as long as a busy proxyd says", async () => {
    await run([no(503, "busy", { "Retry-After": "7" }), ok()], 6900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(2);
  });

  it("waits longer and longer for nobody, and never longer than half a minute", async () => {
    await run([], 20_000);
    const early = asked.length;
    expect(early).toBeGreaterThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked.length - early).toBeGreaterThanOrEqual(19);
    expect(asked.length - early).toBeLessThanOrEqual(41);
  });

  it.each([
    [ok(line("closing", "e", { reason: "revoked", retry: 0 })), false],
    [ok(line("closing", "e", { reason: "ended", retry: 0 })), false],
    [ok(line("closing", "e", { reason: "expired", retry: 0 })), true],
    [no(401, "unauthenticated"), true],
    [no(404, "no_such_target"), false],
    [no(400, "bad_parameter"), false],
  ])("does not come back where that would not help", async (answer, loginNeeded) => {
    const connection = await run([answer], 120_000);
    expect(asked).toHaveLength(1);
    expect(connection.state.value).toMatchObject({ kind: "ended", loginNeeded });
  });

  it("gives up a connection on which nothing comes, not even a keep-alive", async () => {
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
      return new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      });
    });
    const connection = new Connection(() => undefined);
    connection.start(QUERY);
    await vi.advanceTimersByTimeAsync(34_000);
    expect(connection.state.value.kind).toBe("connecting");
    await vi.advanceTimersByTimeAsync(1_500);
    expect(connection.state.value.kind).toBe("lost");
    connection.stop();
  });

  it("asks no more once it is stopped", async () => {
    const connection = await run([], 3000);
    const before = asked.length;
    connection.stop();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked.length).toBe(before);
    expect(connection.state.value.kind).toBe("idle");
  });
});
