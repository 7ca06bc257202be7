import { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { Fault } from '../../protocol/fault.ts';

/** How often an idle peer is asked whether it lives: mobile NATs forget a silent connection after 30 s. Answered without waking the hub. */
export const PING_MS = 15_000;
/** TCP and TLS over a slow mobile link take some seconds. */
const HANDSHAKE_MS = 15_000;
/** The hub sends commands of at most 128 KB; more than a few at once is no hub. */
const MAX_INBOUND_BYTES = 1_048_576;

/** A byte stream to the hub. */
export interface HubStream extends Duplex {
  /** When it was open, epoch milliseconds; 0 before. */
  readonly openedAt: number;
}

/** Opens a byte stream to the hub at `url`. */
export type OpenStream = (url: string, now: () => number, pingMs?: number) => HubStream;

/**
 * A byte stream over a WebSocket that sends all that is written in one turn of the event loop as one frame. MQTT.js writes a
 * PUBLISH in seven pieces; with its own WebSocket stream each would be a frame, a message to pay for and an event at the hub.
 */
export class WebSocketStream extends Duplex implements HubStream {
  readonly #socket: WebSocket;
  readonly #pingMs: number;
  #timer: NodeJS.Timeout | undefined;
  #alive = true;
  /** When the socket was open, epoch milliseconds; 0 before. */
  openedAt = 0;

  constructor(url: string, now: () => number = Date.now, pingMs: number = PING_MS) {
    super();
    this.#pingMs = pingMs;
    // Batches are deflated already: deflating them again would cost time and save nothing.
    this.#socket = new WebSocket(url, ['mqtt'], {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_INBOUND_BYTES,
    });
    this.#socket.on('open', () => {
      this.openedAt = now();
    });
    this.#socket.on('message', (data: Buffer) => {
      this.#alive = true;
      if (!this.push(data)) this.#socket.pause();
    });
    this.#socket.on('pong', () => {
      this.#alive = true;
    });
    this.#socket.on('close', (code, reason) => {
      const why = new Fault('LINK_CLOSED', `the WebSocket was closed: code ${code} ${reason.toString()}`.trim());
      this.destroy(this.writableEnded ? undefined : why);
    });
    this.#socket.on('error', (error) => this.destroy(error));
  }

  /** What is written before the socket is open waits, and then leaves in one frame. */
  override _construct(done: (error?: Error) => void): void {
    const failed = (): void => done(new Fault('LINK_FAILED', 'the hub cannot be reached'));
    this.#socket.once('close', failed);
    this.#socket.once('open', () => {
      this.#socket.off('close', failed);
      this.#timer = setInterval(() => this.#ping(), this.#pingMs);
      done();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.close(1000);
    done();
  }

  /** Also ends a handshake that the hub does not answer: a stream is destroyed no sooner than it is constructed. */
  override destroy(error?: Error): this {
    this.#socket.terminate();
    return super.destroy(error);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#timer);
    this.#socket.terminate();
    // Readers wait for an end.
    this.push(null);
    done(error);
  }

  #ping(): void {
    if (!this.#alive) {
      this.destroy(new Fault('LINK_SILENT', `the hub answered nothing for ${2 * this.#pingMs} ms: the connection is taken for lost`));
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }
}

export const openWebSocket: OpenStream = (url, now, pingMs) => new WebSocketStream(url, now, pingMs);
