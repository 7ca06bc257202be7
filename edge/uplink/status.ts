import type { NodeStatus } from '../../protocol/command.ts';

/** A status that only counts on (reads a second, queue) is sent this often at most: each wakes two objects of the hub. */
export const STATUS_MS = 15_000;
/** One that tells something new is sent at once, but not more often than this: a reader may flap. */
export const STATUS_SOON_MS = 1_000;

/** What people must see soon: everything but the instant and the counters. */
function essence(status: NodeStatus): string {
  const readers = status.readers?.map(({ id, state }) => `${id}=${state}`) ?? [];
  return JSON.stringify([
    status.online,
    status.epoch,
    (status.queued ?? 0) === 0,
    status.version,
    readers,
    status.outbox?.level,
    status.outbox?.notices,
    status.zones,
    status.wants,
  ]);
}

/** The status without its instant, to see whether anything changed at all. */
function content(status: NodeStatus): string {
  return JSON.stringify({ ...status, at: 0 });
}

/** Decides when a status is worth sending. Pure: the instants are monotonic milliseconds. */
export class StatusPace {
  #sentAt = Number.NEGATIVE_INFINITY;
  #essence = '';
  #content = '';

  /** A new connection: the hub must hear from this node again. */
  reset(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY;
    this.#essence = '';
    this.#content = '';
  }

  /** Whether to send `status` now; remembers it as sent when so. */
  take(status: NodeStatus, now: number): boolean {
    const [essential, whole] = [essence(status), content(status)];
    if (whole === this.#content) return false;
    if (now - this.#sentAt < (essential === this.#essence ? STATUS_MS : STATUS_SOON_MS)) return false;
    this.#sentAt = now;
    this.#essence = essential;
    this.#content = whole;
    return true;
  }
}
