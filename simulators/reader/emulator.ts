import type { EmulatedDevice, Sighting } from './device.ts';
import { type LineFaults, pieces, spoil } from './faults.ts';
import type { Port } from './port.ts';
import { openPty } from './pty.ts';
import { listenTcp } from './tcp.ts';
import { EmulatedModule } from './thingmagic/module.ts';

/** Where the host finds the reader. */
export type Transport =
  /** A pseudo-terminal. `link` gives it a stable name; `uart` makes the rate matter. */
  | { readonly kind: 'pty'; readonly link?: string; readonly uart?: boolean }
  /** A listener on 127.0.0.1; port 0 takes a free one. */
  | { readonly kind: 'tcp'; readonly port: number };

export interface EmulatorOptions {
  readonly transport: Transport;
  /** Antenna connectors; 4. */
  readonly ports?: number;
  /** Connectors with an antenna; all. */
  readonly connected?: readonly number[];
  /** What the antennas see: asked about every `tickMs` while streaming, for the sightings since the last call, oldest first. */
  readonly source?: (nowMs: number) => readonly Sighting[];
  /** 10: a module hands on its tags within one inventory round. */
  readonly tickMs?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** For faults, [0, 1). */
  readonly random?: () => number;
}

/** How long bytes are held back for others to join them: an adapter hands on what it has within 16 ms. */
const HELD_MS = 16;

/** Makes the device behind the line, with so many connectors, of which `connected` have an antenna. */
export type MakeDevice<D extends EmulatedDevice> = (ports: number, connected: readonly number[]) => D;

/** A reader that speaks bytes on a real line. It goes on when its host dies, and loses what nobody takes. */
export class ReaderEmulator<D extends EmulatedDevice = EmulatedModule> {
  /** What the line does to the bytes from now on. */
  faults: LineFaults = {};
  /** The module hangs: it neither answers nor streams. */
  silent = false;
  readonly module: D;
  readonly #options: EmulatorOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  #port: Port | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pushed: Sighting[] = [];
  #held: Uint8Array[] = [];
  readonly #queue: Uint8Array[] = [];
  #sending = false;

  private constructor(make: MakeDevice<D>, options: EmulatorOptions) {
    const ports = options.ports ?? 4;
    this.module = make(ports, options.connected ?? Array.from({ length: ports }, (_, i) => i + 1));
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  /** Opens the line of a ThingMagic module; it runs until `close`. */
  static open(options: EmulatorOptions): Promise<ReaderEmulator> {
    return ReaderEmulator.with((ports, connected) => new EmulatedModule(ports, connected), options);
  }

  /** Opens the line of a reader of any family; it runs until `close`. */
  static async with<D extends EmulatedDevice>(make: MakeDevice<D>, options: EmulatorOptions): Promise<ReaderEmulator<D>> {
    const emulator = new ReaderEmulator(make, options);
    await emulator.#start();
    return emulator;
  }

  async #start(): Promise<void> {
    const { transport } = this.#options;
    const hear = (bytes: Uint8Array): void => this.#hear(bytes);
    if (transport.kind === 'tcp') {
      const refuse =
        this.module.refuse === undefined ? undefined : (): Uint8Array => Buffer.concat(this.module.refuse?.(this.#now()) ?? []);
      this.#port = await listenTcp(transport.port, hear, () => this.#greet(), refuse);
    } else {
      const uart = transport.uart === true ? { moduleBaud: () => this.module.baud, random: this.#random } : undefined;
      const { link } = transport;
      this.#port = await openPty({ ...(link === undefined ? {} : { link }), ...(uart === undefined ? {} : { uart }) }, hear);
    }
    this.#timer = setInterval(() => this.#tick(), this.#options.tickMs ?? 10);
  }

  /** What the host opens: a device path, or `tcp://127.0.0.1:port`. */
  get path(): string {
    return this.#port?.path ?? '';
  }

  /** Bytes that no host took. */
  get lost(): number {
    return this.#port?.lost ?? 0;
  }

  /** Lets the antennas see something now, beside the source; nothing happens while the module does not stream. */
  push(sightings: readonly Sighting[]): void {
    if (this.module.streaming) this.#pushed.push(...sightings);
  }

  #hear(bytes: Uint8Array): void {
    if (this.silent) return;
    this.#send(this.module.hear(bytes, this.#now()));
  }

  #greet(): void {
    // What was held back belonged to the connection before.
    this.#held = [];
    this.#queue.length = 0;
    // A device that hangs has a new connection all the same: only its words are missing.
    const said = this.module.greet?.(this.#now()) ?? [];
    if (!this.silent) this.#send(said);
  }

  #tick(): void {
    const now = this.#now();
    const seen = [...(this.#options.source?.(now) ?? []), ...this.#pushed];
    this.#pushed = [];
    const frames = this.module.stream(now, seen);
    if (!this.silent) this.#send(frames);
  }

  #send(frames: readonly Uint8Array[]): void {
    if (frames.length === 0) return;
    const bytes = Buffer.concat([...this.#held, ...frames]);
    this.#held = [];
    if (bytes.length === 0) return;
    const { split = 0, merge = 0 } = this.faults;
    if (merge > 0 && this.#random() < merge) {
      this.#held = [bytes];
      setTimeout(() => this.#send([new Uint8Array(0)]), HELD_MS);
      return;
    }
    const spoiled = spoil(bytes, this.faults, this.#random);
    this.#queue.push(...(split > 0 && this.#random() < split ? pieces(spoiled, this.#random) : [spoiled]));
    if (!this.#sending) this.#drain();
  }

  /** Pieces of one write go out in turns of their own, so that the host gets them apart. */
  #drain(): void {
    const piece = this.#queue.shift();
    this.#sending = piece !== undefined && this.#queue.length > 0;
    if (piece !== undefined) this.#port?.write(piece);
    if (this.#sending) setTimeout(() => this.#drain(), 1);
  }

  /** The cable goes away under the host. */
  async unplug(): Promise<void> {
    await this.#port?.unplug();
  }

  /** The cable is back, under the same path when it has a stable name. */
  async plug(): Promise<void> {
    await this.#port?.plug();
  }

  /** The module loses power for a moment: settings and stream are gone, and it says so. */
  reboot(): void {
    const said = this.module.reboot();
    if (said !== undefined) this.#send([said]);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#port?.close();
  }
}
