import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { NodeClock } from '../protocol/record.ts';

/** systemd-timesyncd touches it once the clock has been set from the network. */
const SYNCED_FILE = '/run/systemd/timesync/synchronized';
const BOOT_FILE = '/proc/sys/kernel/random/boot_id';
/** How often the operating system is asked: it changes once, some seconds after boot. */
const ASK_MS = 60_000;
/** timedatectl talks to D-Bus, which may hang. */
const ANSWER_MS = 5_000;

/** The kernel's identifier of this boot, 8 hexadecimal digits; random where there is none, which is then one per process. */
function bootId(): string {
  try {
    const id = readFileSync(BOOT_FILE, 'latin1').slice(0, 8);
    if (/^[0-9a-f]{8}$/.test(id)) return id;
  } catch {
    // no Linux: falls through
  }
  return randomBytes(4).toString('hex');
}

/** The node's clock as records carry it. Nothing here can stop the process: an unknown state counts as not synchronised. */
export class Clock {
  readonly #boot = bootId();
  /** Hub time minus wall time in milliseconds as last measured; null before. */
  offset: number | null = null;
  #synced = false;
  #timer: NodeJS.Timeout | undefined;

  /** Asks the operating system now and every minute whether the clock is synchronised. */
  start(): void {
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), ASK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Wall clock, epoch milliseconds. */
  now(): number {
    return Date.now();
  }

  /** What people must know of it; the offset in whole seconds, since each change of a status wakes the hub. */
  health(): { readonly offset: number | null; readonly synced: boolean } {
    return { offset: this.offset === null ? null : Math.round(this.offset / 1000) * 1000, synced: this.#synced };
  }

  /** The clock fields of a record made now. */
  read(): NodeClock {
    const { offset } = this;
    return {
      wall: this.now(),
      // CLOCK_MONOTONIC: since boot on Linux.
      mono: Number(process.hrtime.bigint() / 1_000_000n),
      boot: this.#boot,
      synced: this.#synced,
      ...(offset === null ? {} : { offset: Math.round(offset) }),
    };
  }

  #ask(): void {
    if (existsSync(SYNCED_FILE)) {
      this.#synced = true;
      return;
    }
    // chrony and ntpd tell the kernel, and timedatectl reads the kernel; a missing program is an error in the callback.
    execFile('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: ANSWER_MS }, (error, stdout) => {
      this.#synced = error === null && stdout.trim() === 'yes';
    });
  }
}
