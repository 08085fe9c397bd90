/** Requests to proxyd: each gives what was asked, or throws a `Refusal`. */

import type { Frame, Problem, Query, Scanner, Session, Target } from "./wire";

/** proxyd said no, or could not be reached (`status` 0). */
export class Refusal extends Error {
  readonly problem: Problem;
  /** Seconds after which to come back, where proxyd says. */
  readonly after: number | undefined;

  constructor(problem: Problem, after?: number) {
    super(problem.detail);
    this.problem = problem;
    this.after = after;
  }
}

export async function whoAmI(): Promise<Session> {
  return json(await ask("/v1/session"));
}

/** Trade an API token for a session; the token is not kept. */
export async function logIn(token: string): Promise<Session> {
  const headers = { Authorization: `Bearer ${token}` };
  return json(await ask("/v1/session", { method: "POST", headers }));
}

export async function logOut(): Promise<void> {
  await ask("/v1/session", { method: "DELETE" });
}

export async function targets(): Promise<Target[]> {
  return (await json<{ targets: Target[] }>(await ask("/v1/targets"))).targets;
}

export async function scanners(): Promise<Scanner[]> {
  return (await json<{ scanners: Scanner[] }>(await ask("/v1/scanners"))).scanners;
}

/** Open a stream; null where there is no more to come (204). */
export async function openStream(
  query: Query,
  signal: AbortSignal,
): Promise<AsyncGenerator<Frame[]> | null> {
  const response = await ask("/v1/stream", {
    method: "POST",
    headers: { Accept: "application/x-ndjson", "Content-Type": "application/json" },
    body: JSON.stringify(query),
    signal,
  });
  return response.body === null ? null : frames(response.body);
}

/** Cut a body into lines of JSON: all that came at once is given at once. */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      const found = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Frame);
      // An empty batch is a keep-alive: the stream is there.
      yield found;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...options, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refusal({ status: 0, code: "unreachable", detail: "proxyd can not be reached" });
  }
  if (response.ok) return response;
  throw await refusal(response);
}

async function refusal(response: Response): Promise<Refusal> {
  const after = Number(response.headers.get("Retry-After")) || undefined;
  try {
    return new Refusal((await response.json()) as Problem, after);
  } catch {
    const detail = `something between here and proxyd answered with ${response.status}`;
    return new Refusal({ status: response.status, code: "foreign", detail }, after);
  }
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    const detail = "something between here and proxyd has changed its answer";
    throw new Refusal({ status: response.status, code: "foreign", detail });
  }
}
