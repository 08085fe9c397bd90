/** What was seen and what was not, and why; and the permissions that would mend it. */

import { useComputed, useSignal } from "@preact/signals";
import { shortType } from "../placing";
import type { Store } from "../store";
import type { Cause, Remedy, Shard, Status } from "../wire";
import { Head, byRegion } from "./regions";

/** What a status means to a person, from best to worst. */
const WORDS: Record<Status, string> = {
  ok: "ok",
  unsupported: "not there",
  region_disabled: "off",
  cancelled: "stopped",
  throttled: "throttled",
  timeout: "too slow",
  expired: "expired",
  failed: "failed",
  denied: "denied",
  scp_denied: "denied by the organization",
};

/** One type in one account, by region. */
interface Row {
  type: string;
  account: string;
  shards: Map<string, Shard>;
}

export function Coverage({ store }: { store: Store }) {
  const all = useSignal(false);
  const seen = useComputed(() => {
    store.version.value;
    const rows = new Map<string, Row>();
    const regions = new Set<string>();
    for (const shard of store.estate.shards.values()) {
      regions.add(shard.region);
      const key = `${shard.type}\n${shard.account}`;
      const row = rows.get(key) ?? { type: shard.type, account: shard.account, shards: new Map() };
      row.shards.set(shard.region, shard);
      rows.set(key, row);
    }
    const order = ([a]: [string, Row], [b]: [string, Row]): number => (a < b ? -1 : 1);
    return {
      rows: [...rows].sort(order).map(([, row]) => row),
      regions: [...regions].sort(byRegion),
      several: store.estate.scans.size > 1,
    };
  });
  const { rows, regions, several } = seen.value;
  const gap = (row: Row): boolean => [...row.shards.values()].some((s) => s.status !== "ok");
  const gaps = rows.filter(gap);
  const shown = all.value || gaps.length === 0 ? rows : gaps;
  return (
    <div class="matrix" tabIndex={0}>
      <Missing store={store} />
      {gaps.length === 0 ? (
        <p>{store.estate.whole ? "Every type was seen in every region." : "Not all is scanned yet."}</p>
      ) : (
        <p>
          <label>
            <input
              type="checkbox"
              checked={all.value}
              onChange={(event) => (all.value = event.currentTarget.checked)}
            />{" "}
            also the {rows.length - gaps.length} types that were seen everywhere
          </label>
        </p>
      )}
      {shown.length > 0 && (
        <table>
          <Head first={["Type"]} regions={regions} />
          <tbody>
            {shown.map(({ type, account, shards }) => (
              <tr key={`${type} ${account}`}>
                <th scope="row" title={type}>
                  {shortType(type)}
                  {several && <span class="muted"> {account}</span>}
                </th>
                {regions.map((region) => (
                  <Cell key={region} shard={shards.get(region)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Cell({ shard }: { shard: Shard | undefined }) {
  if (shard === undefined) return <td />;
  const why = [shard.code, ...(shard.actions ?? [shard.action])].filter((part) => part).join(" · ");
  const { status, resources } = shard;
  const text = status === "ok" ? `ok ${resources.toLocaleString("en")}` : WORDS[status];
  return (
    <td class={shard.status === "ok" ? "ok" : "gap"} title={`${shard.account} ${why}`}>
      {text}
      {why !== "" && <span class="sr-only"> {why}</span>}
    </td>
  );
}

/** Where a person has to go; {role} is the role and its account. */
const PLACES: Record<Cause | "unknown", string> = {
  policy: "Add to a policy of the role {role}:",
  unknown:
    "AWS does not say why it refuses these. Where it is not allowed yet, add to a policy of " +
    "the role {role}:",
  boundary: "Add to the permissions boundary of the role {role}:",
  explicit_deny: "An explicit deny in a policy of the role {role} refuses:",
  session_policy: "proxyd's own session policy refuses, which is a fault of proxyd:",
  resource_policy: "The policy of the resource itself has to let in the role {role} for:",
  endpoint_policy: "The policy of the VPC endpoint that proxyd goes through refuses:",
  organization: "A policy of the organization forbids these, which no policy of the role mends:",
  undeclared: "AWS asks for these besides what the scanner declares, and proxyd asks for no more:",
  elsewhere: "The role's policies allow these; something else refuses them:",
};

/** What would let everything be seen, by target. */
function Missing({ store }: { store: Store }) {
  store.version.value;
  const lacking = store.estate.remedies;
  if (lacking.length === 0) return null;
  const actions = new Set(lacking.flatMap(({ remedies }) => remedies.flatMap((r) => r.actions)));
  return (
    <div class="missing">
      <h2>{actions.size === 1 ? "One permission is" : `${actions.size} permissions are`} missing</h2>
      {lacking.map(({ target, remedies }) => (
        <section key={target}>
          {store.estate.scans.size > 1 && <h3>{target}</h3>}
          {remedies.map((remedy) => (
            <Mending key={remedy.cause ?? "unknown"} remedy={remedy} />
          ))}
        </section>
      ))}
    </div>
  );
}

/** One thing to change, to be copied where it is a statement. */
function Mending({ remedy }: { remedy: Remedy }) {
  const { cause, actions, statements, role, account } = remedy;
  const copied = useSignal(false);
  const where = PLACES[cause ?? "unknown"].replace("{role}", `${role} in account ${account}`);
  if (statements === undefined) {
    return (
      <p>
        {where} {actions.join(", ")}
      </p>
    );
  }
  const text = JSON.stringify(statements.length === 1 ? statements[0] : statements, null, 2);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    copied.value = true;
  };
  return (
    <>
      <p>{where}</p>
      <pre>{text}</pre>
      <button onClick={() => void copy()}>{copied.value ? "Copied" : "Copy"}</button>
    </>
  );
}
