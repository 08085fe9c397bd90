/** How far it is, and whether what one sees is live. */

import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { State } from "../live";
import type { Store } from "../store";

export function StatusLine({ store }: { store: Store }) {
  store.version.value;
  const state = store.connection.state.value;
  const { done, all, calls } = store.estate.progress;
  const scanning = all > 0 && done < all;
  return (
    <section class={`status ${state.kind}`} aria-label="State of the picture">
      <span role="status">
        <Says state={state} store={store} />
      </span>
      <Again state={state} store={store} />
      {all > 0 && (
        <>
          <progress
            value={done}
            max={all}
            aria-label={`${done} of ${all} shards are done`}
            hidden={!scanning}
          />
          <span>
            {done.toLocaleString("en")} of {all.toLocaleString("en")} shards
          </span>
          <span>{store.estate.resources.size.toLocaleString("en")} resources</span>
          <span>{calls.toLocaleString("en")} calls</span>
          <Gaps store={store} />
        </>
      )}
    </section>
  );
}

function Gaps({ store }: { store: Store }) {
  store.version.value;
  let gaps = 0;
  for (const shard of store.estate.shards.values()) if (shard.status !== "ok") gaps++;
  if (gaps === 0) return null;
  return (
    <button class="plain warning" onClick={() => (store.view.value = "coverage")}>
      {gaps} could not be seen
    </button>
  );
}

function Says({ state, store }: { state: State; store: Store }) {
  store.version.value;
  switch (state.kind) {
    case "idle":
      return <strong>Stopped</strong>;
    case "connecting":
      return (
        <strong>
          {state.lost && `Not live since ${state.lost.toLocaleTimeString()}. `}Connecting …
        </strong>
      );
    case "open":
      return <strong>{store.estate.whole ? "Live" : "Scanning …"}</strong>;
    case "complete":
      return <strong>Complete, as of {state.at.toLocaleTimeString()}</strong>;
    case "lost":
      return (
        <strong>
          Not live since {state.since.toLocaleTimeString()}: {state.why}.
        </strong>
      );
    case "ended":
      return <strong>Not live: {state.why}.</strong>;
  }
}

/** What one can do about it. */
function Again({ state, store }: { state: State; store: Store }) {
  if (state.kind === "lost") return <Lost state={state} store={store} />;
  if (state.kind !== "ended") return null;
  return <button onClick={() => store.openAgain()}>Open again</button>;
}

function Lost({ state, store }: { state: State & { kind: "lost" }; store: Store }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((state.again.getTime() - now.value) / 1000));
  return (
    <>
      <span>Trying again in {seconds} s.</span>
      <button onClick={() => store.connection.retry()}>Now</button>
    </>
  );
}
