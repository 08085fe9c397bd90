/** Who are you: an API token, pasted once and traded for a session, or an OpenID provider. */

import { useSignal } from "@preact/signals";
import type { Store } from "../store";

export function Login({ store }: { store: Store }) {
  const token = useSignal("");
  const busy = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    const given = token.value;
    token.value = "";
    store.problem.value = "";
    await store.logIn(given).finally(() => (busy.value = false));
  };
  const ended = store.connection.state.value;
  return (
    <main class="card">
      <h1>proxyd</h1>
      <p>What is in your AWS accounts, live. Nothing that you see here is kept.</p>
      {ended.kind === "ended" && <p role="alert">The stream was closed: {ended.why}.</p>}
      {store.loginAt.value !== undefined && (
        <p>
          <a class="button" href={store.loginAt.value}>
            Log in with your company account
          </a>
        </p>
      )}
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">API token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          placeholder="pxd_…"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <button type="submit" disabled={busy.value}>
          {busy.value ? "Logging in …" : "Log in"}
        </button>
      </form>
      {store.problem.value !== "" && <p role="alert">{store.problem.value}</p>}
      <p class="muted">
        The token is traded for a session of this browser and forgotten. An admin makes one with{" "}
        <code>proxyd token new NAME</code>.
      </p>
    </main>
  );
}
