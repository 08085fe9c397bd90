/** Files: the blueprint, which holds no data, and exports, which do and say so. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as blueprints from "../blueprint";
import * as files from "../exports";
import { compose, linksOf } from "../scene";
import type { Store } from "../store";

type Export = "svg" | "png" | "drawio" | "ndjson" | "csv";

const EXPORTS: Record<Export, string> = {
  svg: "the picture as SVG",
  png: "the picture as PNG",
  drawio: "the picture for draw.io",
  ndjson: "the rows of the table as NDJSON",
  csv: "the rows of the table as CSV",
};

export function Files({ store }: { store: Store }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const saveBlueprint = (): void => {
    const query = store.query.value;
    if (query === undefined) return;
    const viewport = store.viewport ?? { x: 0, y: 0, zoom: 1 };
    const made = blueprints.draw(store.estate, store.placing, query, viewport);
    files.save("proxyd-blueprint.json", JSON.stringify(made), "application/json");
    dialog.current?.close();
  };
  return (
    <>
      <button onClick={() => dialog.current?.showModal()}>Files</button>
      <dialog ref={dialog} aria-labelledby="files-title">
        <h2 id="files-title">Files</h2>
        <h3>Blueprint</h3>
        <p>ARNs and where they are, and nothing else: opened again, it shows the data of then.</p>
        <button onClick={saveBlueprint}>Save a blueprint</button>
        <OpenBlueprint store={store} done={() => dialog.current?.close()} />
        <h3>Export</h3>
        <p class="warning">
          A file that you export holds what you see. proxyd keeps nothing and can not take it back:
          where it goes from here, and who may read it there, is up to you.
        </p>
        <ul class="links">
          {(Object.keys(EXPORTS) as Export[]).map((kind) => (
            <li key={kind}>
              <button onClick={() => void exported(store, kind)}>Save {EXPORTS[kind]}</button>
            </li>
          ))}
        </ul>
        <form method="dialog">
          <button>Close</button>
        </form>
      </dialog>
    </>
  );
}

export function OpenBlueprint({ store, done }: { store: Store; done?: () => void }) {
  const error = useSignal("");
  const open = async (input: HTMLInputElement): Promise<void> => {
    const [file] = input.files ?? [];
    if (file === undefined) return;
    try {
      if (file.size > blueprints.LARGEST) {
        throw new blueprints.BlueprintError("It is too large for a blueprint.");
      }
      const read = blueprints.read(await file.text());
      error.value = "";
      done?.();
      store.openBlueprint(read);
    } catch (caught) {
      if (!(caught instanceof blueprints.BlueprintError)) throw caught;
      error.value = caught.message;
    }
    input.value = "";
  };
  return (
    <p>
      <label class="file">
        Open a blueprint{" "}
        <input
          type="file"
          accept=".json,application/json"
          onChange={(event) => void open(event.currentTarget)}
        />
      </label>
      {error.value !== "" && <span role="alert"> {error.value}</span>}
    </p>
  );
}

async function exported(store: Store, kind: Export): Promise<void> {
  const name = `proxyd.${kind}`;
  if (kind === "ndjson" || kind === "csv") {
    const meant = store.meant.value;
    const rows = [...store.estate.resources.values()].filter((r) => meant?.has(r.arn) ?? true);
    files.save(name, kind === "csv" ? files.csv(rows) : files.ndjson(rows));
    return;
  }
  const scene = compose(store.estate, store.placing, { meant: undefined, news: new Map() });
  const links = linksOf(store.estate, store.placing, store.estate.resources.keys());
  if (kind === "svg") files.save(name, files.svg(scene, links), "image/svg+xml");
  else if (kind === "drawio") files.save(name, files.drawio(scene, links), "application/xml");
  else files.save(name, await files.png(scene, links, document.body));
}
