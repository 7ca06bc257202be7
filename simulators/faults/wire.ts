import { Duplex } from 'node:stream';
import type { HubStream } from '../../edge/uplink/stream.ts';
import { Fault } from '../../protocol/fault.ts';
import type { Random } from '../random.ts';
import type { Carrier, ServerSocket } from './socket.ts';
import { type Life, time } from './time.ts';

/** What happens on a line, told to the world: for its counts, its trace and what the node may rely on. */
export interface Listener {
  /** A frame reached the hub; `older` when the node has opened another connection since. */
  arrived(wire: Wire, bytes: number, older: boolean): void;
  /** Frames that were on the way and never came. */
  dropped(wire: Wire, frames: number): void;
  /** A packet of which the hub got only the first part. */
  split(wire: Wire): void;
  /** What the node wrote, and what it was given. */
  written(wire: Wire, bytes: Uint8Array): void;
  given(wire: Wire, bytes: Uint8Array): void;
}

/** What the hub does for a line: opens a socket, hears frames and its end. */
export interface Far {
  open(wire: Wire, opened: (socket: ServerSocket | undefined) => void): void;
  message(socket: ServerSocket, bytes: Uint8Array): void;
  closed(socket: ServerSocket): void;
}

/** The state of the network between one node and the hub. */
export interface Line {
  readonly random: Random;
  /** One way, milliseconds. */
  delay: number;
  jitter: number;
  /** No connection comes about before this instant of the world. */
  downUntil: number;
  /** A proxy that cuts frames anywhere: chance per frame. */
  fragments: number;
  /** The next large frame to the hub is cut in its middle, with the connection. */
  cutInside: boolean;
}

interface Frame {
  readonly bytes: Uint8Array | undefined;
  readonly run: (() => void) | undefined;
}

/** One direction of a connection: in order, with the line's delay. */
class Lane {
  readonly #line: Line;
  readonly #deliver: (bytes: Uint8Array) => void;
  #last = 0;
  #held = 0;
  #waiting: Frame[] = [];
  #lost = false;

  constructor(line: Line, deliver: (bytes: Uint8Array) => void) {
    this.#line = line;
    this.#deliver = deliver;
  }

  /** Frames with data that are on the way. */
  get waiting(): number {
    return this.#waiting.filter(({ bytes }) => bytes !== undefined).length;
  }

  send(bytes: Uint8Array | undefined, run?: () => void, extra = 0): void {
    if (this.#lost) return;
    this.#waiting.push({ bytes, run });
    this.#last = Math.max(this.#last, time.now + extra + this.#line.delay + this.#line.random.float() * this.#line.jitter, this.#held);
    time.at(this.#last, () => this.#next());
  }

  #next(): void {
    // A stall holds everything, in order.
    if (time.now < this.#held) {
      time.at(this.#held, () => this.#next());
      return;
    }
    const frame = this.#waiting.shift();
    if (frame === undefined) return;
    if (frame.bytes !== undefined) this.#deliver(frame.bytes);
    frame.run?.();
  }

  stall(until: number): void {
    this.#held = Math.max(this.#held, until);
    this.#last = Math.max(this.#last, this.#held);
  }

  /** What is on the way never comes, nor what is sent later. Returns how many frames that were. */
  lose(): number {
    const { waiting } = this;
    this.#waiting = [];
    this.#lost = true;
    return waiting;
  }

  /** The first frame on the way, taken out. */
  take(): Uint8Array | undefined {
    const at = this.#waiting.findIndex(({ bytes }) => bytes !== undefined);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.bytes;
  }
}

/** Frames under this size are no batch. */
const BATCH_BYTES = 150;
/** A name server or a router says no this soon. */
const REFUSED_MS = 50;
/** The platform gives up a closing socket whose peer is silent. */
const GIVE_UP_MS = 10_000;
/** As edge/uplink/stream.ts. */
const HANDSHAKE_MS = 15_000;

/** One connection of a node to the hub, byte-exact and in order within itself, however the line treats it. */
export class Wire implements Carrier {
  readonly node: string;
  readonly number: number;
  readonly stream: ClientStream;
  readonly #line: Line;
  readonly #far: Far;
  readonly #hear: Listener;
  readonly #newest: () => number;
  readonly #up: Lane;
  readonly #down: Lane;
  #socket: ServerSocket | undefined;
  #clientOpen = true;
  #serverOpen = true;
  /** Nothing comes through any more, and nobody is told. */
  #silent = false;

  constructor(node: string, number: number, line: Line, far: Far, hear: Listener, newest: () => number, life: Life, pingMs: number) {
    this.node = node;
    this.number = number;
    this.#line = line;
    this.#far = far;
    this.#hear = hear;
    this.#newest = newest;
    this.#up = new Lane(line, (bytes) => this.#reach(bytes));
    this.#down = new Lane(line, (bytes) => this.#give(bytes));
    this.stream = new ClientStream(this, life, pingMs);
  }

  /** Asks the hub for a socket; `done` hears whether there is one. */
  open(done: (opened: boolean) => void): void {
    if (time.now < this.#line.downUntil) {
      time.at(time.now + REFUSED_MS + this.#line.delay, () => done(false));
      return;
    }
    time.at(time.now + this.#line.delay, () => {
      this.#far.open(this, (socket) => {
        this.#socket = socket;
        this.#down.send(undefined, () => {
          if (socket === undefined || !this.#clientOpen) done(false);
          else done(true);
        });
      });
    });
  }

  get isOpen(): boolean {
    return this.#clientOpen && this.#socket !== undefined;
  }

  #reach(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (!this.#serverOpen || socket === undefined) return;
    this.#hear.arrived(this, bytes.length, this.#newest() > this.number);
    this.#far.message(socket, bytes);
  }

  #give(bytes: Uint8Array): void {
    if (!this.#clientOpen) return;
    this.#hear.given(this, bytes);
    this.stream.receive(bytes);
  }

  /** From the node. */
  toHub(bytes: Uint8Array): void {
    this.#hear.written(this, bytes);
    if (this.#line.cutInside && bytes.length > BATCH_BYTES) {
      this.#line.cutInside = false;
      this.#up.send(bytes.subarray(0, this.#line.random.int(1, bytes.length - 1)), () => this.#hear.split(this));
      this.#up.send(undefined, () => this.cut('clean'));
      return;
    }
    for (const piece of this.#pieces(bytes)) this.#up.send(piece);
  }

  toClient(bytes: Uint8Array): void {
    for (const piece of this.#pieces(bytes)) this.#down.send(piece);
  }

  #pieces(bytes: Uint8Array): Uint8Array[] {
    if (bytes.length < 2 || !this.#line.random.chance(this.#line.fragments)) return [bytes];
    const at = this.#line.random.int(1, bytes.length - 1);
    return [bytes.subarray(0, at), bytes.subarray(at)];
  }

  /** A WebSocket ping: answered by the platform, without waking the object. */
  ping(): void {
    this.#up.send(undefined, () => {
      if (this.#serverOpen) this.#down.send(undefined, () => this.stream.pong());
    });
  }

  /** The node ends the connection: abruptly (what it wrote last may or may not come), or with a closing frame behind what it wrote. */
  clientClosed(abrupt: boolean): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#down.lose();
    if (abrupt && this.#line.random.chance(0.5)) this.#hear.dropped(this, this.#up.lose());
    this.#tellServer();
  }

  /** The hub hears of the end behind everything that still comes. */
  #tellServer(extra = 0): void {
    const tell = (): void => {
      if (!this.#serverOpen || this.#socket === undefined) return;
      this.#serverOpen = false;
      this.#far.closed(this.#socket);
    };
    if (this.#silent) return;
    this.#up.send(undefined, tell, extra);
    // A lane that lost its frames carries nothing more: the hub's machine notices by itself.
    time.at(time.now + extra + 1_000 + this.#line.delay, () => {
      if (this.#up.waiting === 0) tell();
    });
  }

  serverClosed(code: number, reason: string): void {
    // A closing frame that nobody answers: the platform gives the socket up.
    if (this.#silent) {
      time.at(time.now + GIVE_UP_MS, () => {
        if (this.#serverOpen && this.#socket !== undefined) this.#far.closed(this.#socket);
        this.#serverOpen = false;
      });
      return;
    }
    this.#down.send(undefined, () => {
      this.#end(new Fault('LINK_CLOSED', `the WebSocket was closed: code ${code} ${reason}`.trim()));
      // The closing handshake.
      this.#tellServer();
    });
  }

  serverLost(): void {
    this.#serverOpen = false;
    this.#up.lose();
    this.#down.send(undefined, () => this.#end(new Fault('LINK_CLOSED', 'the WebSocket was closed: code 1006')));
  }

  #end(why: Fault): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.stream.broken(why);
  }

  /**
   * Breaks the connection. `clean`: both ends hear of it, what is on the way is lost. `late`: the node hears of it, and what it sent
   * still comes, later. `inside`: of the first frame on the way the hub gets a part. `silent`: nothing comes any more and nobody is told.
   */
  cut(how: 'clean' | 'late' | 'inside' | 'silent'): void {
    const why = new Fault('LINK_FAILED', 'the connection was reset');
    if (how === 'silent') {
      this.#silent = true;
      this.#hear.dropped(this, this.#up.lose() + this.#down.lose());
      return;
    }
    if (how === 'late') {
      const more = this.#line.random.int(50, 4_000);
      this.#up.stall(time.now + more);
      this.#down.lose();
      this.#end(why);
      this.#tellServer(more);
      return;
    }
    if (how === 'inside') {
      const first = this.#up.take();
      if (first !== undefined && first.length > 1 && this.#serverOpen) {
        this.#reach(first.subarray(0, this.#line.random.int(1, first.length - 1)));
        this.#hear.split(this);
      }
    }
    this.#hear.dropped(this, this.#up.lose() + this.#down.lose());
    this.#end(why);
    this.#tellServer();
  }

  /** Holds both directions for `ms`. */
  stall(ms: number): void {
    this.#up.stall(time.now + ms);
    this.#down.stall(time.now + ms);
  }

  /** Data frames on the way, both directions. */
  get flying(): number {
    return this.#up.waiting + this.#down.waiting;
  }
}

/** The byte stream that the uplink is given: as edge/uplink/stream.ts, with the simulated network under it. */
export class ClientStream extends Duplex implements HubStream {
  readonly #wire: Wire;
  readonly #life: Life;
  readonly #pingMs: number;
  #now: () => number = () => 0;
  #timer: NodeJS.Timeout | undefined;
  #alive = true;
  #giveUp: (() => void) | undefined;
  openedAt = 0;

  constructor(wire: Wire, life: Life, pingMs: number) {
    super();
    this.#wire = wire;
    this.#life = life;
    this.#pingMs = pingMs;
  }

  /** The node's clock. */
  readTime(now: () => number): this {
    this.#now = now;
    return this;
  }

  override _construct(done: (error?: Error) => void): void {
    let waits = true;
    const opened = (open: boolean): void => {
      if (!waits || this.#life.ended) return;
      waits = false;
      clearTimeout(late);
      if (!open) {
        done(new Fault('LINK_FAILED', 'the hub cannot be reached'));
        return;
      }
      this.openedAt = this.#now();
      this.#timer = setInterval(() => this.#ping(), this.#pingMs);
      done();
    };
    const late = setTimeout(() => opened(false), HANDSHAKE_MS);
    this.#giveUp = () => opened(false);
    this.#wire.open((open) => time.as(this.#life, () => opened(open)));
  }

  override destroy(error?: Error): this {
    this.#giveUp?.();
    return super.destroy(error);
  }

  override _read(): void {
    // What comes is pushed at once: a node's queue of commands is short.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#life.ended) this.#wire.toHub(new Uint8Array(chunk));
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    if (!this.#life.ended) this.#wire.toHub(new Uint8Array(Buffer.concat(chunks.map(({ chunk }) => chunk))));
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#wire.clientClosed(false);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#timer);
    this.#wire.clientClosed(true);
    this.push(null);
    done(error);
  }

  /** Bytes from the hub. */
  receive(bytes: Uint8Array): void {
    if (this.#life.ended || this.destroyed) return;
    this.#alive = true;
    time.as(this.#life, () => this.push(Buffer.from(bytes)));
  }

  pong(): void {
    this.#alive = true;
  }

  /** The connection is gone. */
  broken(why: Fault): void {
    time.as(this.#life, () => this.destroy(this.writableEnded ? undefined : why));
  }

  #ping(): void {
    if (!this.#alive) {
      this.destroy(new Fault('LINK_SILENT', 'the hub answered nothing: the connection is taken for lost'));
      return;
    }
    this.#alive = false;
    this.#wire.ping();
  }
}
