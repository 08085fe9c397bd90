/** Draws a scene on a canvas, as much of it as can be seen at the size that it has. */

import type { Rectangle } from "./layout";
import { HEADERS } from "./layout";
import type { Scene, SceneBox, SceneLink, SceneTile } from "./scene";
import { shortType } from "./placing";

export interface Viewport {
  /** What of the scene is at the left and at the top of the canvas. */
  x: number;
  y: number;
  /** Pixels of the canvas for one of the scene. */
  zoom: number;
  /** Nobody has moved it: it shows all that there is. */
  fitted?: boolean;
}

export interface Marks {
  selected: string | undefined;
  hovered: string | undefined;
  links: readonly SceneLink[];
  /** Links that stand out. */
  focus: readonly SceneLink[];
  /** Draw only what is meant, instead of dimming the rest. */
  isolate: boolean;
}

/** Bring a zoom into what there is. */
export function clamped(zoom: number): number {
  return Math.min(4, Math.max(0.01, zoom));
}

const ICON = 40;
/** From this zoom on labels are drawn. */
export const LEGIBLE = 0.45;
const RECOGNISABLE = 0.18;
const NEWS = { new: "--new", changed: "--changed", gone: "--gone" } as const;
const NAMES = [
  ...["--canvas", "--text", "--muted", "--line", "--accent", "--tile", "--link"],
  ...["--account", "--region", "--vpc", "--subnet", "--type", ...Object.values(NEWS)],
] as const;

/** The colours of the page's theme; read once for each painting of many. */
export function colours(element: Element): Map<string, string> {
  const style = getComputedStyle(element);
  return new Map(NAMES.map((name) => [name, style.getPropertyValue(name).trim()]));
}

export class Painter {
  private readonly images = new Map<string, HTMLImageElement>();
  private readonly texts = new Map<string, string>();
  private palette = new Map<string, string>();
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly again: () => void;
  private readonly ratio: number | undefined;

  /** `again` is called when an icon has come; `ratio` is that of the screen unless it is given. */
  constructor(canvas: HTMLCanvasElement, again: () => void, ratio?: number) {
    this.ratio = ratio;
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("this browser has no canvas");
    this.canvas = canvas;
    this.context = context;
    this.again = again;
  }

  /** The theme has changed. */
  recolour(): void {
    this.palette = colours(this.canvas);
  }

  /** Wait for icons. */
  async load(urls: Iterable<string>): Promise<void> {
    for (const url of new Set(urls)) {
      this.image(url);
      await this.images.get(url)?.decode().catch(() => undefined);
    }
  }

  paint(scene: Scene, viewport: Viewport, marks: Marks): void {
    if (this.palette.size === 0) this.recolour();
    const { context, canvas } = this;
    const ratio = this.ratio ?? (window.devicePixelRatio || 1);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.colour("--canvas");
    context.fillRect(0, 0, canvas.width, canvas.height);
    const scale = viewport.zoom * ratio;
    context.setTransform(scale, 0, 0, scale, -viewport.x * scale, -viewport.y * scale);
    const seen: Rectangle = {
      x: viewport.x,
      y: viewport.y,
      width: canvas.width / scale,
      height: canvas.height / scale,
    };
    for (const box of scene.boxes) if (meet(box.area, seen)) this.box(box, viewport.zoom);
    this.links(scene, marks.links, viewport.zoom, marks.links.length > 300 ? 0.16 : 0.35);
    this.links(scene, marks.focus, viewport.zoom, 1);
    for (const tile of scene.tiles) {
      if (meet(tile.area, seen) && !(marks.isolate && tile.dim)) this.tile(tile, viewport.zoom);
    }
    this.mark(scene, marks.hovered, 1.5, viewport.zoom);
    this.mark(scene, marks.selected, 3, viewport.zoom);
  }

  private box(box: SceneBox, zoom: number): void {
    const { context } = this;
    const { x, y, width, height } = box.area;
    context.globalAlpha = 1;
    context.fillStyle = this.colour(`--${box.kind}`);
    context.fillRect(x, y, width, height);
    context.strokeStyle = this.colour("--line");
    context.lineWidth = 1 / zoom;
    context.strokeRect(x, y, width, height);
    const header = HEADERS[box.kind];
    const size = header * 0.52;
    if (size * zoom < 6) return;
    context.fillStyle = this.colour("--text");
    context.font = `600 ${size}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText(this.fitted(box.label, width - 16, size), x + 10, y + header / 2);
  }

  private tile(tile: SceneTile, zoom: number): void {
    const { context } = this;
    const { x, y, width, height } = tile.area;
    context.globalAlpha = tile.dim ? 0.18 : 1;
    const left = x + (width - ICON) / 2;
    if (tile.news !== undefined) {
      context.fillStyle = this.colour(NEWS[tile.news]);
      context.fillRect(x + 4, y + 2, width - 8, height - 4);
    }
    const image = zoom >= RECOGNISABLE ? this.image(tile.icon) : undefined;
    if (image !== undefined) context.drawImage(image, left, y + 8, ICON, ICON);
    else {
      context.fillStyle = hue(tile.type);
      context.fillRect(left, y + 8, ICON, ICON);
    }
    if (tile.count > 1) this.pile(left, y, zoom);
    if (zoom < LEGIBLE) return;
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillStyle = this.colour("--text");
    context.font = "11px system-ui, sans-serif";
    context.fillText(this.fitted(tile.label, width - 8, 11), x + width / 2, y + ICON + 12);
    context.fillStyle = this.colour("--muted");
    context.font = "9px system-ui, sans-serif";
    const kind = shortType(tile.type);
    context.fillText(this.fitted(kind, width - 8, 9), x + width / 2, y + ICON + 26);
  }

  /** Two sheets behind, for what stands for many. */
  private pile(left: number, y: number, zoom: number): void {
    const { context } = this;
    context.strokeStyle = this.colour("--accent");
    context.lineWidth = 1.5 / Math.min(1, zoom * 2);
    context.strokeRect(left + 4, y + 4, ICON, ICON);
    context.strokeRect(left - 2, y + 6, ICON + 4, ICON + 4);
  }

  private links(scene: Scene, links: readonly SceneLink[], zoom: number, alpha: number): void {
    const { context } = this;
    context.globalAlpha = alpha;
    context.strokeStyle = this.colour("--link");
    context.lineWidth = (alpha === 1 ? 1.6 : 1) / zoom;
    context.beginPath();
    for (const link of links) {
      const from = scene.places.get(link.from);
      const to = scene.places.get(link.to);
      if (from === undefined || to === undefined) continue;
      const [x1, y1] = middle(from);
      const [x2, y2] = middle(to);
      context.moveTo(x1, y1);
      context.bezierCurveTo(x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, x2, y2);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  private mark(scene: Scene, id: string | undefined, width: number, zoom: number): void {
    const area = id === undefined ? undefined : scene.places.get(id);
    if (area === undefined) return;
    const { context } = this;
    context.strokeStyle = this.colour("--accent");
    context.lineWidth = width / zoom;
    context.strokeRect(area.x, area.y, area.width, area.height);
  }

  private image(url: string): HTMLImageElement | undefined {
    if (url === "") return undefined;
    let image = this.images.get(url);
    if (image === undefined) {
      image = new Image();
      image.onload = this.again;
      image.src = url;
      this.images.set(url, image);
    }
    return image.complete && image.naturalWidth > 0 ? image : undefined;
  }

  /** As much of a text as there is room for. */
  private fitted(text: string, width: number, size: number): string {
    // Measured at the width of an average letter: close enough, and no canvas call for each.
    const room = Math.max(1, Math.floor(width / (size * 0.56)));
    if (text.length <= room) return text;
    const key = `${room}\n${text}`;
    let short = this.texts.get(key);
    if (short === undefined) {
      const half = Math.max(1, Math.floor((room - 1) / 2));
      short = `${text.slice(0, room - half - 1)}…${text.slice(text.length - half)}`;
      if (this.texts.size > 50_000) this.texts.clear();
      this.texts.set(key, short);
    }
    return short;
  }

  private colour(name: string): string {
    return this.palette.get(name) ?? "#888";
  }
}

export function meet(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function middle(area: Rectangle): [number, number] {
  return [area.x + area.width / 2, area.y + Math.min(area.height / 2, 28)];
}

const hues = new Map<string, string>();

/** A colour for each service, where an icon would be too small or is not there. */
export function hue(type: string): string {
  const service = type.split("::")[1] ?? "";
  let colour = hues.get(service);
  if (colour === undefined) {
    let sum = 0;
    for (const letter of service) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
    hues.set(service, (colour = `hsl(${sum} 55% 48%)`));
  }
  return colour;
}
