/** Everything as rows that sort: the picture as text. */

import { useComputed, useSignal } from "@preact/signals";
import { label, shortType } from "../placing";
import type { Store } from "../store";
import type { Resource } from "../wire";
import { ROW, useRows } from "./rows";

const COLUMNS = {
  name: ["Name", label],
  type: ["Type", (resource) => shortType(resource.type)],
  account: ["Account", (resource) => resource.account],
  region: ["Region", (resource) => resource.region],
  id: ["Id", (resource) => resource.id],
} satisfies Record<string, [string, (resource: Resource) => string]>;
type Column = keyof typeof COLUMNS;

export function Table({ store }: { store: Store }) {
  const by = useSignal<Column>("type");
  const down = useSignal(false);
  const rows = useComputed(() => {
    store.version.value;
    const meant = store.meant.value;
    const found = [...store.estate.resources.values()].filter((r) => meant?.has(r.arn) ?? true);
    return sorted(found, by.value, down.value);
  });
  const shown = rows.value;
  const { element, onScroll, first, last } = useRows(shown.length);
  const sort = (column: Column): void => {
    down.value = by.value === column && !down.value;
    by.value = column;
  };
  return (
    <div
      class="table"
      role="table"
      aria-label="Resources"
      aria-rowcount={shown.length + 1}
      ref={element}
      onScroll={onScroll}
      tabIndex={0}
    >
      <div class="row head" role="row">
        {(Object.keys(COLUMNS) as Column[]).map((column) => (
          <div
            key={column}
            role="columnheader"
            aria-sort={by.value !== column ? "none" : down.value ? "descending" : "ascending"}
          >
            <button class="plain" onClick={() => sort(column)}>
              {COLUMNS[column][0]}
              {by.value === column && (down.value ? " ▾" : " ▴")}
            </button>
          </div>
        ))}
      </div>
      <div role="rowgroup" style={{ height: `${shown.length * ROW}px`, position: "relative" }}>
        {shown.slice(first, last).map((resource, index) => (
          <div
            key={resource.arn}
            class={`row ${store.selected.value === resource.arn ? "selected" : ""}`}
            role="row"
            aria-rowindex={first + index + 2}
            style={{ position: "absolute", top: `${(first + index) * ROW}px` }}
          >
            {(Object.keys(COLUMNS) as Column[]).map((column) => (
              <div key={column} role="cell">
                {column === "name" ? (
                  <button class="plain" onClick={() => store.select(resource.arn)}>
                    {COLUMNS.name[1](resource)}
                  </button>
                ) : (
                  COLUMNS[column][1](resource)
                )}
              </div>
            ))}
          </div>
        ))}
      </div>
      {shown.length === 0 && <p class="empty">Nothing is here, or nothing is meant by the filter.</p>}
    </div>
  );
}

function sorted(resources: Resource[], by: Column, down: boolean): Resource[] {
  const value = COLUMNS[by][1];
  const keyed = resources.map((resource) => ({ resource, key: value(resource).toLowerCase() }));
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  keyed.sort((a, b) => order(a.key, b.key) || order(a.resource.arn, b.resource.arn));
  if (down) keyed.reverse();
  return keyed.map(({ resource }) => resource);
}
