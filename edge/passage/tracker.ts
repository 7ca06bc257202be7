import { identityOf } from '../../protocol/epc/identity.ts';
import type { Read } from '../../protocol/read.ts';
import type { Direction } from '../../protocol/record.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { Track, type TrackState } from './track.ts';
import { DEFAULT_TUNING, type DoorAntenna, type Tuning } from './tuning.ts';
import { type DoubtReason, judge } from './verdict.ts';

/** An item a person must decide on. */
export interface DoubtfulTag {
  readonly epc: string;
  readonly reason: DoubtReason;
  readonly reads: number;
  /** Its own D, null when one side never saw it. */
  readonly d: number | null;
}

/** A passage that is over. EPCs are upper-case hexadecimal, ascending. */
export interface ClosedPassage {
  /** Door, first read in base 36 and a hash: the same reads give the same name. */
  readonly passage: string;
  readonly door: string;
  /** First and last read of what moved or may have moved, epoch milliseconds. */
  readonly opened: number;
  readonly closed: number;
  readonly direction: Direction | 'unknown';
  /** Of the direction, 0 to 1. */
  readonly confidence: number;
  readonly moved: readonly string[];
  readonly doubts: readonly DoubtfulTag[];
  readonly strays: readonly string[];
  /** SSCCs of the logistic units that moved, 18 digits, ascending. */
  readonly ssccs: readonly string[];
}

/** What stands in the door now. */
export interface LivePassage {
  readonly opened: number;
  /** EPCs of the open passage that did not stand there before. */
  readonly epcs: readonly string[];
  /** The way it seems to go, by what was read so far. */
  readonly direction: Direction | 'unknown';
}

export interface TrackerOptions {
  readonly door: string;
  readonly antennas: readonly DoorAntenna[];
  readonly tuning?: Partial<Tuning>;
}

/** The state between passages, as JSON: with it, the same reads give the same passages. */
export interface TrackerSnapshot {
  readonly passages: number;
  readonly swept: number;
  readonly tracks: readonly TrackState[];
}

/** More tags in one passage than ten full pallets: it is cut here, so that memory stays bounded. */
const MAX_TAGS = 5_000;
/** Tags a door knows between passages: a full cross-dock beside the door. The longest unseen is forgotten first. */
const MAX_KNOWN = 20_000;
/** A tag unseen for this long is forgotten. */
const FORGET_MS = 600_000;
const SWEEP_MS = 10_000;
/** A tag stood there before when its silence is shorter than this, or than four of its usual gaps. */
const RESIDENT_MS = 5_000;
const RESIDENT_GAPS = 4;
/** A tag heard again within this time has come into the field. */
const ARRIVAL_MS = 1_000;
/** How long it must have been known before: the approach of a pallet is not standing. */
const RESIDENT_SINCE_MS = 2_000;
/** A clock set back by more than this ends the open passage: waiting for its old time could take hours. */
const CLOCK_STEP_MS = 1_000;

/** FNV-1a, 16 bits of it, as 4 hexadecimal digits. */
function hash4(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 16)) & 0xffff).toString(16).padStart(4, '0');
}

/** Cuts the reads of one door into passages and judges them. Deterministic in the order of its calls. */
export class DoorTracker {
  readonly door: string;
  readonly #tuning: Tuning;
  readonly #sides: readonly (0 | 1)[];
  /** Antenna index by port, per reader; -1 where the port is not of this door. */
  readonly #ports = new Map<string, Int8Array>();
  readonly #known = new Map<string, Track>();
  /** Tags of the open passage, in the order of their first read. */
  #inside: Track[] = [];
  #passages = 0;
  #opened: number | undefined;
  #activity = 0;
  #swept = 0;

  constructor({ door, antennas, tuning }: TrackerOptions) {
    this.door = door;
    this.#tuning = { ...DEFAULT_TUNING, ...tuning };
    this.#sides = antennas.map((antenna) => (antenna.side === 'inside' ? 1 : 0));
    antennas.forEach((antenna, index) => {
      const ports = this.#ports.get(antenna.reader) ?? new Int8Array(256).fill(-1);
      ports[antenna.port] = index;
      this.#ports.set(antenna.reader, ports);
    });
  }

  /** True while a passage is open. */
  get open(): boolean {
    return this.#opened !== undefined;
  }

  /** The first read of the open passage; Infinity while the door is free. */
  get openedAt(): number {
    return this.#opened ?? Number.POSITIVE_INFINITY;
  }

  /** The open passage for a display; undefined while the door is free. */
  live(): LivePassage | undefined {
    if (this.#opened === undefined) return undefined;
    const coming = this.#inside.filter((track) => !track.resident);
    const evidence = coming.map((track) => evidenceOf(track, this.#sides, this.#activity));
    const { direction } = judge(evidence, this.#tuning).heading;
    return { opened: this.#opened, epcs: coming.map((track) => track.epc), direction };
  }

  /** True when a read of this reader and port belongs to this door. */
  covers(reader: string, port: number): boolean {
    return (this.#ports.get(reader)?.[port] ?? -1) >= 0;
  }

  /** Takes the reads of one reader, in their order; returns the passages that they ended. */
  push(reader: string, reads: readonly Read[]): ClosedPassage[] {
    const ports = this.#ports.get(reader);
    const closed: ClosedPassage[] = [];
    if (ports === undefined) return closed;
    for (const read of reads) {
      const antenna = ports[read.antenna] ?? -1;
      if (antenna < 0) continue;
      if (this.#opened !== undefined && this.#due(read.at)) this.#close(read.at, closed);
      this.#take(read, antenna);
    }
    return closed;
  }

  /** True when `tick(now)` would end a passage. */
  due(now: number): boolean {
    return this.#opened !== undefined && (this.#due(now) || now < this.#opened - CLOCK_STEP_MS);
  }

  /** Ends the open passage when its quiet interval or cap has passed; `now` in epoch milliseconds by the clock of the reads. */
  tick(now: number): ClosedPassage[] {
    const closed: ClosedPassage[] = [];
    if (this.due(now)) this.#close(now, closed);
    return closed;
  }

  /** The state of a free door. @throws RangeError while a passage is open */
  snapshot(): TrackerSnapshot {
    if (this.open) throw new RangeError(`door ${this.door}: a snapshot is taken between passages only`);
    return { passages: this.#passages, swept: this.#swept, tracks: [...this.#known.values()].map((track) => track.state()) };
  }

  restore(snapshot: TrackerSnapshot): void {
    this.#known.clear();
    this.#passages = snapshot.passages;
    this.#swept = snapshot.swept;
    for (const state of snapshot.tracks) {
      // A snapshot of a door with other antennas tells nothing about this one.
      if (state[5].length === this.#sides.length) this.#known.set(state[0], Track.of(state));
    }
  }

  #due(at: number): boolean {
    const opened = this.#opened ?? at;
    return at - this.#activity >= this.#tuning.quietMs || at - opened >= this.#tuning.capMs || this.#inside.length >= MAX_TAGS;
  }

  #take(read: Read, antenna: number): void {
    const { epc, at, rssi } = read;
    let track = this.#known.get(epc);
    if (track === undefined) {
      if (this.#known.size >= MAX_KNOWN) this.#forgetOldest();
      track = new Track(epc, this.#sides.length, at);
      this.#known.set(epc, track);
    }
    const moved = track.follow(antenna, rssi, at);
    if (this.#opened === undefined) {
      if (!moved && !this.#arrives(track, at)) {
        if (at - this.#swept >= SWEEP_MS) this.#sweep(at);
        return;
      }
      this.#passages++;
      this.#opened = at;
      this.#activity = at;
    }
    if (track.passage !== this.#passages) {
      const resident = this.#isResident(track);
      if (!resident) track.movedAt = at;
      track.begin(this.#passages, at, resident);
      this.#inside.push(track);
    }
    track.add(antenna, this.#sides[antenna] as 0 | 1, rssi, at);
    if (at > this.#activity && at - track.movedAt <= this.#tuning.settleMs) this.#activity = at;
  }

  /**
   * Notes a read of the quiet time. True when the tag has just come: not heard for long, and now twice within a second. A
   * single read may be a reflection from far away.
   */
  #arrives(track: Track, at: number): boolean {
    if (track.idleReads === 0 || !this.#stands(track, at)) {
      track.idleFirst = at;
      track.idleReads = 0;
    }
    const again = track.idleReads > 0 && at - track.idleFirst <= ARRIVAL_MS;
    track.idleReads++;
    track.idleLast = at;
    return again;
  }

  #isResident(track: Track): boolean {
    const opened = this.#opened ?? 0;
    return track.idleReads > 1 && this.#stands(track, opened) && opened - track.idleFirst >= RESIDENT_SINCE_MS;
  }

  /** True when a tag was read so lately, for how often it is read, that it must have been there all the time. */
  #stands(track: Track, at: number): boolean {
    const silence = at - track.idleLast;
    if (silence <= RESIDENT_MS) return true;
    return silence <= (RESIDENT_GAPS * (track.idleLast - track.idleFirst)) / Math.max(1, track.idleReads);
  }

  #close(at: number, closed: ClosedPassage[]): void {
    const tags = this.#inside;
    // At the cap, what still moves is the start of the next passage.
    const cut = at - this.#activity < this.#tuning.quietMs;
    const leaving = cut ? tags.filter((track) => at - track.last >= this.#tuning.quietMs) : tags;
    const judged = leaving.length > 0 ? leaving : tags;
    const passage = this.#judge(judged);
    if (passage !== undefined) closed.push(passage);
    this.#opened = undefined;
    this.#inside = [];
    if (judged === tags) return;
    const staying = tags.filter((track) => at - track.last < this.#tuning.quietMs);
    this.#opened = at;
    this.#passages++;
    for (const track of staying) track.passage = this.#passages;
    this.#inside = staying;
  }

  /** Judges the tags and lets go of them; undefined when nothing moved or may have moved. */
  #judge(tracks: readonly Track[]): ClosedPassage | undefined {
    // Levels near the end of the range stop changing before the tag is gone: half the quiet interval is its tail.
    const leftAt = this.#activity + this.#tuning.quietMs / 2;
    const evidence = tracks.map((track) => evidenceOf(track, this.#sides, leftAt));
    const { heading, verdicts } = judge(evidence, this.#tuning);
    const moved: string[] = [];
    const doubts: DoubtfulTag[] = [];
    const strays: string[] = [];
    const ssccs: string[] = [];
    const judged: Evidence[] = [];
    tracks.forEach((track, i) => {
      const one = evidence[i] as Evidence;
      const verdict = verdicts[i];
      if (verdict === undefined || verdict.verdict === 'stray') {
        strays.push(track.epc);
        track.rest();
        return;
      }
      judged.push(one);
      if (one.gone) this.#known.delete(track.epc);
      else track.rest();
      const identity = identityOf(track.epc);
      if ('sscc' in identity) {
        if (verdict.verdict === 'moved' || verdict.reason !== 'contradiction') ssccs.push(identity.sscc);
      } else if (verdict.verdict === 'moved') moved.push(track.epc);
      else doubts.push({ epc: track.epc, reason: verdict.reason, reads: one.reads, d: one.d });
    });
    const start = judged.reduce((a, b) => (b.first < a.first || (b.first === a.first && b.epc < a.epc) ? b : a), judged[0] as Evidence);
    if (start === undefined) return undefined;
    return {
      passage: `${this.door}-${start.first.toString(36)}-${hash4(`${start.epc}/${start.first}`)}`,
      door: this.door,
      opened: start.first,
      closed: judged.reduce((last, one) => Math.max(last, one.last), start.first),
      direction: heading.direction,
      confidence: heading.confidence,
      moved: moved.sort(),
      doubts: doubts.sort((a, b) => (a.epc < b.epc ? -1 : 1)),
      strays: strays.sort(),
      ssccs: [...new Set(ssccs)].sort(),
    };
  }

  #sweep(at: number): void {
    this.#swept = at;
    for (const [epc, track] of this.#known) if (at - track.idleLast > FORGET_MS && track.passage === 0) this.#known.delete(epc);
  }

  /** Drops a tenth of the tags, the longest unseen, so that the search is paid once for many. */
  #forgetOldest(): void {
    const idle = [...this.#known.values()].filter((track) => track.passage === 0).sort((a, b) => a.idleLast - b.idleLast);
    for (const track of idle.slice(0, MAX_KNOWN / 10)) this.#known.delete(track.epc);
  }
}
