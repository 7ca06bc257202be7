import { execFileSync } from 'node:child_process';
import { constants, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import * as nodePty from '@lydell/node-pty';
import { BACKLOG_BYTES, type Hear, type Port } from './port.ts';

/** How often a full line is tried again: a host reads within milliseconds. */
const RETRY_MS = 2;
/** A host that takes nothing for this long is not there: what was queued for it is gone, as on a wire. */
const DEAD_MS = 250;

export interface PtyOptions {
  /** A symbolic link that names the device, as a udev rule would; it is replaced when it exists and removed at the end. */
  readonly link?: string;
  /**
   * Behaves as a UART: what is sent at another rate than the module's arrives as noise. Without it the device is a USB CDC port,
   * for which a rate means nothing. A pseudo-terminal keeps the host's rate in its termios and uses it for nothing; `stty` tells it.
   */
  readonly uart?: { readonly moduleBaud: () => number; readonly random: () => number };
}

/** What `@lydell/node-pty` gives beyond its types. */
interface Pair {
  readonly fd: number;
  readonly ptsName: string;
  readonly master: ReadStream;
  readonly slave: ReadStream;
}

/** Its types leave `open` out: a pair without a process. */
const { open } = nodePty as unknown as { open(options: { encoding: null }): Pair };

/**
 * A module on a real pseudo-terminal. The host opens `path` like any serial device, as often as it likes; the device lives until `close`.
 *
 * Traps of the package (1.1.0) that this file avoids: its own stream on the host's side reads what is meant for the host; writing through its master
 * stream spins when the host takes nothing; `kill` and `destroy` of a pair without a process signal every process of the user (pid -1).
 */
export async function openPty(options: PtyOptions, hear: Hear): Promise<Port> {
  const port = new PtyPort(options, hear);
  await port.plug();
  return port;
}

class PtyPort implements Port {
  lost = 0;
  readonly #options: PtyOptions;
  readonly #hear: Hear;
  #pair: Pair | undefined;
  /** Holds the host's side open and never reads it: the device survives a host that closes it, and is raw before the first host comes. */
  #keeper: ReadStream | undefined;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #stuckSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #hostBaud: number | undefined;
  #moduleBaud: number | undefined;

  constructor(options: PtyOptions, hear: Hear) {
    this.#options = options;
    this.#hear = hear;
  }

  get path(): string {
    return this.#options.link ?? this.#pair?.ptsName ?? '';
  }

  async plug(): Promise<void> {
    if (this.#pair !== undefined) return;
    const pair = open({ encoding: null });
    const keeper = new ReadStream(openSync(pair.ptsName, constants.O_RDWR | constants.O_NOCTTY));
    // Unless the line is raw it echoes what the module sends back to the module, and turns 0D into 0A, 03 into a signal, 13 into a stop.
    keeper.setRawMode(true);
    pair.slave.destroy();
    pair.master.removeAllListeners('error');
    pair.master.on('error', () => undefined);
    pair.master.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    this.#pair = pair;
    this.#keeper = keeper;
    const { link } = this.#options;
    if (link !== undefined) {
      rmSync(link, { force: true });
      symlinkSync(pair.ptsName, link);
    }
  }

  #receive(chunk: Uint8Array): void {
    if (this.#options.uart === undefined) {
      this.#hear(chunk);
      return;
    }
    const { moduleBaud } = this.#options.uart;
    this.#moduleBaud = moduleBaud();
    this.#hostBaud = this.#pair === undefined ? undefined : Number(execFileSync('stty', ['-F', this.#pair.ptsName, 'speed']));
    if (this.#hostBaud === this.#moduleBaud) this.#hear(chunk);
    // A change of rate is answered at the old one: the new one holds from here on.
    this.#moduleBaud = moduleBaud();
  }

  write(bytes: Uint8Array): void {
    if (this.#pair === undefined || this.#queued > BACKLOG_BYTES) {
      this.lost += bytes.length;
      return;
    }
    const { uart } = this.#options;
    const noise = uart !== undefined && this.#hostBaud !== this.#moduleBaud;
    this.#queue.push(noise ? bytes.map(() => Math.floor(uart.random() * 256)) : bytes);
    this.#queued += bytes.length;
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    while (this.#pair !== undefined) {
      const first = this.#queue[0];
      if (first === undefined) {
        this.#stuckSince = undefined;
        return;
      }
      const written = tryWrite(this.#pair.fd, first);
      if (written > 0) this.#stuckSince = undefined;
      this.#queued -= written;
      if (written === first.length) this.#queue.shift();
      else {
        this.#queue[0] = first.subarray(written);
        this.#stuckSince ??= performance.now();
        if (performance.now() - this.#stuckSince > DEAD_MS) this.#discard();
        else this.#retry = setTimeout(() => this.#flush(), RETRY_MS);
        return;
      }
    }
  }

  #discard(): void {
    this.lost += this.#queued;
    this.#queue = [];
    this.#queued = 0;
    this.#stuckSince = undefined;
  }

  async unplug(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#discard();
    const pair = this.#pair;
    this.#pair = undefined;
    if (pair === undefined) return;
    if (this.#options.link !== undefined) rmSync(this.#options.link, { force: true });
    this.#keeper?.destroy();
    this.#keeper = undefined;
    // Not pair.destroy(): see above.
    await new Promise<void>((resolve) => pair.master.once('close', () => resolve()).destroy());
  }

  close(): Promise<void> {
    return this.unplug();
  }
}

/** Writes what the line takes now. The package has set the descriptor to non-blocking. */
function tryWrite(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
