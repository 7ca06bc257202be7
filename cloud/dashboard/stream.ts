import { effect, signal } from '@preact/signals';
import { ApiFault, ask } from './api.ts';
import { key } from './session.ts';
import type { EntryNews, NodeNews, Page } from './shapes.ts';
import { SseParser } from './sse.ts';

/** Whether news arrive now; `since` is when that began, epoch milliseconds. */
export const live = signal<{ readonly state: 'connecting' | 'live' | 'lost' | 'denied'; readonly since: number }>({
  state: 'connecting',
  since: Date.now(),
});

type EntryListener = (news: EntryNews) => void;
type NodeListener = (news: NodeNews) => void;
const entryListeners = new Set<EntryListener>();
const nodeListeners = new Set<NodeListener>();

/** Calls for every entry from now on; returns how to stop. */
export function onEntry(listener: EntryListener): () => void {
  entryListeners.add(listener);
  return () => entryListeners.delete(listener);
}

/** Calls for every report of a node from now on. */
export function onNode(listener: NodeListener): () => void {
  nodeListeners.add(listener);
  return () => nodeListeners.delete(listener);
}

/** Waits double from the first to the last, with a fifth of chance in it: a hub that restarts is not met by all at once. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** The hub sends a comment every 15 s: three missed mean that the line is dead, whatever the socket thinks. */
const SILENCE_MS = 50_000;

const setLive = (state: 'connecting' | 'live' | 'lost' | 'denied'): void => {
  if (live.peek().state !== state) live.value = { state, since: Date.now() };
};

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

function dispatch(event: string, data: string): void {
  if (event === 'entry') {
    const news = JSON.parse(data) as EntryNews;
    for (const listener of entryListeners) listener(news);
  } else if (event === 'node') {
    const news = JSON.parse(data) as NodeNews;
    for (const listener of nodeListeners) listener(news);
  }
}

/** Where a connection starts: `resumed` when an earlier one brought the entry `after`. */
interface Place {
  readonly after: number;
  readonly resumed: boolean;
}

/** Follows one connection to its end; returns where the next one starts. */
async function follow(from: Place, signal: AbortSignal): Promise<Place> {
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  signal.addEventListener('abort', abort);
  let silence = setTimeout(abort, SILENCE_MS);
  let place = from;
  try {
    const { after, resumed } = from;
    const response = resumed
      ? await ask('/v1/stream', connection.signal, { 'last-event-id': String(after) })
      : await ask(`/v1/stream?after=${after}`, connection.signal);
    setLive('live');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (let piece = await reader?.read(); piece !== undefined && !piece.done; piece = await reader?.read()) {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE_MS);
      for (const { id, event, data } of parser.push(piece.value)) {
        dispatch(event, data);
        if (id !== undefined) place = { after: Number(id), resumed: true };
      }
    }
  } catch (error) {
    if (error instanceof ApiFault && error.code === 'SCOPE_MISSING') throw error;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', abort);
  }
  return place;
}

/** Where the ledger ends now: what is loaded after this and the stream from here leave no gap between them. */
async function ledgerEnd(signal: AbortSignal): Promise<Place> {
  const { entry } = (await (await ask('/v1/stock?limit=1', signal)).json()) as Page<unknown>;
  return { after: entry - 1, resumed: false };
}

async function run(signal: AbortSignal): Promise<void> {
  let place: Place | undefined;
  let retry = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      place ??= await ledgerEnd(signal);
      const began = Date.now();
      place = await follow(place, signal);
      // A connection that held for a while earns a quick new try.
      if (Date.now() - began > LAST_RETRY_MS) retry = FIRST_RETRY_MS;
    } catch (error) {
      if (error instanceof ApiFault && error.code === 'SCOPE_MISSING') {
        setLive('denied');
        return;
      }
    }
    if (signal.aborted) return;
    setLive('lost');
    await sleep(retry * (0.9 + Math.random() / 5), signal);
    retry = Math.min(LAST_RETRY_MS, retry * 2);
  }
}

/** Keeps the stream open while somebody is signed in. */
export function start(): void {
  effect(() => {
    if (key.value === null) return;
    setLive('connecting');
    const aborter = new AbortController();
    void run(aborter.signal);
    return () => aborter.abort();
  });
}
