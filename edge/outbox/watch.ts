import type { Fault } from '../../protocol/fault.ts';
import { type Notice, notices } from './notice.ts';
import type { Mark } from './records.ts';
import { Reserve, type ReserveState, reservePath } from './reserve.ts';
import { freeBytes, type Level, levelOf, louder, type OutboxLimits, type Space } from './space.ts';
import { leaveTrace } from './trace.ts';

/** How often the disk is looked at: faster than a person can free or fill it. */
const LOOK_MS = 2_000;
/** How often the trace is written at most: a small file, not synced; its age is what a deleted outbox can't tell about. */
const TRACE_MS = 10_000;

export type OutboxLog = (event: string, fields: Readonly<Record<string, string | number | boolean | null>>) => void;

export interface WatchOptions {
  readonly path: string;
  readonly limits: OutboxLimits;
  readonly usage: () => { readonly items: number; readonly bytes: number };
  readonly mark: () => Mark;
  readonly fault: () => Fault | undefined;
  /** Tries to commit, to see whether the disk takes anything again. */
  readonly probe: () => void;
  readonly changed: () => void;
  readonly log: OutboxLog;
}

export interface OutboxHealth {
  /** Why nothing is taken now: OUTBOX_FULL or OUTBOX_WRITE until a commit succeeds again; OUTBOX_FULL with `limit` at a limit of the outbox. */
  readonly fault?: { readonly code: string; readonly text: string; readonly limit?: true };
  readonly space: Space;
  readonly reserve: ReserveState;
  /** What happened to the file and nobody has confirmed. */
  readonly notices: readonly Notice[];
}

/** Looks after the outbox's disk: how full it is, the reserve, what a person must see, and the trace for the next start. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #reserve: Reserve;
  readonly #timer: NodeJS.Timeout;
  #space: Space;
  #notices: readonly Notice[];
  #traced: Mark | undefined;
  /** As of the last look: it costs a call to the kernel. */
  #free: number | null | undefined;
  #tracedAt = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#reserve = new Reserve(reservePath(options.path), options.limits.reserveBytes);
    this.#notices = notices(options.path);
    this.#space = this.#measure('ok');
    // The file is there from now on: that it once was must be known even if it is gone in a second.
    this.#trace(performance.now());
    this.#timer = setInterval(() => this.#tryLook(), LOOK_MS).unref();
  }

  get space(): Space {
    return this.#space;
  }

  get reserve(): ReserveState {
    return this.#reserve.state;
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** After each commit and acknowledgement: how full it is now. Tells of a new level. */
  update(): void {
    const before = this.#space.level;
    this.#space = this.#measure(before);
    const { level, items, bytes, freeBytes: free } = this.#space;
    if (level === before) return;
    this.#options.log('outbox.level', { level, items, bytes, freeBytes: free });
    this.#options.changed();
  }

  /** Gives up the reserve for a full disk. False when there is none to give. */
  release(): boolean {
    if (!this.#reserve.release()) return false;
    this.#options.log('outbox.reserve', { state: 'released' });
    this.update();
    return true;
  }

  /** A look that fails, for want of file descriptors or on a disk that reads nothing, must not stop the dock: the next one comes soon. */
  #tryLook(): void {
    try {
      this.look();
    } catch (error) {
      this.#options.log('outbox.look.failed', { text: (error as Error).message });
    }
  }

  look(): void {
    const state = this.#reserve.state;
    if (this.#options.fault() === undefined) this.#reserve.grow();
    else this.#options.probe();
    if (this.#reserve.state !== state && this.#reserve.state === 'held') this.#options.log('outbox.reserve', { state: 'held' });
    this.#free = undefined;
    this.update();
    const seen = this.#notices.length;
    this.#notices = notices(this.#options.path);
    if (seen !== this.#notices.length || this.#reserve.state !== state) this.#options.changed();
    const now = performance.now();
    if (this.#options.mark() !== this.#traced && now - this.#tracedAt >= TRACE_MS) this.#trace(now);
  }

  /** Leaves the last trace. */
  stop(): void {
    clearInterval(this.#timer);
    this.#trace(performance.now());
  }

  #trace(now: number): void {
    this.#traced = this.#options.mark();
    this.#tracedAt = now;
    leaveTrace(this.#options.path, this.#traced);
  }

  #measure(before: Level): Space {
    const { path, limits, usage, fault } = this.#options;
    this.#free ??= freeBytes(path);
    const used = { ...usage(), freeBytes: this.#free };
    const own = levelOf(used, limits, before);
    const level = fault() === undefined ? own : 'full';
    return {
      ...used,
      limitItems: limits.maxItems,
      limitBytes: limits.maxBytes,
      level: this.#reserve.state === 'released' ? louder(level, 'critical') : level,
    };
  }
}
