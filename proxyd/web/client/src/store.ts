/** The state of the page. Events flow in here, and everything that is shown reads from here. */

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import * as api from "./api";
import { type Changed, Estate } from "./estate";
import { type Blueprint, ghosts } from "./blueprint";
import { Connection } from "./live";
import type { Viewport } from "./paint";
import { Placing } from "./placing";
import { type Filter, WhereError, compile } from "./where";
import type { Frame, Query, Resource, Scanner, Session, Target } from "./wire";

export const VIEWS = ["diagram", "table", "counts", "coverage", "changes"] as const;
export type View = (typeof VIEWS)[number];

/** For so long what came or changed stands out. */
const NEWS_MS = 8_000;
const WRONG = "That token is not good here.";

export class Store {
  /** Who this is: undefined while that is not known, null where a login is needed. */
  readonly session = signal<Session | null | undefined>(undefined);
  /** Where the login of an OpenID provider begins, if there is one. */
  readonly loginAt = signal<string | undefined>(undefined);
  readonly problem = signal<string>("");
  readonly targets = signal<Target[]>([]);
  readonly scanners = signal<Scanner[]>([]);
  readonly query = signal<Query | undefined>(undefined);
  readonly view = signal<View>("diagram");
  readonly selected = signal<string | undefined>(undefined);
  readonly where = signal("");
  readonly isolate = signal(false);
  /** The blueprint that was opened, to compare with. */
  readonly blueprint = signal<Blueprint | undefined>(undefined);
  /** Counts the blueprints that were opened: each is looked at from where it was saved. */
  readonly opened = signal(0);
  /** Where the picture was when the blueprint was saved; taken up by the diagram. */
  viewport: Viewport | undefined;
  /**
   * Counts up with every batch of events, and whenever something is to be drawn anew. Whatever
   * shows something of the estate reads it: a component is rendered for the signals that it reads.
   */
  readonly version = signal(0);

  readonly estate = new Estate();
  readonly placing = new Placing(this.estate);
  readonly news = new Map<string, "new" | "changed">();
  readonly connection = new Connection((frames) => this.take(frames));

  private readonly fields = computed(
    () => new Set(this.scanners.value.flatMap((scanner) => scanner.fields)),
  );
  /** The filter as it is written, or why it is none. */
  readonly filter = computed<{ filter?: Filter; error?: WhereError }>(() => {
    const text = this.where.value;
    if (text.trim() === "") return {};
    try {
      return { filter: compile(text, this.fields.value) };
    } catch (error) {
      if (error instanceof WhereError) return { error };
      throw error;
    }
  });
  /** The ARNs that the filter means; undefined: all. A filter that is none leaves the last one. */
  readonly meant = computed<Set<string> | undefined>(() => {
    this.version.value;
    const { filter, error } = this.filter.value;
    if (error !== undefined) return this.lastMeant;
    if (filter === undefined) return (this.lastMeant = undefined);
    const found = new Set<string>();
    for (const resource of this.estate.resources.values()) {
      if (filter(resource)) found.add(resource.arn);
    }
    return (this.lastMeant = found);
  });
  private lastMeant: Set<string> | undefined;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor() {
    effect(() => {
      const state = this.connection.state.value;
      if (state.kind !== "ended") return;
      if (state.loginNeeded) untracked(() => this.forgetSession());
      // Another tab may have logged out; and a login says where it begins.
      void this.checkSession();
    });
  }

  /** Find out who this is, and what may be asked. */
  async begin(): Promise<void> {
    try {
      const session = await api.whoAmI();
      const [targets, scanners] = await Promise.all([api.targets(), api.scanners()]);
      batch(() => {
        this.targets.value = targets;
        this.scanners.value = scanners;
        this.session.value = session;
        this.problem.value = "";
      });
    } catch (error) {
      this.refused(error);
    }
  }

  async logIn(given: string): Promise<void> {
    const token = given.trim();
    try {
      // Nothing else fits into a header.
      if (/^[!-~]+$/u.test(token)) await api.logIn(token);
      else this.problem.value = WRONG;
    } catch (error) {
      this.refused(error);
      if (error instanceof api.Refusal && error.problem.status === 401) this.problem.value = WRONG;
      return;
    }
    if (this.problem.value !== WRONG) await this.begin();
  }

  async logOut(): Promise<void> {
    const onwards = this.session.value?.logout_url;
    try {
      // It ends the streams as well, and says so to them.
      await api.logOut();
    } catch (error) {
      if (!(error instanceof api.Refusal)) throw error;
      if (error.problem.status !== 401) {
        this.leave();
        this.problem.value = `You are still logged in: ${error.problem.detail}.`;
        return;
      }
    }
    this.connection.stop();
    this.forgetSession();
    if (onwards) location.assign(onwards);
    else await this.checkSession();
  }

  watch(query: Query): void {
    batch(() => {
      this.forgetEstate();
      this.query.value = query;
    });
    this.connection.start(query);
  }

  /** Show what a blueprint holds: its places at once, the data as it comes. */
  openBlueprint(blueprint: Blueprint): void {
    const { x, y, zoom, regions, types } = blueprint.view;
    batch(() => {
      this.forgetEstate();
      this.blueprint.value = blueprint;
      this.viewport =
        x === undefined || y === undefined || zoom === undefined ? undefined : { x, y, zoom };
      this.estate.ghosts = ghosts(blueprint);
      this.seed();
      this.opened.value++;
      this.view.value = "diagram";
      this.query.value = {
        ...{ target: blueprint.targets, mode: "watch", detail: "full" },
        ...(regions === undefined ? {} : { region: regions }),
        ...(types === undefined ? {} : { type: types }),
      };
      this.touch();
    });
    this.connection.start(this.query.value as Query);
  }

  /** Show the same again, from the beginning. */
  openAgain(): void {
    if (this.blueprint.value !== undefined) this.openBlueprint(this.blueprint.value);
    else if (this.query.value !== undefined) this.watch(this.query.value);
  }

  /** Close the stream and forget what it brought. */
  leave(): void {
    this.connection.stop();
    batch(() => {
      this.query.value = undefined;
      this.forgetEstate();
    });
  }

  select(arn: string | undefined): void {
    this.selected.value = arn;
  }

  touch(): void {
    this.version.value = this.version.peek() + 1;
  }

  /** Take in what a stream has brought. */
  take(frames: Frame[]): void {
    const { whole } = this.estate;
    const empty = this.estate.resources.size === 0;
    const changed = this.estate.apply(frames);
    if (empty && this.estate.resources.size > 0) performance.mark("first resource");
    if (changed.reset) {
      this.placing.reset();
      this.seed();
      this.placing.update([...this.estate.ghosts.keys(), ...this.estate.resources.keys()]);
    } else {
      this.linger(changed.gone);
      this.placing.update(changed.arns.keys());
    }
    if (whole && !changed.reset) this.tell(changed);
    if (!whole && this.estate.whole) performance.mark("whole");
    this.touch();
  }

  private tell({ arns }: Changed): void {
    const told: string[] = [];
    for (const [arn, kind] of arns) {
      if (kind !== "new" && kind !== "changed") continue;
      this.news.set(arn, kind);
      told.push(arn);
    }
    if (told.length === 0) return;
    this.later(() => {
      for (const arn of told) this.news.delete(arn);
      this.touch();
    });
  }

  /** Leave the place of what has gone for a while, so that one sees what it was. */
  private linger(gone: readonly Resource[]): void {
    const { ghosts } = this.estate;
    const passing = gone.filter(({ arn }) => !ghosts.has(arn));
    for (const resource of passing) ghosts.set(resource.arn, resource);
    if (passing.length === 0) return;
    this.later(() => {
      for (const resource of passing) {
        if (ghosts.get(resource.arn) === resource) ghosts.delete(resource.arn);
      }
      this.placing.update(passing.map(({ arn }) => arn));
      this.touch();
    });
  }

  /** Give the things of the blueprint the places that they had. */
  private seed(): void {
    const nodes = this.blueprint.value?.nodes ?? [];
    this.placing.seed(new Map(nodes.map(({ arn, place }) => [arn, place])));
  }

  private async checkSession(): Promise<void> {
    try {
      await api.whoAmI();
    } catch (error) {
      if (!(error instanceof api.Refusal) || error.problem.status !== 401) return;
      if (error.problem.login !== undefined) this.loginAt.value = error.problem.login;
      if (this.session.value !== null) this.forgetSession();
    }
  }

  /** The login is over: what it brought goes with it. */
  private forgetSession(): void {
    batch(() => {
      this.session.value = null;
      this.targets.value = [];
      this.scanners.value = [];
      this.query.value = undefined;
      this.forgetEstate();
    });
  }

  private forgetEstate(): void {
    this.estate.forget();
    this.estate.happenings.length = 0;
    this.estate.ghosts = new Map();
    this.blueprint.value = undefined;
    this.viewport = undefined;
    this.placing.reset();
    this.news.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.selected.value = undefined;
    this.where.value = "";
    this.lastMeant = undefined;
    this.touch();
    untracked(() => this.meant.value); // it keeps what it has found last
  }

  private later(call: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      call();
    }, NEWS_MS);
    this.timers.add(timer);
  }

  private refused(error: unknown): void {
    if (!(error instanceof api.Refusal)) throw error;
    const { problem } = error;
    batch(() => {
      if (problem.login !== undefined) this.loginAt.value = problem.login;
      if (problem.status === 401) {
        this.session.value = null;
        return;
      }
      this.problem.value = problem.detail;
    });
  }
}
