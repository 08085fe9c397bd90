/** What to see: targets, regions and types, of those that one may see. */

import { useSignal } from "@preact/signals";
import type { Store } from "../store";
import type { Query, Target } from "../wire";
import { OpenBlueprint } from "./Files";

/** More accounts than this are looked through by typing. */
const MANY = 8;

export function Picker({ store }: { store: Store }) {
  const all = store.targets.value;
  const chosen = useSignal(new Set(all.length === 1 ? all.map((target) => target.name) : []));
  const find = useSignal("");
  const regions = useSignal("");
  const types = useSignal("");
  const live = useSignal(true);
  const full = useSignal(true);
  const toggle = (name: string): void => {
    const next = new Set(chosen.value);
    if (!next.delete(name)) next.add(name);
    chosen.value = next;
  };
  const sought = find.value.toLowerCase();
  const shown = all.filter((target) =>
    `${target.name} ${target.account}`.toLowerCase().includes(sought),
  );
  const choose = (wanted: boolean): void => {
    const next = new Set(chosen.value);
    for (const { name } of shown) wanted ? next.add(name) : next.delete(name);
    chosen.value = next;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    store.watch({
      target: all.map((target) => target.name).filter((name) => chosen.value.has(name)),
      mode: live.value ? "watch" : "snapshot",
      detail: full.value ? "full" : "list",
      ...listed("region", regions.value),
      ...listed("type", types.value),
    });
  };
  return (
    <main class="card wide">
      <h1>proxyd</h1>
      <p class="muted">
        Logged in as {store.session.value?.principal}.{" "}
        <button type="button" class="plain" onClick={() => void store.logOut()}>
          Log out
        </button>
      </p>
      <form onSubmit={submit}>
        <fieldset>
          <legend>Accounts</legend>
          {all.length === 0 && <p>There is no account that you may see: ask who runs proxyd.</p>}
          {all.length > MANY && (
            <p class="find">
              <label for="find">Find</label>
              <input
                id="find"
                type="search"
                autocomplete="off"
                placeholder="part of a name or number"
                value={find.value}
                onInput={(event) => (find.value = event.currentTarget.value)}
                onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
              />
              <button type="button" onClick={() => choose(true)}>
                Choose {sought === "" ? "all" : "these"} {shown.length}
              </button>
              <button type="button" onClick={() => choose(false)}>
                None of {sought === "" ? "them" : "these"}
              </button>
            </p>
          )}
          {shown.map((target) => (
            <Choice
              key={target.name}
              target={target}
              chosen={chosen.value.has(target.name)}
              toggle={() => toggle(target.name)}
            />
          ))}
        </fieldset>
        <Globs
          id="regions"
          label="Regions"
          value={regions}
          hint="all that you may see; or such as eu-west-1 eu-central-* global"
          options={[...new Set(all.flatMap((target) => target.regions))]}
        />
        <Globs
          id="types"
          label="Types"
          value={types}
          hint="all that you may see; or such as AWS::EC2::* AWS::S3::Bucket"
          options={[...new Set(all.flatMap((target) => target.types))]}
        />
        <p>
          <label>
            <input
              type="checkbox"
              checked={live.value}
              onChange={(event) => (live.value = event.currentTarget.checked)}
            />{" "}
            Stay live
          </label>{" "}
          <label>
            <input
              type="checkbox"
              checked={full.value}
              onChange={(event) => (full.value = event.currentTarget.checked)}
            />{" "}
            With details that cost a call for each resource
          </label>
        </p>
        <button type="submit" class="primary" disabled={chosen.value.size === 0}>
          {chosen.value.size === 0 && "Choose an account"}
          {chosen.value.size === 1 && "Show this account"}
          {chosen.value.size > 1 && `Show these ${chosen.value.size} accounts`}
        </button>
      </form>
      <OpenBlueprint store={store} />
      {store.problem.value !== "" && <p role="alert">{store.problem.value}</p>}
    </main>
  );
}

function Choice(props: { target: Target; chosen: boolean; toggle: () => void }) {
  const { target, chosen, toggle } = props;
  return (
    <label class="choice">
      <input type="checkbox" checked={chosen} onChange={toggle} />
      <span>
        <strong>{target.name}</strong> {target.account}
        {target.partition !== "aws" && ` (${target.partition})`}
      </span>
      <span class="muted">
        {counted(target.types.length, "type")} in {counted(target.regions.length, "region")}
      </span>
    </label>
  );
}

function Globs(props: {
  id: string;
  label: string;
  value: { value: string };
  hint: string;
  options: string[];
}) {
  return (
    <p>
      <label for={props.id}>{props.label}</label>
      <input
        id={props.id}
        list={`${props.id}-known`}
        spellcheck={false}
        autocomplete="off"
        placeholder={props.hint}
        value={props.value.value}
        onInput={(event) => (props.value.value = event.currentTarget.value)}
      />
      <datalist id={`${props.id}-known`}>
        {props.options.map((option) => (
          <option key={option} value={option} />
        ))}
      </datalist>
    </p>
  );
}

function listed(name: "region" | "type", text: string): Partial<Query> {
  const words = text.split(/[\s,]+/u).filter((word) => word !== "");
  return words.length === 0 ? {} : { [name]: words };
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
