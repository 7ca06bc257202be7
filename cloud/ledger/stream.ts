import { utf8 } from '../../protocol/bytes.ts';
import type { Report } from './effects.ts';
import type { EntryNews } from './log.ts';

/** Entries sent in one piece: enough that a resume of thousands is quick, few enough to stay far below 1 MB. */
const MAX_ENTRIES = 64;
/** Streams open at once: each costs one query per commit, and a tenant has a handful of dashboards and connectors. */
export const MAX_STREAMS = 64;
/** Between comments that keep proxies from closing a quiet stream: the usual limit is 30 to 60 s. */
export const HEARTBEAT_MS = 15_000;
/** A reader that took nothing for this long is gone or hopeless; it can resume from its last entry. */
export const STALLED_MS = 60_000;
/** What an EventSource waits before it connects again, milliseconds. */
const RETRY = 'retry: 1000\n\n';

export interface StreamSource {
  /** Committed and durable entries after an index, oldest first. */
  newsAfter(after: number, limit: number): EntryNews[];
  /** Epoch milliseconds. */
  now(): number;
}

function entryEvent({ index, type, at, effects }: EntryNews): string {
  // `effects` is JSON without line breaks already.
  return `id: ${index}\nevent: entry\ndata: {"index":${index},"type":"${type}","at":${at},"effects":${effects}}\n\n`;
}

const reportEvent = (report: Report): string => `event: node\ndata: ${JSON.stringify(report)}\n\n`;

/**
 * One reader of the stream. It holds a position and nothing else: entries are read from the log when the reader takes them, so a
 * slow one costs no memory. Of the nodes' reports, which are in no log, it holds the newest of each node.
 */
class Reader {
  readonly #source: StreamSource;
  readonly #reports = new Map<string, Report>();
  #after: number;
  /** An entry that grew after this reader saw it, to be sent once more. */
  #again: number | undefined;
  #greeted = false;
  #beat = false;
  #ended = false;
  #wake: (() => void) | undefined;
  /** When it last took something. */
  taken: number;

  constructor(source: StreamSource, after: number) {
    this.#source = source;
    this.#after = after;
    this.taken = source.now();
  }

  get waiting(): boolean {
    return this.#wake !== undefined;
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  again(index: number): void {
    if (index <= this.#after) this.#again = index;
    this.wake();
  }

  report(report: Report): void {
    this.#reports.set(`${report.site}/${report.node}`, report);
    this.wake();
  }

  heartbeat(): void {
    this.#beat = true;
    this.wake();
  }

  end(): void {
    this.#ended = true;
    this.wake();
  }

  #news(): string {
    let out = this.#greeted ? '' : RETRY;
    this.#greeted = true;
    for (const report of this.#reports.values()) out += reportEvent(report);
    this.#reports.clear();
    if (this.#again !== undefined)
      out += this.#source
        .newsAfter(this.#again - 1, 1)
        .map(entryEvent)
        .join('');
    this.#again = undefined;
    for (const news of this.#source.newsAfter(this.#after, MAX_ENTRIES)) {
      out += entryEvent(news);
      this.#after = news.index;
    }
    if (out === '' && this.#beat) out = ': still here\n\n';
    this.#beat = false;
    return out;
  }

  /** The next piece, once there is one; undefined when the stream ends. */
  async next(): Promise<Uint8Array | undefined> {
    this.taken = this.#source.now();
    for (;;) {
      if (this.#ended) return undefined;
      const news = this.#news();
      if (news !== '') return utf8(news);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The server-sent event streams of one ledger. */
export class Streams {
  readonly #source: StreamSource;
  readonly #readers = new Map<Reader, ReadableByteStreamController>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#readers.size;
  }

  /**
   * A stream of what follows the entry `after`, as UTF-8 bytes; `again` is an entry that the reader may have seen before it grew. The
   * reader that took nothing for longest gives way when too many are open.
   */
  open(after: number, again?: number): ReadableStream<Uint8Array> {
    if (this.#readers.size >= MAX_STREAMS) {
      const [oldest] = [...this.#readers.keys()].sort((a, b) => a.taken - b.taken);
      if (oldest !== undefined) this.#drop(oldest);
    }
    const reader = new Reader(this.#source, after);
    if (again !== undefined) reader.again(again);
    return new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#readers.set(reader, controller);
        // A timer keeps the object awake, so it runs only while someone reads.
        this.#timer ??= setInterval(() => this.beat(), HEARTBEAT_MS);
      },
      pull: async (controller) => {
        const piece = await reader.next();
        if (piece !== undefined) controller.enqueue(piece);
        else this.#close(reader, controller);
      },
      cancel: () => this.#forget(reader),
    });
  }

  /** Says that entries were committed and are durable. */
  wake(): void {
    for (const reader of this.#readers.keys()) reader.wake();
  }

  /** Says that an entry grew after it was committed. */
  again(index: number): void {
    for (const reader of this.#readers.keys()) reader.again(index);
  }

  /** Shows a node's report to every reader. */
  report(report: Report): void {
    for (const reader of this.#readers.keys()) reader.report(report);
  }

  /** Sends a comment to idle readers and drops those that stopped reading. */
  beat(): void {
    const now = this.#source.now();
    for (const reader of [...this.#readers.keys()]) {
      if (reader.waiting) reader.heartbeat();
      else if (now - reader.taken > STALLED_MS) this.#drop(reader);
    }
  }

  #drop(reader: Reader): void {
    const controller = this.#readers.get(reader);
    this.#forget(reader);
    if (reader.waiting || controller === undefined) reader.end();
    // Nothing is being taken: the pieces that stand in the queue go with it.
    else controller.error(new Error('the reader took nothing for too long: connect again with the last event id'));
  }

  #close(reader: Reader, controller: ReadableByteStreamController): void {
    this.#forget(reader);
    controller.close();
    // A byte stream's pending read ends only when its request is answered (Streams standard, ReadableByteStreamController close).
    controller.byobRequest?.respond(0);
  }

  #forget(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
