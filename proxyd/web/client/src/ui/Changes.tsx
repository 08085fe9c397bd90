/** What happened since the picture was whole. */

import { difference } from "../blueprint";
import { shortType } from "../placing";
import type { Store } from "../store";

/** So many of a kind are listed. */
const MOST = 500;

const WORDS = { new: "new", changed: "changed", removed: "gone" } as const;

export function Changes({ store }: { store: Store }) {
  store.version.value;
  const { happenings } = store.estate;
  return (
    <div class="matrix" tabIndex={0}>
      <Against store={store} />
      {happenings.length === 0 ? (
        <p>Nothing has changed since the picture was whole.</p>
      ) : (
        <Happenings store={store} />
      )}
    </div>
  );
}

/** What is not as it was when the blueprint was saved. */
function Against({ store }: { store: Store }) {
  store.version.value;
  const blueprint = store.blueprint.value;
  if (blueprint === undefined) return null;
  if (!store.estate.whole) return <p>The blueprint is compared when everything is scanned.</p>;
  const { added, removed, unseen, changed } = difference(blueprint, store.estate);
  return (
    <>
      <h2>Against the blueprint</h2>
      <Listed store={store} kind="new" title="added" arns={added} />
      <Listed store={store} kind="removed" title="removed" arns={removed} />
      <Listed store={store} kind="changed" title="changed" arns={changed} />
      {unseen.length > 0 && (
        <Listed store={store} kind="changed" title="not seen" arns={unseen} />
      )}
    </>
  );
}

function Listed(props: {
  store: Store;
  kind: "new" | "removed" | "changed";
  title: string;
  arns: string[];
}) {
  const { store, kind, title, arns } = props;
  return (
    <details open={arns.length > 0 && arns.length <= 20}>
      <summary>
        <span class={`badge ${kind}`}>{title}</span> {arns.length.toLocaleString("en")}
      </summary>
      <ul class="links">
        {arns.slice(0, MOST).map((arn) => (
          <li key={arn}>
            <button class="plain" onClick={() => store.select(arn)}>
              {arn}
            </button>
          </li>
        ))}
        {arns.length > MOST && <li>and {arns.length - MOST} more</li>}
      </ul>
    </details>
  );
}

function Happenings({ store }: { store: Store }) {
  store.version.value;
  const { happenings } = store.estate;
  return (
    <ol class="changes">
      {happenings.map((each) => (
        <li key={`${each.arn} ${each.at.getTime()}`}>
          <time>{each.at.toLocaleTimeString()}</time>
          <span class={`badge ${each.kind}`}>{WORDS[each.kind]}</span>
          <span class="muted">{shortType(each.type)}</span>
          {store.estate.resources.has(each.arn) ? (
            <button class="plain" onClick={() => store.select(each.arn)}>
              {each.name}
            </button>
          ) : (
            <span>{each.name}</span>
          )}
          <span class="muted">{each.changes.join(", ")}</span>
        </li>
      ))}
    </ol>
  );
}
