import { Op, reply, SEARCH_POLLED, Status, type TagFields, tagBuffer } from '../../../edge/readers/thingmagic/codec.ts';

/** A polled search: what it finds waits in the buffer until the host fetches it. */
export class PolledSearch {
  readonly #limit: number;
  readonly #found = new Map<string, TagFields>();
  #until: number | undefined;
  #from = 0;
  #missing = false;
  #full = false;
  #fetched = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): boolean {
    return this.#until !== undefined;
  }

  /** When the search began: time stamps count from here. */
  get from(): number {
    return this.#from;
  }

  begin(now: number, ms: number): void {
    this.clear();
    this.#from = now;
    this.#until = now + ms;
    this.#missing = false;
  }

  /** A tag is kept once for each antenna, with its strongest sighting. */
  see(tag: TagFields): void {
    const key = `${tag.epc} ${tag.antenna}`;
    const known = this.#found.get(key);
    if (known === undefined && this.#found.size >= this.#limit) {
      this.#full = true;
      return;
    }
    const count = Math.min(255, (known?.count ?? 0) + 1);
    this.#found.set(key, known === undefined || tag.rssi > known.rssi ? { ...tag, count } : { ...known, count });
  }

  /** A searched antenna is not connected. */
  miss(): void {
    this.#missing = true;
  }

  /** The answer once the time is over: how many tags wait. */
  end(now: number): Uint8Array | undefined {
    if (this.#until === undefined || now < this.#until) return undefined;
    this.#until = undefined;
    if (this.#full) return reply(Op.READ_MULTIPLE, Status.BUFFER_FULL);
    if (this.#found.size > 0) return reply(Op.READ_MULTIPLE, Status.OK, 0, 0, SEARCH_POLLED, Math.min(255, this.#found.size));
    return reply(Op.READ_MULTIPLE, this.#missing ? Status.ANTENNA_MISSING : Status.NO_TAGS);
  }

  /** The next piece of the buffer. */
  fetch(metadata: number): Uint8Array {
    const { bytes, taken } = tagBuffer([...this.#found.values()].slice(this.#fetched), metadata);
    this.#fetched += taken;
    return bytes;
  }

  clear(): void {
    this.#found.clear();
    this.#fetched = 0;
    this.#full = false;
  }
}
