import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../protocol/fault.ts';

/** A problem answer of the hub (RFC 9457), as far as it is read here. */
export class HubFault extends Fault {
  readonly status: number;

  constructor(status: number, code: string, text: string) {
    super(code, text, { status });
    this.status = status;
  }
}

export interface StockRow {
  readonly site: string;
  readonly gtin: string;
  readonly name: string | null;
  readonly quantity: number;
}

export interface DocumentLine {
  readonly id: string;
  readonly gtin: string | null;
  readonly name: string | null;
  readonly status: string | null;
  readonly matched: number;
  readonly short: number;
  readonly over: number;
}

export interface DocumentView {
  readonly id: string;
  readonly kind: string;
  readonly number: string;
  /** The worst of the line statuses. */
  readonly status: string;
  readonly total: string | null;
  readonly lines: readonly DocumentLine[];
  readonly findings: readonly FindingView[];
}

export interface FindingView {
  readonly document: string;
  readonly number: string;
  readonly line?: string | null;
  readonly code: string;
  /** At stake, in minor units of the currency. */
  readonly amount?: number | null;
  readonly currency?: string | null;
}

/** A movement group in an entry's effects. */
export interface MovementView {
  readonly entry: number;
  readonly at: number;
  readonly site: string;
  readonly node: string;
  readonly door: string;
  readonly passage: string;
  readonly direction: 'in' | 'out';
  readonly gtin: string;
  readonly quantity: number;
  /** Ranges of [first, count] in the record's items. */
  readonly ordinals: readonly (readonly [number, number])[];
  readonly document: { readonly kind: string; readonly number: string } | null;
}

export interface Effects {
  readonly movements?: readonly MovementView[];
  readonly stock?: readonly { readonly site: string; readonly gtin: string; readonly quantity: number }[];
  readonly documents?: readonly {
    readonly id: string;
    readonly kind: string;
    readonly number: string;
    readonly status: string;
    readonly lines: readonly Partial<DocumentLine>[];
  }[];
  readonly findings?: readonly (FindingView & { readonly open?: boolean })[];
}

export interface EntryView {
  readonly index: number;
  readonly type: string;
  /** The body as its producer wrote it; null once erased. */
  readonly body: string | null;
  readonly effects: Effects;
}

/** One event of the stream. */
export interface StreamEvent {
  readonly id: number;
  readonly event: string;
  readonly data: { readonly index: number; readonly type: string; readonly at: number; readonly effects: Effects };
}

interface Page<T> {
  readonly data: readonly T[];
  readonly next?: string | null;
  readonly entry?: number;
}

/** A request that takes longer has met a hub that hangs; one that reloads its code holds requests back for seconds. */
const TIMEOUT_MS = 60_000;
/** The hub asks for a second or two; after a minute something else is wrong. */
const MAX_WAITS = 30;
/** The hub's list pages; 100 pages are more than any story writes. */
const MAX_PAGES = 100;
/** An event is one entry: at most 1,000 items in groups. */
const MAX_EVENT_CHARS = 4_000_000;

/** The hub's HTTP API as a user's system calls it. */
export class HubClient {
  readonly address: string;
  readonly #key: string;

  /** `address` such as http://127.0.0.1:8787; `key` is an API key or the bootstrap token. */
  constructor(address: string, key: string) {
    this.address = address;
    this.#key = key;
  }

  /** Any call; waits as the hub asks when it is called too often. @throws HubFault with the hub's code; Fault HUB_UNREACHABLE when nothing answers */
  async call<T>(method: string, path: string, body?: unknown, type = 'application/json'): Promise<{ status: number; body: T }> {
    const raw = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.#key}`,
      ...(raw === undefined ? {} : { 'content-type': type }),
    };
    let { response, text } = await this.#send(method, path, headers, raw);
    for (let wait = 0; response.status === 429 && wait < MAX_WAITS; wait++) {
      await sleep(1_000 * Number(response.headers.get('retry-after') ?? 1));
      ({ response, text } = await this.#send(method, path, headers, raw));
    }
    const json = parse(text);
    if (response.ok) return { status: response.status, body: json as T };
    const problem = (json ?? {}) as { code?: string; title?: string; detail?: string; fields?: unknown };
    const detail = problem.detail ?? problem.title ?? text.slice(0, 200);
    const fields = problem.fields === undefined ? '' : ` ${JSON.stringify(problem.fields)}`;
    throw new HubFault(
      response.status,
      problem.code ?? `HTTP_${response.status}`,
      `${method} ${path}: ${response.status} ${detail}${fields}`,
    );
  }

  async #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<{ response: Response; text: string }> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${this.address}${path}`, { method, headers, signal, ...(body === undefined ? {} : { body }) });
      return { response, text: await response.text() };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Fault('HUB_UNREACHABLE', `${method} ${path}: no answer from ${this.address} (${(cause as Error).message})`);
    }
  }

  /** Every row of a paged list. */
  async all<T>(path: string): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const joint = path.includes('?') ? '&' : '?';
      const at = cursor === undefined || cursor === null ? path : `${path}${joint}cursor=${encodeURIComponent(cursor)}`;
      const { body } = await this.call<Page<T>>('GET', at);
      rows.push(...body.data);
      cursor = body.next;
      if (cursor === null || cursor === undefined) return rows;
    }
    throw new Fault('LIST_TOO_LONG', `GET ${path}: more than ${MAX_PAGES} pages`);
  }

  async stock(): Promise<StockRow[]> {
    return this.all<StockRow>('/v1/stock');
  }

  async document(id: string): Promise<DocumentView> {
    return (await this.call<DocumentView>('GET', `/v1/documents/${encodeURIComponent(id)}`)).body;
  }

  async findings(): Promise<FindingView[]> {
    return this.all<FindingView>('/v1/findings');
  }

  async entry(index: number): Promise<EntryView> {
    return (await this.call<EntryView>('GET', `/v1/entries/${index}`)).body;
  }

  /** Number of entries in the log. */
  async size(): Promise<number> {
    return (await this.call<Page<StockRow>>('GET', '/v1/stock?limit=1')).body.entry ?? 0;
  }

  /**
   * Follows the live stream from after the entry `after` (-1 for all) until `signal` aborts or the hub goes away.
   * Resolves with the last entry seen, to resume from.
   */
  async follow(after: number, signal: AbortSignal, seen: (event: StreamEvent) => void): Promise<number> {
    let last = after;
    try {
      const response = await fetch(`${this.address}/v1/stream?after=${after}`, {
        headers: { authorization: `Bearer ${this.#key}`, accept: 'text/event-stream' },
        signal,
      });
      if (!response.ok || response.body === null) return last;
      for await (const event of events(response.body)) {
        seen(event);
        if (event.event === 'entry') last = event.id;
      }
    } catch {
      // Aborted, or the hub is gone: the caller resumes from `last`.
    }
    return last;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Server-sent events (WHATWG HTML 9.2.6), the fields id, event and data. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  let buffer = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true });
    if (buffer.length > MAX_EVENT_CHARS) throw new Fault('EVENT_TOO_LONG', `an event of the stream exceeds ${MAX_EVENT_CHARS} characters`);
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const fields = new Map<string, string>();
      for (const line of buffer.slice(0, end).split('\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
      }
      buffer = buffer.slice(end + 2);
      const data = parse(fields.get('data') ?? '');
      if (data === undefined || data === null) continue;
      yield { id: Number(fields.get('id') ?? -1), event: fields.get('event') ?? 'message', data: data as StreamEvent['data'] };
    }
  }
}
