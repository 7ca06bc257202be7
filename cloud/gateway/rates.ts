import { Bucket } from '../limiter.ts';
import * as limit from './limits.ts';

/**
 * How much one node may ask of its gateway and, through it, of the tenant's ledger. One for the object, not for the connection: a node
 * that is cut off for its rate must not begin anew by connecting again. Nothing is stored: each bucket is full again after
 * RATE_BURST_SECONDS, and an object sleeps only after as long without a message, so that one that slept knows no less.
 */
export class Rates {
  readonly #packets: Bucket;
  readonly #bytes: Bucket;
  readonly #refusals: Bucket;
  readonly #reports: Bucket;

  /** `now` here and below is epoch milliseconds. */
  constructor(now: number) {
    const bucket = (perSecond: number): Bucket => new Bucket({ perSecond, burst: perSecond * limit.RATE_BURST_SECONDS }, now);
    this.#packets = bucket(limit.PACKETS_PER_SECOND);
    this.#bytes = bucket(limit.BYTES_PER_SECOND);
    this.#reports = bucket(limit.REPORTS_PER_SECOND);
    this.#refusals = new Bucket({ perSecond: limit.REFUSALS_PER_SECOND, burst: limit.REFUSALS_BURST }, now);
  }

  /** Counts a WebSocket message; false when the node sends faster than it may. */
  message(bytes: number, now: number): boolean {
    return this.#bytes.take(now, bytes + limit.MESSAGE_BYTES) === 0;
  }

  /** Counts a packet; false when the node sends faster than it may. */
  packet(now: number): boolean {
    return this.#packets.take(now) === 0;
  }

  /** Whether a batch may be looked at: not while too many were refused for good. */
  mayPost(now: number): boolean {
    return this.#refusals.wait(now) === 0;
  }

  /** Counts a batch that was refused for good. */
  refused(now: number): void {
    this.#refusals.charge(now);
  }

  /** Takes a report to the ledger. @returns 0, or the milliseconds until there may be one. */
  report(now: number): number {
    return this.#reports.take(now) * 1000;
  }
}
