import { serialize } from 'node:v8';
import type { Place } from './durable.ts';
import { time } from './time.ts';

/** An attachment of a hibernating WebSocket holds at most this much (Cloudflare: Durable Objects, WebSocket limits). */
const MAX_ATTACHMENT_BYTES = 16_384;

/** What carries a server's socket to its client. */
export interface Carrier {
  toClient(bytes: Uint8Array): void;
  serverClosed(code: number, reason: string): void;
  serverLost(): void;
}

/** The hub's end of a WebSocket: outlives the object that accepted it. */
export class ServerSocket {
  static readonly OPEN = 1;
  readyState = 1;
  #attachment: unknown = null;
  #carrier: Carrier | undefined;
  #place: Place | undefined;

  bind(place: Place, carrier: Carrier): void {
    this.#place = place;
    this.#carrier = carrier;
  }

  serializeAttachment(value: unknown): void {
    const { length } = serialize(value);
    if (length > MAX_ATTACHMENT_BYTES) throw new RangeError(`an attachment of ${length} bytes, more than ${MAX_ATTACHMENT_BYTES}`);
    if (time.life?.ended !== true) this.#attachment = structuredClone(value);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.#attachment);
  }

  send(data: Uint8Array): void {
    if (time.life?.ended === true) return;
    if (this.readyState !== 1) throw new TypeError('send on a WebSocket that is not open');
    const bytes = data.slice();
    this.#place?.gate(() => this.#carrier?.toClient(bytes));
  }

  close(code = 1005, reason = ''): void {
    if (time.life?.ended === true || this.readyState > 2) return;
    const first = this.readyState === 1;
    this.readyState = 2;
    if (first) this.#place?.gate(() => this.#carrier?.serverClosed(code, reason));
  }

  /** The connection went away with the object that served it. */
  lose(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#carrier?.serverLost();
  }
}

/** The platform's constructor: one end for the client, one for the object. */
export class SocketPair {
  readonly 0: { readonly peer: ServerSocket };
  readonly 1: ServerSocket;

  constructor() {
    this[1] = new ServerSocket();
    this[0] = { peer: this[1] };
  }
}

/** The one kind of response that an upgrade gives: Node's own class refuses status 101. */
export class UpgradeResponse {
  readonly status: number;
  readonly webSocket: { readonly peer: ServerSocket } | null;

  constructor(_body: unknown, init: { readonly status?: number; readonly webSocket?: { readonly peer: ServerSocket } } = {}) {
    this.status = init.status ?? 200;
    this.webSocket = init.webSocket ?? null;
  }
}
