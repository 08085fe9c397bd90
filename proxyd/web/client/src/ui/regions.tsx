/** Tables with a column for each region. */

/** `global` first, then by name. */
export function byRegion(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "global") return -1;
  return b === "global" || a > b ? 1 : -1;
}

/** The head of such a table. */
export function Head({ first, regions }: { first: string[]; regions: string[] }) {
  return (
    <thead>
      <tr>
        {[...first, ...regions].map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
