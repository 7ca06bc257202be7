import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../stack/ports.ts';
import { AckTap, BatchTap, type SeenBatch } from './tap.ts';

export type Weather =
  /** Everything passes. */
  | { readonly kind: 'clear' }
  /** Nothing passes: connections are cut, new ones refused. */
  | { readonly kind: 'cut' }
  /** One direction stands still; what is sent waits in the proxy. */
  | { readonly kind: 'stall'; readonly way: 'up' | 'down' }
  /** Both directions trickle, bytes a second. */
  | { readonly kind: 'throttle'; readonly rate: number };

/** What the proxy saw of a node's records, highest sequence numbers; the first two on the last connection that carried any. */
export interface Seen {
  /** The node handed them to the network. */
  readonly sent: number;
  /** The proxy handed them to the hub. */
  readonly forwarded: number;
  /** The proxy handed to the node that the hub has them. */
  readonly acknowledged: number;
}

export type WireEvent = 'sent' | 'forwarded' | 'acknowledged' | 'welcomed';

/** How often a throttled connection moves bytes. */
const TICK_MS = 10;

/** A TCP proxy between a node and the hub that cuts, stalls and throttles, and reads along what passes. */
export class WireProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #target: number;
  readonly #wires = new Set<Wire>();
  readonly #listeners = new Set<(event: WireEvent) => void>();
  weather: Weather = { kind: 'clear' };
  /** The last connection that the hub took. */
  #welcomed: Wire | undefined;
  #seen: Seen = { sent: 0, forwarded: 0, acknowledged: 0 };

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    this.#target = target;
  }

  static async open(target: number): Promise<WireProxy> {
    const port = await freePort();
    const server = createServer({ allowHalfOpen: false });
    const proxy = new WireProxy(server, port, target);
    server.on('connection', (near) => proxy.#accept(near));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  get seen(): Seen {
    return this.#seen;
  }

  /** Whether the node has a connection that the hub took. */
  get online(): boolean {
    return this.#welcomed !== undefined && this.#wires.has(this.#welcomed);
  }

  /** Calls `listener` with what passes; returns the unsubscription. */
  on(listener: (event: WireEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(weather: Weather): void {
    this.weather = weather;
    for (const wire of this.#wires) {
      if (weather.kind === 'cut') wire.cut();
      else wire.move();
    }
  }

  close(): void {
    for (const wire of this.#wires) wire.cut();
    this.#server.close();
  }

  #accept(near: Socket): void {
    if (this.weather.kind === 'cut') {
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const batches = new Map<number, SeenBatch>();
    const wire = new Wire(near, far, {
      weather: () => this.weather,
      sent: new BatchTap((batch) => {
        this.#seen = { ...this.#seen, sent: batch.last };
        this.#tell('sent');
      }),
      forwarded: new BatchTap((batch) => {
        batches.set(batch.id, batch);
        this.#seen = { ...this.#seen, forwarded: batch.last };
        this.#tell('forwarded');
      }),
      acknowledged: new AckTap(
        (id) => this.#acknowledge(batches.get(id)?.last ?? 0, 'acknowledged'),
        (seq) => {
          this.#welcomed = wire;
          // What an older connection carried and the hub does not have is on no wire any more.
          this.#seen = { ...this.#seen, sent: seq, forwarded: seq };
          this.#acknowledge(seq, 'welcomed');
        },
      ),
      over: () => this.#wires.delete(wire),
    });
    this.#wires.add(wire);
  }

  #acknowledge(seq: number, event: WireEvent): void {
    this.#seen = { ...this.#seen, acknowledged: Math.max(this.#seen.acknowledged, seq) };
    this.#tell(event);
  }

  #tell(event: WireEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

interface WireOptions {
  readonly weather: () => Weather;
  readonly sent: BatchTap;
  readonly forwarded: BatchTap;
  readonly acknowledged: AckTap;
  readonly over: () => void;
}

/** One connection through the proxy. */
class Wire {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #options: WireOptions;
  readonly #waiting = { up: [] as Buffer[], down: [] as Buffer[] };
  readonly #timer: NodeJS.Timeout;

  constructor(near: Socket, far: Socket, options: WireOptions) {
    this.#near = near;
    this.#far = far;
    this.#options = options;
    near.setNoDelay(true);
    near.on('data', (chunk) => {
      options.sent.push(chunk);
      this.#waiting.up.push(chunk);
      this.move();
    });
    far.on('data', (chunk) => {
      this.#waiting.down.push(chunk);
      this.move();
    });
    for (const socket of [near, far]) {
      socket.on('error', () => this.cut());
      socket.on('close', () => this.cut());
    }
    this.#timer = setInterval(() => this.#trickle(), TICK_MS);
  }

  /** Hands on what may pass now. */
  move(): void {
    const weather = this.#options.weather();
    if (weather.kind === 'throttle' || weather.kind === 'cut') return;
    for (const way of ['up', 'down'] as const) {
      if (weather.kind === 'stall' && weather.way === way) continue;
      for (const chunk of this.#waiting[way].splice(0)) this.#pass(way, chunk);
    }
  }

  /** Ends both sides at once; what waits is lost, as in a network that drops it. */
  cut(): void {
    clearInterval(this.#timer);
    this.#waiting.up.length = 0;
    this.#waiting.down.length = 0;
    this.#near.destroy();
    this.#far.destroy();
    this.#options.over();
  }

  #trickle(): void {
    const weather = this.#options.weather();
    if (weather.kind !== 'throttle') return;
    for (const way of ['up', 'down'] as const) {
      let room = Math.max(1, Math.round((weather.rate * TICK_MS) / 1000));
      for (let chunk = this.#waiting[way][0]; chunk !== undefined && room > 0; chunk = this.#waiting[way][0]) {
        const part = chunk.subarray(0, room);
        room -= part.length;
        if (part.length === chunk.length) this.#waiting[way].shift();
        else this.#waiting[way][0] = chunk.subarray(part.length);
        this.#pass(way, part);
      }
    }
  }

  #pass(way: 'up' | 'down', chunk: Buffer): void {
    const to = way === 'up' ? this.#far : this.#near;
    if (to.destroyed) return;
    to.write(chunk);
    (way === 'up' ? this.#options.forwarded : this.#options.acknowledged).push(chunk);
  }
}
