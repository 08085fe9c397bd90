/** The picture: a canvas that one can move about in, and what is heard of it. */

import { useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LEGIBLE, Painter, type Viewport } from "../paint";
import { type Scene, compose, linksOf, spoken } from "../scene";
import type { Store } from "../store";

/** More links than these are drawn for what is selected or pointed at only. */
const MANY_LINKS = 1_500;
const STEP = 80;

export class Stage {
  viewport: Viewport = { x: 0, y: 0, zoom: 1 };
  scene: Scene | undefined;
  hovered: string | undefined;
  private moved = false;
  private dirty = false;
  private shown = false;
  /** Nothing has been laid out yet: what is selected in another view is looked for first. */
  private fresh = true;
  private stale = true;
  private links: Scene["links"] = [];
  private readonly painter: Painter;
  private readonly observer: ResizeObserver;
  private readonly canvas: HTMLCanvasElement;
  private readonly store: Store;

  constructor(canvas: HTMLCanvasElement, store: Store) {
    this.canvas = canvas;
    this.store = store;
    this.painter = new Painter(canvas, () => this.redraw());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(canvas);
    if (store.viewport !== undefined) {
      this.viewport = { ...store.viewport };
      this.moved = true;
    }
  }

  close(): void {
    this.observer.disconnect();
  }

  /** What there is to draw has changed. */
  change(): void {
    this.stale = true;
    this.redraw();
  }

  recolour(): void {
    this.painter.recolour();
    this.redraw();
  }

  redraw(): void {
    if (this.dirty) return;
    this.dirty = true;
    requestAnimationFrame(() => {
      this.dirty = false;
      if (this.canvas.isConnected) this.draw();
    });
  }

  pan(dx: number, dy: number): void {
    this.moved = true;
    this.viewport.x -= dx / this.viewport.zoom;
    this.viewport.y -= dy / this.viewport.zoom;
    this.redraw();
  }

  /** Zoom, and leave what is under a point where it is. */
  zoom(factor: number, x: number, y: number): void {
    this.moved = true;
    const { viewport } = this;
    const zoom = Math.min(4, Math.max(0.01, viewport.zoom * factor));
    viewport.x += x / viewport.zoom - x / zoom;
    viewport.y += y / viewport.zoom - y / zoom;
    viewport.zoom = zoom;
    this.redraw();
  }

  /** Show all of it. */
  fit(): void {
    this.moved = false;
    this.change();
  }

  /** Bring something into the middle. */
  show(id: string): void {
    const area = this.scene?.places.get(this.store.placing.tileOf(id) ?? id);
    if (area === undefined) return;
    this.moved = true;
    const { viewport, canvas } = this;
    viewport.zoom = Math.max(viewport.zoom, 0.7);
    viewport.x = area.x + area.width / 2 - canvas.clientWidth / viewport.zoom / 2;
    viewport.y = area.y + area.height / 2 - canvas.clientHeight / viewport.zoom / 2;
    this.redraw();
  }

  /** What lies at a point of the canvas: a tile before the box that it is in. */
  at(x: number, y: number): { tile?: string; box?: string } {
    const { viewport, scene } = this;
    const [sx, sy] = [viewport.x + x / viewport.zoom, viewport.y + y / viewport.zoom];
    const inside = ({ area }: { area: { x: number; y: number; width: number; height: number } }) =>
      sx >= area.x && sx < area.x + area.width && sy >= area.y && sy < area.y + area.height;
    const tile = scene?.tiles.find(inside);
    if (tile !== undefined) return { tile: tile.id };
    const box = scene?.boxes.findLast(inside);
    return box === undefined ? {} : { box: box.id };
  }

  click(x: number, y: number): void {
    const { tile, box } = this.at(x, y);
    const { placing, estate } = this.store;
    const pile = tile === undefined ? undefined : placing.piles.get(tile);
    if (pile !== undefined) {
      placing.open(pile);
      this.store.touch();
      return;
    }
    const id = tile ?? box;
    this.store.select(id !== undefined && estate.resources.has(id) ? id : undefined);
  }

  private resized(): void {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.change();
  }

  private draw(): void {
    const { store } = this;
    store.viewport = this.moved ? this.viewport : undefined;
    if (this.stale || this.scene === undefined) this.compose();
    const scene = this.scene as Scene;
    if (!this.shown && scene.tiles.length > 0) performance.mark("first shape");
    this.shown = scene.tiles.length > 0;
    const selected = store.selected.peek();
    const tile = selected === undefined ? undefined : (store.placing.tileOf(selected) ?? selected);
    this.painter.paint(scene, this.viewport, {
      selected: tile,
      hovered: this.hovered,
      links: this.links.length > MANY_LINKS ? [] : this.links,
      focus: this.linksOf(tile, this.hovered),
      isolate: store.isolate.peek(),
    });
  }

  private compose(): void {
    const { store } = this;
    const meant = store.meant.peek();
    this.scene = compose(store.estate, store.placing, {
      meant: meant === undefined ? undefined : (arn) => meant.has(arn),
      news: store.news,
    });
    this.stale = false;
    this.links = linksOf(store.estate, store.placing, store.estate.resources.keys());
    if (!this.moved) this.frame(this.scene);
    const selected = store.selected.peek();
    if (this.fresh && selected !== undefined) this.show(selected);
    this.fresh = false;
  }

  private linksOf(...ids: (string | undefined)[]): Scene["links"] {
    return this.links.filter(({ from, to }) => ids.includes(from) || ids.includes(to));
  }

  private frame({ area }: Scene): void {
    const { canvas, viewport } = this;
    const width = Math.max(area.width, 400);
    const height = Math.max(area.height, 300);
    viewport.zoom = Math.min(1.2, canvas.clientWidth / width, canvas.clientHeight / height) || 1;
    viewport.x = (area.width - canvas.clientWidth / viewport.zoom) / 2;
    viewport.y = (area.height - canvas.clientHeight / viewport.zoom) / 2;
  }
}

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
    if (selected !== undefined && stage.current && !isSeen(stage.current, selected, store)) {
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

function isSeen(stage: Stage, arn: string, store: Store): boolean {
  const area = stage.scene?.places.get(store.placing.tileOf(arn) ?? arn);
  if (area === undefined) return true;
  const { x, y, zoom } = stage.viewport;
  if (zoom < LEGIBLE) return false;
  const [left, top] = [(area.x - x) * zoom, (area.y - y) * zoom];
  return left >= 0 && top >= 0 && left < innerWidth - 400 && top < innerHeight - 100;
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
    if (travelled < 5 && now.type === "pointerup") stage?.click(now.offsetX, now.offsetY);
  };
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
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
  const arns = (stage?.scene?.tiles ?? [])
    .filter((tile) => tile.arn !== undefined && !tile.dim)
    .map((tile) => tile.id);
  const at = arns.indexOf(store.selected.value ?? "");
  const index = at < 0 ? (step > 0 ? 0 : arns.length - 1) : at + step;
  store.select(arns[(index + arns.length) % arns.length]);
}
