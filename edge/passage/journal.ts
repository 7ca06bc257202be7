import { closeSync, fdatasync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '../../protocol/fault.ts';
import type { Read } from '../../protocol/read.ts';
import type { TrackerSnapshot } from './tracker.ts';

/** What happened at a door, in the order in which its tracker was told. */
export type JournalEntry =
  | { readonly kind: 'snapshot'; readonly snapshot: TrackerSnapshot }
  | { readonly kind: 'reads'; readonly reader: string; readonly reads: readonly Read[] }
  | { readonly kind: 'tick'; readonly now: number }
  /** Names of sightings of a reader that were taken before the snapshot. */
  | { readonly kind: 'keys'; readonly reader: string; readonly keys: readonly number[] };

/** `named` are reads with their keys. */
const KIND = { snapshot: 1, reads: 2, tick: 3, named: 4, keys: 5 } as const;
/** u32 length of the payload, u32 CRC-32 of kind and payload, u8 kind. */
const HEAD_BYTES = 9;
const KEY_BYTES = 6;
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

/** Has the disk keep a file or folder; false when it is gone. */
export type SyncFile = (path: string) => Promise<boolean>;

const syncFile: SyncFile = async (path) => {
  try {
    await using file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EISDIR') throw error;
      return open(path, 'r');
    });
    await file.datasync();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

/**
 * The reads of one door since it was last free, so that a pallet in the door during a crash is not lost. Plain writes survive the
 * end of the process; while goods are in the door they are synced once a second, so that a power cut costs the reads of the last
 * second, and a whole passage only if it was that short. A sync of each read would wear out a card. Segments are new files, never renamed over old ones: what is deleted within seconds never reaches the disk.
 *
 * Readers that wait for an acknowledgement give up their own copy with it: for them `settle` has the disk keep everything, and an
 * older segment is deleted only when what replaces it is on the disk.
 */
export class Journal {
  readonly #dir: string;
  readonly #door: string;
  readonly #makeRoom: (() => boolean) | undefined;
  readonly #sync: SyncFile;
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
  /** Something was told that stands in no segment: only a fresh segment, with all before it committed, ends that. */
  #torn = false;
  /** Bytes of the current segment that are on the disk for certain. */
  #settledSize = 0;
  /** Older segments that are not on the disk for certain, with their sizes. */
  readonly #unsettled = new Map<number, number>();
  /** A segment was made since the folder was last synced. */
  #folderChanged = false;

  /** @param makeRoom frees space on a full disk; false when there is none left to free */
  constructor(dir: string, door: string, makeRoom?: () => boolean, sync: SyncFile = syncFile) {
    this.#dir = dir;
    this.#door = door;
    this.#makeRoom = makeRoom;
    this.#sync = sync;
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
      } else {
        this.#kept += at;
        this.#unsettled.set(segment, at);
      }
    }
  }

  /** Starts a new segment from the state of a free door; the older ones stay until {@link release}. `keys` are the names of the latest sightings by reader. */
  begin(snapshot: TrackerSnapshot, keys: ReadonlyMap<string, readonly number[]> = new Map()): void {
    const last = this.#segments.at(-1);
    const segment = (last ?? 0) + 1;
    const kept = this.#kept + this.#size;
    // The last one goes on: its reads are played back after those of the passages before them.
    if (kept > MAX_KEPT_BYTES) return;
    if (last !== undefined && this.#fd !== undefined && this.#settledSize < this.#size) this.#unsettled.set(last, this.#size);
    this.close();
    this.#kept = kept;
    this.#size = 0;
    this.#syncedSize = 0;
    this.#settledSize = 0;
    this.#refused = false;
    try {
      this.#fd = this.#open(this.#path(segment));
    } catch {
      // As in #write: the tracking goes on without its safety net. What the older segments tell is recognised by its names.
      this.#torn = true;
      return;
    }
    this.#segments.push(segment);
    this.#folderChanged = true;
    this.#write(KIND.snapshot, Buffer.from(JSON.stringify(snapshot)));
    for (const [reader, list] of keys) this.#write(KIND.keys, keysPayload(reader, list));
  }

  /**
   * Deletes all segments but the current one: what they told is committed. With `settled` it waits until the current one is on the disk:
   * false says that this is not so yet.
   */
  release(settled = false): boolean {
    if (this.writing) this.#torn = false;
    if (settled && this.#segments.length > 1 && this.#settledSize === 0) return false;
    while (this.#segments.length > 1) {
      try {
        rmSync(this.#path(this.#segments[0] as number), { force: true });
      } catch {
        // A disk that turned read-only: tried again with the next release.
        return true;
      }
      this.#unsettled.delete(this.#segments.shift() as number);
    }
    this.#kept = 0;
    return true;
  }

  /** Whether {@link settle} has anything to do. */
  get settled(): boolean {
    return !this.#torn && this.#unsettled.size === 0 && (this.#fd === undefined || this.#settledSize === this.#size);
  }

  /**
   * Resolves when everything told so far is on the disk, or was committed and deleted meanwhile; with the number of syncs it took. One at a time.
   * @throws Fault JOURNAL_FULL, JOURNAL_SYNC when it is not, and may never be
   */
  async settle(): Promise<number> {
    if (this.#torn) {
      throw new Fault(
        'JOURNAL_FULL',
        `the journal of door ${this.#door} takes no reads: free space on its disk; readers keep theirs until then`,
      );
    }
    const current = this.#fd === undefined ? undefined : this.#segments.at(-1);
    const [upTo, folderChanged] = [this.#size, this.#folderChanged];
    const due = new Map(this.#unsettled);
    if (current !== undefined && this.#settledSize < upTo) due.set(current, upTo);
    let syncs = 0;
    try {
      for (const segment of due.keys()) {
        // By its path, not by #fd: that one may be closed meanwhile, and its number given to another file.
        if (await this.#sync(this.#path(segment))) syncs++;
      }
      if (folderChanged && due.size > 0) {
        await this.#sync(this.#dir);
        syncs++;
        this.#folderChanged = false;
      }
    } catch (error) {
      // What a failed sync leaves unwritten, the kernel may take for written at the next one: this segment is trusted no more.
      this.#refused = true;
      this.#torn = true;
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault('JOURNAL_SYNC', `the journal of door ${this.#door} does not reach its disk (${why}): check the disk`);
    }
    for (const [segment, size] of due) {
      if (segment === this.#segments.at(-1) && this.#fd !== undefined) {
        this.#settledSize = Math.max(this.#settledSize, size);
        this.#syncedSize = Math.max(this.#syncedSize, size);
      } else if (this.#unsettled.get(segment) === size) this.#unsettled.delete(segment);
    }
    return syncs;
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
    const named = reads[0]?.key !== undefined;
    const fixed = named ? 18 + KEY_BYTES : 18;
    const payload = Buffer.allocUnsafe(2 + reader.length + reads.reduce((sum, read) => sum + fixed + read.epc.length, 0));
    payload.writeUInt16BE(reader.length, 0);
    payload.write(reader, 2, 'latin1');
    let at = 2 + reader.length;
    for (const { epc, antenna, rssi, at: instant, key = 0 } of reads) {
      payload[at] = epc.length;
      payload.write(epc, at + 1, 'latin1');
      at += 1 + epc.length;
      payload[at] = antenna;
      payload.writeDoubleBE(rssi, at + 1);
      payload.writeDoubleBE(instant, at + 9);
      at += 17;
      if (named) at = payload.writeUIntBE(key, at, KEY_BYTES);
    }
    this.#write(named ? KIND.named : KIND.reads, payload);
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
    if (!this.writing || this.#fd === undefined) {
      this.#torn = true;
      return;
    }
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
      this.#torn = true;
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
      return { entry: parseReads(payload, 0), end };
    case KIND.named:
      return { entry: parseReads(payload, KEY_BYTES), end };
    case KIND.keys:
      return { entry: parseKeys(payload), end };
    default:
      return undefined;
  }
}

function keysPayload(reader: string, keys: readonly number[]): Buffer {
  const payload = Buffer.allocUnsafe(2 + reader.length + keys.length * KEY_BYTES);
  payload.writeUInt16BE(reader.length, 0);
  let at = 2 + payload.write(reader, 2, 'latin1');
  for (const key of keys) at = payload.writeUIntBE(key, at, KEY_BYTES);
  return payload;
}

function parseKeys(payload: Buffer): JournalEntry {
  const start = 2 + payload.readUInt16BE(0);
  const keys: number[] = [];
  for (let at = start; at + KEY_BYTES <= payload.length; at += KEY_BYTES) keys.push(payload.readUIntBE(at, KEY_BYTES));
  return { kind: 'keys', reader: payload.toString('latin1', 2, start), keys };
}

function parseReads(payload: Buffer, keyBytes: 0 | typeof KEY_BYTES): JournalEntry {
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
      ...(keyBytes === 0 ? {} : { key: payload.readUIntBE(after + 17, keyBytes) }),
    });
    at = after + 17 + keyBytes;
  }
  return { kind: 'reads', reader: payload.toString('latin1', 2, start), reads };
}
