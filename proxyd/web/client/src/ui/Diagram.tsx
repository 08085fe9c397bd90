/** The picture: a canvas that one can move about in, and what is heard of it. */

import { useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { spoken } from "../scene";
import { Stage } from "../stage";
import type { Store } from "../store";

/** Pixels for one press of an arrow key. */
const STEP = 80;

export function Diagram({ store }: { store: Store }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | undefined>(undefined);
  useEffect(() => {
    const made = new Stage(canvas.current as HTMLCanvasElement, store);
    stage.current = made;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const recolour = (): void => made.recolour();
    dark.addEventListener("change", recolour);
    return () => {
      down.clear();
      dark.removeEventListener("change", recolour);
      made.close();
    };
  }, [store]);
  useSignalEffect(() => {
    store.version.value;
    store.meant.value;
    store.isolate.value;
    stage.current?.change();
  });
  useSignalEffect(() => {
    const selected = store.selected.value;
    if (selected !== undefined && stage.current && !stage.current.shows(selected)) {
      stage.current.show(selected);
    }
    stage.current?.redraw();
  });
  const heard = useComputed(() => describe(store));
  return (
    <div class="diagram">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Diagram of the estate. Arrow keys move it, plus and minus zoom, N and P go from thing to thing, 0 shows all. The table has the same things as text."
        onPointerDown={(event) => drag(event, stage.current)}
        onPointerMove={(event) => hover(event, stage.current)}
        onWheel={(event) => wheel(event, stage.current)}
        onKeyDown={(event) => key(event, stage.current, store)}
      />
      <div class="sr-only" aria-live="polite">
        {heard}
      </div>
      <div class="tools">
        <button title="Closer (+)" aria-label="Closer" onClick={() => middle(stage.current, 1.4)}>
          +
        </button>
        <button title="Farther (-)" aria-label="Farther" onClick={() => middle(stage.current, 0.7)}>
          −
        </button>
        <button title="All of it (0)" aria-label="All of it" onClick={() => stage.current?.fit()}>
          ⤢
        </button>
      </div>
    </div>
  );
}

function describe(store: Store): string {
  const selected = store.selected.value;
  const resource = selected === undefined ? undefined : store.estate.resources.get(selected);
  if (resource === undefined) return "";
  return `${spoken({ type: resource.type, label: resource.name } as never)}, ${resource.region}`;
}

function middle(stage: Stage | undefined, factor: number): void {
  const canvas = document.querySelector(".diagram canvas");
  if (canvas) stage?.zoom(factor, canvas.clientWidth / 2, canvas.clientHeight / 2);
}

/** Fingers and buttons that are down, by pointer: two of them zoom. */
const down = new Map<number, PointerEvent>();

function drag(event: PointerEvent, stage: Stage | undefined): void {
  if (event.button !== 0) return;
  const canvas = event.currentTarget as HTMLCanvasElement;
  canvas.setPointerCapture(event.pointerId);
  down.set(event.pointerId, event);
  let last = event;
  let travelled = 0;
  const move = (now: PointerEvent): void => {
    if (now.pointerId !== event.pointerId) return;
    const others = [...down.values()].filter((other) => other.pointerId !== now.pointerId);
    const [other] = others;
    if (other !== undefined) {
      const before = distance(last, other);
      if (before > 0) stage?.zoom(distance(now, other) / before, other.offsetX, other.offsetY);
    } else stage?.pan(now.offsetX - last.offsetX, now.offsetY - last.offsetY);
    travelled += distance(now, last);
    last = now;
    down.set(now.pointerId, now);
  };
  const up = (now: PointerEvent): void => {
    if (now.pointerId !== event.pointerId) return;
    down.delete(now.pointerId);
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointerup", up);
    canvas.removeEventListener("pointercancel", up);
    canvas.removeEventListener("lostpointercapture", up);
    if (travelled < 5 && now.type === "pointerup") stage?.click(now.offsetX, now.offsetY);
  };
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("lostpointercapture", up);
}

function distance(a: PointerEvent, b: PointerEvent): number {
  return Math.hypot(a.offsetX - b.offsetX, a.offsetY - b.offsetY);
}

function hover(event: PointerEvent, stage: Stage | undefined): void {
  if (stage === undefined || down.size > 0) return;
  const { tile } = stage.at(event.offsetX, event.offsetY);
  if (tile === stage.hovered) return;
  stage.hovered = tile;
  (event.currentTarget as HTMLElement).style.setProperty("cursor", tile ? "pointer" : "grab");
  stage.redraw();
}

function wheel(event: WheelEvent, stage: Stage | undefined): void {
  event.preventDefault();
  stage?.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
}

function key(event: KeyboardEvent, stage: Stage | undefined, store: Store): void {
  const moves: Record<string, () => void> = {
    ArrowLeft: () => stage?.pan(STEP, 0),
    ArrowRight: () => stage?.pan(-STEP, 0),
    ArrowUp: () => stage?.pan(0, STEP),
    ArrowDown: () => stage?.pan(0, -STEP),
    "+": () => middle(stage, 1.25),
    "=": () => middle(stage, 1.25),
    "-": () => middle(stage, 0.8),
    "0": () => stage?.fit(),
    n: () => next(stage, store, 1),
    p: () => next(stage, store, -1),
    Escape: () => store.select(undefined),
  };
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  move();
}

function next(stage: Stage | undefined, store: Store, step: number): void {
  const arns = (stage?.composed().tiles ?? [])
    .filter((tile) => tile.arn !== undefined && !tile.dim)
    .map((tile) => tile.id);
  const at = arns.indexOf(store.selected.value ?? "");
  const index = at < 0 ? (step > 0 ? 0 : arns.length - 1) : at + step;
  store.select(arns[(index + arns.length) % arns.length]);
}
