/** The page: a login, a choice of what to see, or the estate. */

import type { Store, View } from "../store";
import { VIEWS } from "../store";
import { Changes } from "./Changes";
import { Counts } from "./Counts";
import { Coverage } from "./Coverage";
import { Details } from "./Details";
import { Diagram } from "./Diagram";
import { Files } from "./Files";
import { Login } from "./Login";
import { Picker } from "./Picker";
import { Search } from "./Search";
import { StatusLine } from "./StatusLine";
import { Table } from "./Table";

const NAMES: Record<View, string> = {
  diagram: "Diagram",
  table: "Table",
  counts: "Counts",
  coverage: "Coverage",
  changes: "Changes",
};

export function App({ store }: { store: Store }) {
  const session = store.session.value;
  if (session === undefined) return <Waiting store={store} />;
  if (session === null) return <Login store={store} />;
  if (store.query.value === undefined) return <Picker store={store} />;
  return (
    <div class="page">
      <header>
        <h1>proxyd</h1>
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <button
              key={view}
              aria-current={store.view.value === view ? "page" : undefined}
              onClick={() => (store.view.value = view)}
            >
              {NAMES[view]}
            </button>
          ))}
        </nav>
        <Search store={store} />
        <Files store={store} />
        <button onClick={() => store.leave()}>Choose again</button>
        <button onClick={() => void store.logOut()} title={session.principal}>
          Log out
        </button>
      </header>
      <StatusLine store={store} />
      <main>
        <section class="view" aria-label={NAMES[store.view.value]}>
          <Shown store={store} />
        </section>
        {store.selected.value !== undefined && <Details store={store} />}
      </main>
    </div>
  );
}

function Shown({ store }: { store: Store }) {
  switch (store.view.value) {
    case "diagram":
      return <Diagram key={store.opened.value} store={store} />;
    case "table":
      return <Table store={store} />;
    case "counts":
      return <Counts store={store} />;
    case "coverage":
      return <Coverage store={store} />;
    case "changes":
      return <Changes store={store} />;
  }
}

function Waiting({ store }: { store: Store }) {
  const problem = store.problem.value;
  return (
    <div class="card">
      <p role="status">{problem === "" ? "One moment …" : problem}</p>
      {problem !== "" && <button onClick={() => void store.begin()}>Try again</button>}
    </div>
  );
}
