import { type AlarmLog, raise } from './alarms.ts';
import { Contrast, MAX_DIFFERENCES, stockRows } from './contrast.ts';
import { sizeOf } from './page.ts';
import type { Migration, Projection } from './projection.ts';
import type { Rebuild } from './rebuild.ts';
import { Sample } from './sample.ts';
import { num, type Sql, text } from './sql.ts';

/**
 * Where the background check is. One row, written once a round: `item` and `width` choose the next sample, `places` says where each projection's own check
 * goes on, `due` when the next round begins, `since` the size of the log when this rotation began.
 */
export const inspectionMigration: Migration = {
  id: 'inspection',
  statements: [
    `CREATE TABLE inspection (
      id INTEGER PRIMARY KEY CHECK (id = 1), item INTEGER NOT NULL, width INTEGER NOT NULL, places TEXT NOT NULL, due INTEGER NOT NULL,
      since INTEGER NOT NULL, rotations INTEGER NOT NULL, rotated INTEGER)`,
  ],
};

/** Between the slices of a round, milliseconds: a tenth of the object's time, and short enough that it stays in memory with what it has read. */
const PAUSE_MS = 150;
/** A round rests for so long per slice that it took: one hundredth of the object's time all in all. */
const REST_PER_SLICE_MS = 750;
const MIN_REST_MS = 600_000;
const MAX_REST_MS = 86_400_000;
/** After a rotation in which nothing was appended only damage can be found: four times a day. */
const IDLE_REST_MS = 21_600_000;
/** Serials and moves that a sample may hold: some 15 MB of the 128 MB that an object has. */
const MAX_HELD = 100_000;
/** Slices of each projection's own check in a round. */
const OWN_SLICES = 20;
/** Items of the first sample; then the sample grows and shrinks with what it holds. */
const FIRST_WIDTH = 16;
const MAX_WIDTH = 4_096;

interface Place {
  readonly item: number;
  readonly width: number;
  readonly places: Readonly<Record<string, string | null>>;
  readonly due: number;
  readonly since: number;
}

/** A round under way: only memory has it, so after an eviction it begins again. */
interface Round {
  readonly place: Place;
  readonly to: number;
  readonly last: boolean;
  readonly parts: number;
  /** What the stock table said when the round began, at entry `pin`. */
  readonly stored: ReadonlyMap<string, number>;
  readonly differences: string[];
  sample: Sample;
  contrast: Contrast | undefined;
  slices: number;
  /** Projections whose own check goes on, and where. */
  own: { readonly name: string; readonly left: number; readonly cursor: string | null }[];
  readonly reached: Record<string, string | null>;
}

export interface InspectionOptions {
  readonly sql: Sql;
  readonly projections: readonly Projection[];
  readonly log: AlarmLog;
  readonly rebuild: Rebuild;
  /** Serials and moves in memory; the usual bound when absent. */
  readonly maxHeld?: number;
}

/**
 * Checks all the time that what is stored follows from the log: in each round a sample of items is folded again in memory by other code, and each projection
 * checks a few things of its own. A rotation goes through all items. Writes nothing but its place, once a round, and an alarm where something differs.
 */
export class Inspection {
  readonly #options: InspectionOptions;
  readonly #sql: Sql;
  #round: Round | undefined;
  #parts = 1;

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.#sql = options.sql;
  }

  /** Goes on by one slice of some 10 ms. `now` is epoch milliseconds. Returns in how many milliseconds to go on; null for an empty log. */
  slice(now: number): number | null {
    const size = sizeOf(this.#sql);
    if (size === 0) return null;
    // What is being replaced, or was folded by other code, is not expected to agree.
    if (!this.#options.rebuild.settled()) {
      this.#round = undefined;
      return MIN_REST_MS;
    }
    if (this.#round === undefined) {
      const place = this.#place();
      if (place === undefined) return this.#keep({ item: 0, width: FIRST_WIDTH, places: {}, due: now + MIN_REST_MS, since: size }, now);
      if (place.due > now) return place.due - now;
      this.#round = this.#begin(place, size);
    }
    const round = this.#round;
    round.slices += 1;
    if (this.#work(round, size)) return this.#end(round, now);
    return PAUSE_MS;
  }

  #place(): Place | undefined {
    const row = this.#sql.exec('SELECT item, width, places, due, since FROM inspection')[0];
    if (row === undefined) return undefined;
    const places = JSON.parse(text(row, 'places')) as Place['places'];
    return { item: num(row, 'item'), width: num(row, 'width'), places, due: num(row, 'due'), since: num(row, 'since') };
  }

  #keep(place: Place, now: number, rotated = false): number {
    this.#sql.exec(
      `INSERT INTO inspection (id, item, width, places, due, since, rotations) VALUES (1, ?, ?, ?, ?, ?, 0)
        ON CONFLICT DO UPDATE SET item = excluded.item, width = excluded.width, places = excluded.places, due = excluded.due, since = excluded.since,
          rotations = rotations + ?6, rotated = CASE WHEN ?6 = 1 THEN ?7 ELSE rotated END`,
      place.item,
      place.width,
      JSON.stringify(place.places),
      place.due,
      place.since,
      rotated ? 1 : 0,
      now,
    );
    return place.due - now;
  }

  #begin(place: Place, size: number): Round {
    const items = this.#sql.exec('SELECT id FROM items WHERE id > ? ORDER BY id LIMIT ?', place.item, place.width + 1);
    const chosen = items.slice(0, place.width);
    const last = items.length <= place.width;
    // The last sample also takes rows of keys that no item has.
    const to = last ? Number.MAX_SAFE_INTEGER : num(chosen.at(-1) ?? {}, 'id');
    const parts = chosen.length <= 1 ? this.#parts : 1;
    const sample = new Sample(this.#sql, { after: place.item, to, part: 0, parts }, size, new Map());
    const own = this.#options.projections
      .filter((projection) => projection.inspect !== undefined)
      .map(({ name }) => ({ name, left: OWN_SLICES, cursor: place.places[name] ?? null }));
    const stored = stockRows(this.#sql, place.item, to);
    return { place, to, last, parts, stored, differences: [], sample, contrast: undefined, slices: 0, own, reached: {} };
  }

  /** One slice of a round; true when it is done. */
  #work(round: Round, size: number): boolean {
    const { sample } = round;
    const atHead = sample.read(size);
    if (sample.held > (this.#options.maxHeld ?? MAX_HELD)) {
      this.#shrink(round, size);
      return false;
    }
    if (!atHead) return false;
    round.contrast ??= new Contrast(this.#sql, sample);
    if (!round.contrast.slice()) return false;
    if (sample.choice.part + 1 < round.parts) {
      round.differences.push(...round.contrast.differences);
      const choice = { ...sample.choice, part: sample.choice.part + 1 };
      round.sample = new Sample(this.#sql, choice, sample.pin, sample.stock);
      round.contrast = undefined;
      return false;
    }
    if (round.own.length > 0) return this.#ownSlice(round);
    round.contrast.compareStock(round.stored);
    round.differences.push(...round.contrast.differences);
    return true;
  }

  /** A sample that holds too much is taken again with fewer items, or with a part of the serials of its only item. */
  #shrink(round: Round, size: number): void {
    const { width } = round.place;
    if (round.sample.items.size > 1) this.#parts = 1;
    else this.#parts = round.parts * 2;
    const slices = round.slices;
    this.#round = this.#begin({ ...round.place, width: Math.max(1, Math.min(width, round.sample.items.size) >> 1) }, size);
    this.#round.slices = slices;
  }

  /** One slice of a projection's own check; true when the round is done with them, which the next slice ends. */
  #ownSlice(round: Round): boolean {
    const [first, ...rest] = round.own;
    const projection = this.#options.projections.find(({ name }) => name === first?.name);
    if (first === undefined || projection?.inspect === undefined) return false;
    const { next, differences } = projection.inspect(this.#sql, first.cursor);
    round.differences.push(...differences.slice(0, MAX_DIFFERENCES));
    round.reached[first.name] = next;
    const goesOn = next !== null && first.left > 1;
    round.own = goesOn ? [{ ...first, left: first.left - 1, cursor: next }, ...rest] : rest;
    return false;
  }

  #end(round: Round, now: number): number {
    this.#round = undefined;
    this.#parts = 1;
    const { sql, log } = this.#options;
    for (const difference of round.differences.slice(0, MAX_DIFFERENCES)) raise(sql, log, 'INSPECTION_DIFFERS', difference, now);
    const { width, since } = round.place;
    const size = sizeOf(sql);
    const idle = round.last && since === size;
    const rest = idle ? IDLE_REST_MS : Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, round.slices * REST_PER_SLICE_MS));
    const grown = round.sample.held * 4 < MAX_HELD && round.parts === 1 ? Math.min(MAX_WIDTH, width * 2) : width;
    const places = { ...round.place.places, ...round.reached };
    const next = { item: round.last ? 0 : round.to, width: grown, places, due: now + rest, since: round.last ? size : since };
    return this.#keep(next, now, round.last);
  }
}
