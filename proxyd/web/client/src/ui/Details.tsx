/** One resource: what is known of it, and what it is linked to, both ways. */

import { label, shortType } from "../placing";
import type { Store } from "../store";
import type { Property, Resource } from "../wire";

export function Details({ store }: { store: Store }) {
  store.version.value;
  const arn = store.selected.value as string;
  const resource = store.estate.resources.get(arn);
  return (
    <aside aria-label="Details">
      <button class="close" aria-label="Close the details" onClick={() => store.select(undefined)}>
        ×
      </button>
      {resource === undefined ? <p>It is not there any more.</p> : <Of store={store} of={resource} />}
    </aside>
  );
}

function Of({ store, of }: { store: Store; of: Resource }) {
  store.version.value;
  const properties = Object.entries(of.properties).filter(([, value]) => value !== null);
  const tags = Object.entries(of.tags);
  const url = consoleOf(of);
  return (
    <>
      <h2>{label(of)}</h2>
      <p class="muted">{shortType(of.type)}</p>
      <dl>
        <dt>Id</dt>
        <dd>{of.id}</dd>
        <dt>Account</dt>
        <dd>{of.account}</dd>
        <dt>Region</dt>
        <dd>{of.region}</dd>
        <dt>ARN</dt>
        <dd class="break">{of.arn}</dd>
      </dl>
      {url !== undefined && (
        <p>
          <a href={url} target="_blank" rel="noopener noreferrer">
            Open in the AWS console
          </a>
        </p>
      )}
      <Links store={store} of={of} />
      <Pairs title="Properties" pairs={properties.map(([name, v]) => [name, shown(v)])} />
      <Pairs title="Tags" pairs={tags} />
      {of.truncated !== undefined && (
        <p class="muted">Left out, since they are too large: {of.truncated.join(", ")}</p>
      )}
    </>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: [string, string][] }) {
  if (pairs.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <dl>
        {pairs.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="break">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Links({ store, of }: { store: Store; of: Resource }) {
  store.version.value;
  const { estate } = store;
  const onward = of.links.map((link) => ({ ...link, to: estate.linked(of, link) }));
  const back: { rel: string; from: Resource }[] = [];
  for (const from of others(store, of)) {
    for (const link of from.links) {
      if (estate.linked(from, link) === of.arn) back.push({ rel: link.rel, from });
    }
  }
  if (onward.length + back.length === 0) return null;
  return (
    <>
      <h3>Links</h3>
      <ul class="links">
        {onward.map(({ rel, type, id, arn, to }) => (
          <li key={`${rel} ${type} ${id ?? arn}`}>
            <span class="muted">
              {rel} {shortType(type)}
            </span>{" "}
            {to === undefined ? (
              <span class="break">{id ?? arn}</span>
            ) : (
              <Walk store={store} to={estate.resources.get(to) as Resource} />
            )}
          </li>
        ))}
        {back.map(({ rel, from }) => (
          <li key={`${from.arn} ${rel}`}>
            <Walk store={store} to={from} />{" "}
            <span class="muted">
              ({shortType(from.type)}) {rel} this
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function* others(store: Store, of: Resource): Generator<Resource> {
  for (const other of store.estate.resources.values()) {
    if (other.links.length > 0 && other.arn !== of.arn) yield other;
  }
}

function Walk({ store, to }: { store: Store; to: Resource }) {
  return (
    <button class="plain" onClick={() => store.select(to.arn)}>
      {label(to)}
    </button>
  );
}

function shown(value: Property): string {
  return Array.isArray(value) ? value.map(shown).join(", ") : String(value);
}

const CONSOLES: Record<string, string> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

/** Where AWS shows it: its console has one address for every ARN. */
function consoleOf(resource: Resource): string | undefined {
  const host = CONSOLES[resource.arn.split(":")[1] ?? ""];
  return host && `https://${host}/go/view?arn=${encodeURIComponent(resource.arn)}`;
}
