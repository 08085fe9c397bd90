/** How many of what, and where. */

import { useComputed } from "@preact/signals";
import { shortType } from "../placing";
import type { Store } from "../store";
import { Head, byRegion } from "./regions";

export function Counts({ store }: { store: Store }) {
  const counted = useComputed(() => {
    store.version.value;
    const meant = store.meant.value;
    const counts = new Map<string, Map<string, number>>();
    const regions = new Set<string>();
    for (const { arn, type, region } of store.estate.resources.values()) {
      if (meant !== undefined && !meant.has(arn)) continue;
      regions.add(region);
      const row = counts.get(type) ?? new Map<string, number>();
      counts.set(type, row.set(region, (row.get(region) ?? 0) + 1));
    }
    return { counts, regions: [...regions].sort(byRegion) };
  });
  const { counts, regions } = counted.value;
  const sum = (row: Map<string, number>): number => [...row.values()].reduce((a, n) => a + n, 0);
  const rows = [...counts].sort(([, a], [, b]) => sum(b) - sum(a));
  const show = (where: string): void => {
    const counted = store.filter.value.filter !== undefined;
    store.where.value = counted ? `(${store.where.value}) and ${where}` : where;
    store.view.value = "table";
  };
  return (
    <div class="matrix" tabIndex={0}>
      <table>
        <Head first={["Type", "All"]} regions={regions} />
        <tbody>
          {rows.map(([type, row]) => (
            <tr key={type}>
              <th scope="row" title={type}>
                {shortType(type)}
              </th>
              <td>
                <button class="plain" onClick={() => show(`type=${type}`)}>
                  {sum(row).toLocaleString("en")}
                </button>
              </td>
              {regions.map((region) => (
                <td key={region}>
                  {row.has(region) && (
                    <button
                      class="plain"
                      onClick={() => show(`type=${type} and region=${region}`)}
                    >
                      {row.get(region)?.toLocaleString("en")}
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
