/** One server-sent event; `id` is the last one the stream named, which a resume starts after. */
export interface SseEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** An event larger than this is not ours: the hub's entries stay far below. */
const MAX_EVENT_CHARS = 16_000_000;

/**
 * Reads an event stream (HTML standard, 9.2.6) in pieces cut anywhere. EventSource does the same but can't send an Authorization header,
 * and a key in an address would stand in logs.
 */
export class SseParser {
  #rest = '';
  #id: string | undefined;
  #event = '';
  #data: string[] = [];
  #size = 0;

  /** @throws RangeError when an event grows past all measure */
  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    this.#rest += text;
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A carriage return at the end may be half of a CRLF.
      if (end < 0 || (this.#rest[end] === '\r' && end === this.#rest.length - 1)) break;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith('\r\n', end) ? 2 : 1));
      if (line === '') this.#dispatch(events);
      else this.#field(line);
    }
    if (this.#rest.length + this.#size > MAX_EVENT_CHARS) throw new RangeError('an event of the stream has no end');
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'data') {
      this.#data.push(value);
      this.#size += value.length;
    }
  }

  #dispatch(events: SseEvent[]): void {
    if (this.#data.length > 0) events.push({ id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') });
    this.#event = '';
    this.#data = [];
    this.#size = 0;
  }
}
