import { closeSync, fdatasync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '../../protocol/fault.ts';
import type { Read } from '../../protocol/read.ts';
import type { TrackerSnapshot } from './tracker.ts';

/** What happened at a door, in the order in which its tracker was told. */
export type JournalEntry =
  | { readonly kind: 'snapshot'; readonly snapshot: TrackerSnapshot }
  | { readonly kind: 'reads'; readonly reader: string; readonly reads: readonly Read[] }
  | { readonly kind: 'tick'; readonly now: number };

const KIND = { snapshot: 1, reads: 2, tick: 3 } as const;
/** u32 length of the payload, u32 CRC-32 of kind and payload, u8 kind. */
const HEAD_BYTES = 9;
/**
 * A door that never comes to rest: 60 s at 1,000 reads a second are 2.5 MB, so this is many caps in a row. Beyond it the
 * journal pauses until the door is free, and a crash costs the open passage.
 */
const MAX_BYTES = 33_554_432;
/**
 * Older segments of passages that are not committed, in all: a thousand pallets at a busy door. Beyond it no new segment begins until
 * the disk of the outbox takes what waits; the intake holds those passages in memory meanwhile.
 */
const MAX_KEPT_BYTES = 268_435_456;
/** One erase block a second while goods are in the door: a card of 10,000 cycles and wear levelling lasts for decades of that. */
const SYNC_MS = 1_000;

/**
 * The reads of one door since it was last free, so that a pallet in the door during a crash is not lost. Plain writes survive the
 * end of the process; while goods are in the door they are synced once a second, so that a power cut costs the reads of the last
 * second, and a whole passage only if it was that short. A sync of each read would wear out a card. Segments are new files, never renamed over old ones: what is deleted within seconds never reaches the disk.
 */
export class Journal {
  readonly #dir: string;
  readonly #door: string;
  readonly #makeRoom: (() => boolean) | undefined;
  #segments: number[];
  #fd: number | undefined;
  #size = 0;
  /** Bytes in the older segments. */
  #kept = 0;
  #syncedSize = 0;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #syncing = false;
  /** The disk took no more of this segment. */
  #refused = false;

  /** @param makeRoom frees space on a full disk; false when there is none left to free */
  constructor(dir: string, door: string, makeRoom?: () => boolean) {
    this.#dir = dir;
    this.#door = door;
    this.#makeRoom = makeRoom;
    mkdirSync(dir, { recursive: true });
    this.#segments = readdirSync(dir)
      .flatMap((name) =>
        name.startsWith(`${door}.`) && /^\d+\.journal$/.test(name.slice(door.length + 1)) ? [Number(name.slice(door.length + 1, -8))] : [],
      )
      .sort((a, b) => a - b);
  }

  /** Bytes in the current segment. */
  get size(): number {
    return this.#size;
  }

  /** False while the journal is over its bound or its disk fails: a crash would cost the open passage. */
  get writing(): boolean {
    return this.#fd !== undefined && !this.#refused && this.#size < MAX_BYTES;
  }

  /** What the last run left, oldest first; a torn or damaged end is cut off, and writing goes on behind what is whole. */
  *replay(): Generator<JournalEntry> {
    for (const segment of [...this.#segments]) {
      const path = this.#path(segment);
      const bytes = readFileSync(path);
      let at = 0;
      for (let found = parse(bytes, at); found !== undefined; found = parse(bytes, at)) {
        at = found.end;
        yield found.entry;
      }
      if (segment === this.#segments.at(-1)) {
        this.#fd = openSync(path, 'r+');
        ftruncateSync(this.#fd, at);
        this.#size = at;
      } else this.#kept += at;
    }
  }

  /** Starts a new segment from the state of a free door; the older ones stay until {@link release}. */
  begin(snapshot: TrackerSnapshot): void {
    const segment = (this.#segments.at(-1) ?? 0) + 1;
    const kept = this.#kept + this.#size;
    // The last one goes on: its reads are played back after those of the passages before them.
    if (kept > MAX_KEPT_BYTES) return;
    this.close();
    this.#kept = kept;
    this.#size = 0;
    this.#syncedSize = 0;
    this.#refused = false;
    try {
      this.#fd = this.#open(this.#path(segment));
    } catch {
      // As in #write: the tracking goes on without its safety net. What the older segments tell is recognised by its names.
      return;
    }
    this.#segments.push(segment);
    this.#write(KIND.snapshot, Buffer.from(JSON.stringify(snapshot)));
  }

  /** Deletes all segments but the current one: what they told is committed. */
  release(): void {
    while (this.#segments.length > 1) {
      try {
        rmSync(this.#path(this.#segments[0] as number), { force: true });
      } catch {
        // A disk that turned read-only: tried again with the next release.
        return;
      }
      this.#segments.shift();
    }
    this.#kept = 0;
  }

  /** While goods are in the door: has the disk keep what was written, at most once a second and without waiting for it. */
  sync(): void {
    if (this.#syncing || this.#fd === undefined || this.#syncedSize === this.#size) return;
    const now = performance.now();
    if (now - this.#syncedAt < SYNC_MS) return;
    this.#syncing = true;
    this.#syncedAt = now;
    this.#syncedSize = this.#size;
    // A disk that can't shows it at the next commit of the outbox.
    fdatasync(this.#fd, () => {
      this.#syncing = false;
    });
  }

  reads(reader: string, reads: readonly Read[]): void {
    const payload = Buffer.allocUnsafe(2 + reader.length + reads.reduce((sum, read) => sum + 18 + read.epc.length, 0));
    payload.writeUInt16BE(reader.length, 0);
    payload.write(reader, 2, 'latin1');
    let at = 2 + reader.length;
    for (const { epc, antenna, rssi, at: instant } of reads) {
      payload[at] = epc.length;
      payload.write(epc, at + 1, 'latin1');
      at += 1 + epc.length;
      payload[at] = antenna;
      payload.writeDoubleBE(rssi, at + 1);
      payload.writeDoubleBE(instant, at + 9);
      at += 17;
    }
    this.#write(KIND.reads, payload);
  }

  tick(now: number): void {
    const payload = Buffer.allocUnsafe(8);
    payload.writeDoubleBE(now, 0);
    this.#write(KIND.tick, payload);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #path(segment: number): string {
    return join(this.#dir, `${this.#door}.${segment}.journal`);
  }

  #write(kind: number, payload: Buffer): void {
    if (!this.writing || this.#fd === undefined) return;
    const entry = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
    entry.writeUInt32BE(payload.length, 0);
    entry[8] = kind;
    payload.copy(entry, HEAD_BYTES);
    entry.writeUInt32BE(crc32(entry.subarray(8)), 4);
    try {
      this.#put(this.#fd, entry);
      this.#size += entry.length;
    } catch {
      // A full disk must not stop the tracking: the outbox tells about the disk, the journal only gives up its safety net.
      this.#refused = true;
    }
  }

  #put(fd: number, entry: Buffer): void {
    try {
      if (writeSync(fd, entry, 0, entry.length, this.#size) === entry.length) return;
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    // Full, or short because it became full: once more in the space that was held back for this.
    if (this.#makeRoom?.() !== true || writeSync(fd, entry, 0, entry.length, this.#size) < entry.length) {
      throw new Fault('JOURNAL_FULL', `no space for the journal of door ${this.#door}`);
    }
  }

  #open(path: string): number {
    try {
      return openSync(path, 'w');
    } catch (error) {
      if (!isFull(error) || this.#makeRoom?.() !== true) throw error;
      return openSync(path, 'w');
    }
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

function parse(bytes: Buffer, at: number): { entry: JournalEntry; end: number } | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined;
  const end = at + HEAD_BYTES + bytes.readUInt32BE(at);
  if (end > bytes.length || bytes.readUInt32BE(at + 4) !== crc32(bytes.subarray(at + 8, end))) return undefined;
  const payload = bytes.subarray(at + HEAD_BYTES, end);
  switch (bytes[at + 8]) {
    case KIND.snapshot:
      return { entry: { kind: 'snapshot', snapshot: JSON.parse(payload.toString()) as TrackerSnapshot }, end };
    case KIND.tick:
      return { entry: { kind: 'tick', now: payload.readDoubleBE(0) }, end };
    case KIND.reads:
      return { entry: parseReads(payload), end };
    default:
      return undefined;
  }
}

function parseReads(payload: Buffer): JournalEntry {
  const start = 2 + payload.readUInt16BE(0);
  const reads: Read[] = [];
  for (let at = start; at < payload.length; ) {
    const length = payload[at] ?? 0;
    const after = at + 1 + length;
    reads.push({
      epc: payload.toString('latin1', at + 1, after),
      antenna: payload[after] ?? 0,
      rssi: payload.readDoubleBE(after + 1),
      at: payload.readDoubleBE(after + 9),
    });
    at = after + 17;
  }
  return { kind: 'reads', reader: payload.toString('latin1', 2, start), reads };
}
