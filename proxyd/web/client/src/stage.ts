/** What the canvas shows: the scene, from where it is looked at, and what lies at a point of it. */

import { LEGIBLE, Painter, type Viewport, clamped } from "./paint";
import { type Scene, compose, linksOf } from "./scene";
import type { Store } from "./store";

/** More links than these are drawn for what is selected or pointed at only. */
const MANY_LINKS = 1_500;

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
    if (store.viewport !== undefined && !store.viewport.fitted) {
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
    const zoom = clamped(viewport.zoom * factor);
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

  /** Whether something can be seen and read where it is. */
  shows(id: string): boolean {
    const area = this.scene?.places.get(this.store.placing.tileOf(id) ?? id);
    if (area === undefined) return true;
    const { x, y, zoom } = this.viewport;
    if (zoom < LEGIBLE) return false;
    const [left, top] = [(area.x - x) * zoom, (area.y - y) * zoom];
    const { clientWidth, clientHeight } = this.canvas;
    return left >= 0 && top >= 0 && left < clientWidth - 40 && top < clientHeight - 40;
  }

  /** What lies at a point of the canvas: a tile before the box that it is in. */
  at(x: number, y: number): { tile?: string; box?: string } {
    const { viewport, scene } = this;
    const [sx, sy] = [viewport.x + x / viewport.zoom, viewport.y + y / viewport.zoom];
    const inside = ({ area }: { area: { x: number; y: number; width: number; height: number } }) =>
      sx >= area.x && sx < area.x + area.width && sy >= area.y && sy < area.y + area.height;
    const hidden = this.store.isolate.peek();
    const tile = scene?.tiles.find((each) => inside(each) && !(hidden && each.dim));
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

  /** What is to be seen by now, whether it is drawn already or not. */
  composed(): Scene {
    if (this.stale || this.scene === undefined) this.compose();
    return this.scene as Scene;
  }

  private draw(): void {
    const { store } = this;
    const scene = this.composed();
    store.viewport = { ...this.viewport, fitted: !this.moved };
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
    const linked = linksOf(store.estate, store.placing, store.estate.resources.keys());
    const dim = new Set(this.scene.tiles.filter((tile) => tile.dim).map((tile) => tile.id));
    const isolate = store.isolate.peek();
    this.links = isolate ? linked.filter(({ from, to }) => !dim.has(from) && !dim.has(to)) : linked;
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
