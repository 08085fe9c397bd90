/** The filter: the grammar of the API, over what is here; what is wrong is shown where it is. */

import type { Store } from "../store";

export function Search({ store }: { store: Store }) {
  const { error } = store.filter.value;
  const meant = store.meant.value;
  return (
    <div class="search" role="search">
      <input
        type="search"
        aria-label="Filter"
        aria-invalid={error !== undefined}
        aria-describedby="filter-error"
        spellcheck={false}
        autocomplete="off"
        placeholder="type=AWS::EC2::* and tag:env=prod"
        value={store.where.value}
        onInput={(event) => (store.where.value = event.currentTarget.value)}
      />
      <label title="Show only what the filter means">
        <input
          type="checkbox"
          checked={store.isolate.value}
          onChange={(event) => (store.isolate.value = event.currentTarget.checked)}
        />{" "}
        only
      </label>
      <span class="muted" aria-live="polite">
        {meant !== undefined && error === undefined && `${meant.size.toLocaleString("en")} meant`}
      </span>
      <div id="filter-error" class="filter-error" role="alert" hidden={error === undefined}>
        {error !== undefined && (
          <>
            <code>{`${store.where.value}\n${" ".repeat(error.column - 1)}^`}</code>
            {error.message}
          </>
        )}
      </div>
    </div>
  );
}
