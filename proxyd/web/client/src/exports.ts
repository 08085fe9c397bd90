/** Files that a person may save: pictures of the scene, and the rows of the table. */

import { HEADERS, type Rectangle } from "./layout";
import { Painter, hue } from "./paint";
import { label, shortType } from "./placing";
import type { Scene, SceneLink } from "./scene";
import type { Resource } from "./wire";

const LARGEST = 8192;
const MARGIN = 20;
const FILL = {
  ...{ account: "#ffffff", region: "#f2f6fa", vpc: "#e6f4eb" },
  ...{ subnet: "#f6fbf7", type: "#ffffff", estate: "none" },
} as const;

/** A picture of all of the scene. Icons are coloured squares: a file fetches nothing. */
export function svg(scene: Scene, links: readonly SceneLink[]): string {
  const { width, height } = scene.area;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ` +
      `${width + 2 * MARGIN} ${height + 2 * MARGIN}" font-family="sans-serif">`,
  ];
  for (const { area, kind, label: text } of scene.boxes) {
    out.push(`<rect ${at(area)} fill="${FILL[kind]}" stroke="#c3ccd5"/>`);
    const size = HEADERS[kind] * 0.52;
    out.push(
      `<text x="${area.x + 10}" y="${area.y + size * 1.3}" font-size="${size}" ` +
        `font-weight="600">${escaped(text)}</text>`,
    );
  }
  for (const link of links) {
    const [from, to] = [scene.places.get(link.from), scene.places.get(link.to)];
    if (from === undefined || to === undefined) continue;
    const [x1, y1, x2, y2] = [...middle(from), ...middle(to)];
    out.push(`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#6b7c8d"/>`);
  }
  for (const tile of scene.tiles) {
    const { x, y, width: wide } = tile.area;
    const center = x + wide / 2;
    out.push(
      `<g><title>${escaped(tile.arn ?? tile.label)}</title>` +
        `<rect x="${center - 20}" y="${y + 8}" width="40" height="40" rx="4" ` +
        `fill="${hue(tile.type)}"/>` +
        text(center, y + 61, 11, tile.label) +
        text(center, y + 74, 9, shortType(tile.type)) +
        "</g>",
    );
  }
  return `${out.join("\n")}\n</svg>\n`;
}

/** The same as the canvas shows it, as large as a browser can make it. */
export async function png(scene: Scene, links: readonly SceneLink[], root: Element): Promise<Blob> {
  const { width, height } = scene.area;
  const zoom = Math.min(2, LARGEST / (width + 2 * MARGIN), LARGEST / (height + 2 * MARGIN));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((width + 2 * MARGIN) * zoom);
  canvas.height = Math.ceil((height + 2 * MARGIN) * zoom);
  canvas.hidden = true;
  root.append(canvas);
  try {
    const painter = new Painter(canvas, () => undefined, 1);
    await painter.load(scene.tiles.map((tile) => tile.icon));
    const marks = { selected: undefined, hovered: undefined, links, focus: [], isolate: false };
    painter.paint(scene, { x: -MARGIN, y: -MARGIN, zoom }, marks);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture was made"))));
    });
  } finally {
    canvas.remove();
  }
}

/** A file for draw.io (mxGraph), in which everything can be moved. */
export function drawio(scene: Scene, links: readonly SceneLink[]): string {
  const numbers = new Map<string, number>();
  const id = (name: string): string => {
    if (!numbers.has(name)) numbers.set(name, numbers.size + 2);
    return `c${numbers.get(name)}`;
  };
  const cells = [`<mxCell id="0"/>`, `<mxCell id="1" parent="0"/>`];
  const vertex = (name: string, value: string, style: string, area: Rectangle): void => {
    const geometry = `<mxGeometry ${at(area)} as="geometry"/>`;
    cells.push(
      `<mxCell id="${id(name)}" value="${escaped(value)}" style="${style}" vertex="1" parent="1">` +
        `${geometry}</mxCell>`,
    );
  };
  for (const { id: name, kind, label: value, area } of scene.boxes) {
    const style = `rounded=0;fillColor=${FILL[kind]};strokeColor=#c3ccd5;verticalAlign=top;align=left;spacingLeft=8;`;
    vertex(name, value, style, area);
  }
  for (const tile of scene.tiles) {
    const { x, y, width } = tile.area;
    const square = { x: x + width / 2 - 20, y: y + 8, width: 40, height: 40 };
    const fill = `rounded=1;fillColor=${hex(tile.type)};strokeColor=none;`;
    vertex(tile.id, tile.label, `${fill}verticalLabelPosition=bottom;verticalAlign=top;`, square);
  }
  for (const [index, link] of links.entries()) {
    cells.push(
      `<mxCell id="e${index}" value="" style="strokeColor=#6b7c8d;" edge="1" parent="1" ` +
        `source="${id(link.from)}" target="${id(link.to)}">` +
        `<mxGeometry relative="1" as="geometry"/></mxCell>`,
    );
  }
  const graph = `<mxGraphModel><root>${cells.join("")}</root></mxGraphModel>`;
  return `<mxfile><diagram name="proxyd">${graph}</diagram></mxfile>\n`;
}

export function ndjson(resources: readonly Resource[]): string {
  return resources.map((resource) => `${JSON.stringify(resource)}\n`).join("");
}

/** Rows for a spreadsheet (RFC 4180). */
export function csv(resources: readonly Resource[]): string {
  const rows = [["name", "type", "account", "region", "id", "arn", "tags"]];
  for (const resource of resources) {
    const tags = Object.entries(resource.tags).map(([key, value]) => `${key}=${value}`);
    const { type, account, region, id, arn } = resource;
    rows.push([label(resource), type, account, region, id, arn, tags.join("; ")]);
  }
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** What a spreadsheet would take for a formula gets a quote before it (OWASP, CSV injection). */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/u.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** Have the browser save a file. */
export function save(name: string, content: Blob | string, kind = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type: kind }) : content;
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function text(x: number, y: number, size: number, value: string): string {
  const short = value.length > 16 ? `${value.slice(0, 15)}…` : value;
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="middle">${escaped(short)}</text>`;
}

function at({ x, y, width, height }: Rectangle): string {
  return `x="${x}" y="${y}" width="${width}" height="${height}"`;
}

function middle(area: Rectangle): [number, number] {
  return [area.x + area.width / 2, area.y + Math.min(28, area.height / 2)];
}

/** Text as XML 1.0 can hold it, and nothing in it as markup. */
export function escaped(value: string): string {
  // eslint-disable-next-line no-control-regex
  const allowed = value.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "�");
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return allowed.replace(/[&<>"]/gu, (character) => entities[character] as string);
}

/** The colour of a type as mxGraph writes colours. */
function hex(type: string): string {
  const [, h, s, l] = /hsl\((\d+) (\d+)% (\d+)%\)/u.exec(hue(type)) ?? ["", "0", "0", "50"];
  const light = Number(l) / 100;
  const spread = (Number(s) / 100) * Math.min(light, 1 - light);
  const part = (n: number): string => {
    const k = (n + Number(h) / 30) % 12;
    const value = light - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}
