/** Keeps one stream open: comes back by itself where that may help, and says so where it does not. */

import { signal } from "@preact/signals";
import { Refusal, openStream } from "./api";
import type { Closing, Frame, Query } from "./wire";

export type State =
  | { kind: "idle" }
  /** `lost` is since when there is no picture that is live. */
  | { kind: "connecting"; lost: Date | undefined }
  | { kind: "open"; since: Date }
  /** The picture is not live: `again` is when it is tried next. */
  | { kind: "lost"; why: string; since: Date; again: Date }
  /** It will not come back by itself. */
  | { kind: "ended"; why: string; loginNeeded: boolean }
  /** A snapshot that is whole. */
  | { kind: "complete"; at: Date };

/** Keep-alives come every 14 s: after this long the connection is dead, whatever TCP thinks. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

const REASONS: Record<string, string> = {
  shutdown: "proxyd is being restarted",
  expired: "your login is over",
  revoked: "your right to see this was taken away",
  deadline: "the stream reached its longest time",
  slow: "this browser did not keep up",
  audit_unavailable: "proxyd can not write its audit trail, so it shows nothing",
  replaced: "the configuration was changed",
  ended: "the stream was ended, here or by an admin",
  error: "proxyd met an error",
};
const FINAL = new Set(["expired", "revoked", "ended"]);

export class Connection {
  readonly state = signal<State>({ kind: "idle" });
  private readonly take: (batch: Frame[]) => void;
  private controller: AbortController | undefined;
  private lastId: string | undefined;
  private failures = 0;
  private lostSince: Date | undefined;
  private wake: (() => void) | undefined;

  constructor(take: (batch: Frame[]) => void) {
    this.take = take;
  }

  /** Stream this from now on, instead of what was streamed before. */
  start(query: Query): void {
    this.stop();
    const controller = new AbortController();
    this.controller = controller;
    this.lastId = undefined;
    this.failures = 0;
    this.lostSince = undefined;
    void this.run(query, controller);
  }

  stop(): void {
    this.controller?.abort();
    this.controller = undefined;
    this.state.value = { kind: "idle" };
    this.wake?.();
  }

  /** Try now instead of later. */
  retry(): void {
    this.wake?.();
  }

  private async run(query: Query, controller: AbortController): Promise<void> {
    const { signal: gone } = controller;
    while (!gone.aborted) {
      this.state.value = { kind: "connecting", lost: this.lostSince };
      const outcome = await this.once(query, gone);
      if (gone.aborted) return;
      if (outcome.kind !== "lost") {
        this.state.value = outcome;
        return;
      }
      this.state.value = outcome;
      await this.wait(outcome.again.getTime() - Date.now());
    }
  }

  private async once(query: Query, gone: AbortSignal): Promise<State> {
    const silence = new AbortController();
    const either = AbortSignal.any([gone, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const resumed = this.lastId === undefined ? query : { ...query, last_event_id: this.lastId };
      const batches = await openStream(resumed, either);
      if (batches === null) return { kind: "complete", at: new Date() };
      let last: Frame | undefined;
      for await (const batch of batches) {
        // What was read before it was stopped belongs to nobody any more.
        if (gone.aborted) return { kind: "idle" };
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        this.opened();
        if (batch.length === 0) continue;
        this.take(batch);
        last = batch.at(-1);
        this.lastId = last?.id;
      }
      return this.after(query, last);
    } catch (error) {
      return this.failed(error);
    } finally {
      clearTimeout(timer);
    }
  }

  private opened(): void {
    if (this.state.value.kind === "open") return;
    this.failures = 0;
    this.lostSince = undefined;
    this.state.value = { kind: "open", since: new Date() };
  }

  private after(query: Query, last: Frame | undefined): State {
    if (last?.event === "closing") return this.closed(last.data);
    if (last?.event === "scan.completed" && query.mode === "snapshot") {
      return { kind: "complete", at: new Date() };
    }
    return this.lost("the connection broke off", this.pause());
  }

  private closed({ reason, retry }: Closing): State {
    const why = REASONS[reason] ?? reason;
    if (FINAL.has(reason)) return { kind: "ended", why, loginNeeded: reason === "expired" };
    return this.lost(why, Math.max(retry, FIRST_WAIT_MS));
  }

  private failed(error: unknown): State {
    if (!(error instanceof Refusal)) return this.lost("the connection broke off", this.pause());
    const { problem, after } = error;
    if (problem.status === 401) {
      return { kind: "ended", why: "your login is over", loginNeeded: true };
    }
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
      return { kind: "ended", why: problem.detail, loginNeeded: false };
    }
    return this.lost(problem.detail, after === undefined ? this.pause() : after * 1000);
  }

  private lost(why: string, wait: number): State {
    this.lostSince ??= new Date();
    return { kind: "lost", why, since: this.lostSince, again: new Date(Date.now() + wait) };
  }

  /** Longer each time, and spread, so that not all browsers come back at once. */
  private pause(): number {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++);
    return longest * (0.5 + Math.random() / 2);
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const wake = done;
      this.wake = wake;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}
