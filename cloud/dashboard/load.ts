import { type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ApiFault, ask } from './api.ts';
import type { Page } from './shapes.ts';

/** What a view knows of something it asked for: old data stay while newer ones are on their way. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly fault: ApiFault | undefined;
}

const NOTHING: Loaded<never> = { data: undefined, fault: undefined };

/** Asks again at most this often while the ledger is busy: a person reads slower. */
const SETTLE_MS = 300;

/** Loads one path at a time and keeps its answer fresh. News that arrive while it asks make it ask once more, never give up. */
class Loader<T> {
  readonly loaded = signal<Loaded<T>>(NOTHING);
  #path: string | null = null;
  #aborter: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stale = false;

  show(path: string | null): void {
    if (path === this.#path) return;
    this.stop();
    this.#path = path;
    this.loaded.value = NOTHING;
    if (path !== null) void this.#load(path);
  }

  refresh(): void {
    if (this.#path === null || this.#timer !== undefined) return;
    if (this.#aborter !== undefined) {
      this.#stale = true;
      return;
    }
    const path = this.#path;
    this.#timer = setTimeout(() => void this.#load(path), SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#aborter?.abort();
    this.#aborter = undefined;
    this.#stale = false;
    this.#path = null;
  }

  async #load(path: string): Promise<void> {
    this.#timer = undefined;
    const aborter = new AbortController();
    this.#aborter = aborter;
    try {
      const data = (await (await ask(path, aborter.signal)).json()) as T;
      if (!aborter.signal.aborted) this.loaded.value = { data, fault: undefined };
    } catch (error) {
      if (!aborter.signal.aborted) this.loaded.value = { data: this.loaded.peek().data, fault: asFault(error) };
    }
    if (aborter.signal.aborted) return;
    this.#aborter = undefined;
    if (!this.#stale) return;
    this.#stale = false;
    this.refresh();
  }
}

/** Loads `path` now, and again soon after `revision` has changed; null loads nothing. */
export function useLoad<T>(path: string | null, revision: number): ReadonlySignal<Loaded<T>> {
  const loader = useMemo(() => new Loader<T>(), []);
  const seen = useRef(revision);
  useEffect(() => loader.show(path), [path]);
  useEffect(() => {
    if (seen.current !== revision) loader.refresh();
    seen.current = revision;
  }, [revision]);
  useEffect(() => () => loader.stop(), []);
  return loader.loaded;
}

export const asFault = (error: unknown): ApiFault => (error instanceof ApiFault ? error : new ApiFault('INTERNAL', String(error)));

/** All pages of a list up to `most` rows. @throws ApiFault */
export async function all<T>(path: string, most: number): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | null = null;
  do {
    const url: string = `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = (await (await ask(url)).json()) as Page<T>;
    rows.push(...page.data);
    cursor = page.next;
  } while (cursor !== null && rows.length < most);
  return rows;
}
