/**
 * The filter of the API, for what is held here: the same grammar, errors and answers as
 * proxyd/where.py, which the tests hold it to.
 */

import type { Property, Resource } from "./wire";

export type Filter = (resource: Resource) => boolean;

const MAX_LENGTH = 4096;
const MAX_TERMS = 64;
const MAX_DEPTH = 16;
const FIELDS = ["type", "region", "account", "id", "name", "arn"] as const;
/** What Python takes for space, which is not what JavaScript does. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TEXT = '"(?:[^"\\\\]|\\\\[^\\n])*"';
const WORD = `(tag:${TEXT}|[^${SPACE}()=!~"]+)`;
const TOKEN = new RegExp(`[${SPACE}]*(?:([()])|(!=|=|~)|(${TEXT})|${WORD})`, "uy");
const LEADING = new RegExp(`^[${SPACE}]*`, "u");

/** The filter is not in the grammar; `column` counts characters from 1. */
export class WhereError extends Error {
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

interface Token {
  kind: "paren" | "op" | "quoted" | "word" | "end";
  text: string;
  column: number;
}

/** Compile a filter; throws a `WhereError` where it stops making sense. */
export function compile(text: string, properties: Iterable<string>): Filter {
  if ([...text].length > MAX_LENGTH) {
    throw new WhereError(`longer than ${MAX_LENGTH} characters`, MAX_LENGTH + 1);
  }
  return new Parser(text, properties).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  // Columns count characters, and not the halves of those outside the first plane.
  const column = (at: number): number => [...text.slice(0, at)].length + 1;
  let at = 0;
  for (;;) {
    const start = at + (LEADING.exec(text.slice(at))?.[0].length ?? 0);
    if (start === text.length) break;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
      throw new WhereError(`unexpected ${quoted(character)}`, column(start));
    }
    const [whole, paren, op, inQuotes, word] = match;
    const end = at + whole.length;
    if (paren !== undefined) found.push({ kind: "paren", text: paren, column: column(end - 1) });
    else if (op !== undefined) found.push({ kind: "op", text: op, column: column(end - op.length) });
    else if (inQuotes !== undefined) {
      const value = unescaped(inQuotes.slice(1, -1));
      found.push({ kind: "quoted", text: value, column: column(end - inQuotes.length) });
    } else if (word !== undefined) {
      found.push({ kind: "word", text: word, column: column(end - word.length) });
    }
    at = end;
  }
  found.push({ kind: "end", text: "the end", column: column(text.length) });
  return found;
}

class Parser {
  private readonly tokens: Token[];
  private readonly properties: Set<string>;
  private at = 0;
  private depth = 0;
  private terms = 0;

  constructor(text: string, properties: Iterable<string>) {
    this.tokens = tokens(text);
    this.properties = new Set([...properties].map(folded));
  }

  whole(): Filter {
    const found = this.either();
    if (this.next.kind !== "end") throw this.unexpected("expected `and`, `or` or the end");
    return found;
  }

  private get next(): Token {
    return this.tokens[this.at] as Token;
  }

  private unexpected(expected: string): WhereError {
    const { kind, text, column } = this.next;
    return new WhereError(`${expected}, found ${kind === "end" ? text : quoted(text)}`, column);
  }

  private take(kind: Token["kind"], text?: string): Token | undefined {
    const token = this.next;
    if (token.kind !== kind || (text !== undefined && folded(token.text) !== text)) return undefined;
    this.at++;
    return token;
  }

  private either(): Filter {
    const parts = [this.both()];
    while (this.take("word", "or")) parts.push(this.both());
    return parts.length === 1 ? (parts[0] as Filter) : (r) => parts.some((part) => part(r));
  }

  private both(): Filter {
    const parts = [this.negation()];
    while (this.take("word", "and")) parts.push(this.negation());
    return parts.length === 1 ? (parts[0] as Filter) : (r) => parts.every((part) => part(r));
  }

  private negation(): Filter {
    let negated = false;
    while (this.take("word", "not")) negated = !negated;
    const found = this.term();
    return negated ? (r) => !found(r) : found;
  }

  private term(): Filter {
    const bracket = this.take("paren", "(");
    if (bracket === undefined) return this.comparison();
    this.depth++;
    if (this.depth > MAX_DEPTH) {
      throw new WhereError(`more than ${MAX_DEPTH} brackets deep`, bracket.column);
    }
    const found = this.either();
    if (!this.take("paren", ")")) throw this.unexpected("expected `)`");
    this.depth--;
    return found;
  }

  private comparison(): Filter {
    const field = this.take("word");
    if (field === undefined) throw this.unexpected("expected a field");
    this.terms++;
    if (this.terms > MAX_TERMS) {
      throw new WhereError(`more than ${MAX_TERMS} comparisons`, field.column);
    }
    const values = this.field(field);
    const operator = this.take("op");
    if (operator === undefined) {
      if (field.text.startsWith("tag:")) return (r) => values(r).length > 0;
      throw this.unexpected("expected `=`, `!=` or `~`");
    }
    const value = this.take("word") ?? this.take("quoted");
    if (value === undefined) throw this.unexpected(`expected a value after \`${operator.text}\``);
    return compare(values, operator.text, value.text);
  }

  private field(token: Token): (resource: Resource) => string[] {
    const name = token.text;
    if (name.startsWith("tag:") && name !== "tag:") {
      const rest = name.slice("tag:".length);
      const key = rest.startsWith('"') ? unescaped(rest.slice(1, -1)) : rest;
      return (r) => (Object.hasOwn(r.tags, key) ? [r.tags[key] as string] : []);
    }
    const wanted = folded(name);
    const own = FIELDS.find((field) => field === wanted);
    if (own !== undefined) return (r) => [r[own]];
    if (!this.properties.has(wanted)) {
      throw new WhereError(`unknown field ${quoted(name)}`, token.column);
    }
    return (r) => texts(r, wanted);
  }
}

function texts(resource: Resource, wanted: string): string[] {
  for (const [name, value] of Object.entries(resource.properties)) {
    if (folded(name) === wanted) return Array.isArray(value) ? value.map(text) : [text(value)];
  }
  return [];
}

/** As Python writes it, which is what the API compares with. */
function text(value: Property): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
  return String(value);
}

function compare(
  values: (resource: Resource) => string[],
  operator: string,
  wanted: string,
): Filter {
  if (operator === "~") {
    const piece = folded(wanted);
    return (r) => values(r).some((value) => folded(value).includes(piece));
  }
  const glob = globbed(wanted);
  if (operator === "=") return (r) => values(r).some((value) => glob.test(value));
  return (r) => !values(r).some((value) => glob.test(value));
}

/** `*` and `?` mean what they mean in a shell; nothing else means anything. */
export function globbed(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/gu, "\\$&");
  return new RegExp(`^${escaped.replace(/\*+/gu, "[^]*").replace(/\?/gu, "[^]")}$`, "u");
}

/** Near enough to Python's `casefold`: "Straße" is "strasse". */
function folded(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

function unescaped(text: string): string {
  return text.replace(/\\([^\n])/gu, "$1");
}

function quoted(text: string): string {
  return `'${text}'`;
}
