import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
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

/**
 * Loads `path` now and whenever `revision` has changed; null loads nothing.
 * The first load is at once; later ones wait for a pause, so that a burst of entries is one request.
 */
export function useLoad<T>(path: string | null, revision: number): Signal<Loaded<T>> {
  const loaded = useSignal<Loaded<T>>(NOTHING);
  const shown = useSignal<string | null>(null);
  useEffect(() => {
    if (path === null) return;
    if (shown.peek() !== path) loaded.value = NOTHING;
    const aborter = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const data = (await (await ask(path, aborter.signal)).json()) as T;
        shown.value = path;
        loaded.value = { data, fault: undefined };
      } catch (error) {
        if (!aborter.signal.aborted) loaded.value = { data: loaded.peek().data, fault: asFault(error) };
      }
    };
    const timer = setTimeout(load, shown.peek() === path ? SETTLE_MS : 0);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [path, revision]);
  return loaded;
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
