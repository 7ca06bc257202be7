import type { Held, Moved, Sample, Stand } from './sample.ts';
import { SAID } from './samplecount.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/** Rows looked up in one statement: some 10 ms, and a JSON parameter far below 2 MB. */
const MAX_SERIALS = 2_000;
const MAX_MOVES = 200;
/** Differences that one sample names: the first ones say enough. */
export const MAX_DIFFERENCES = 20;

type At = readonly [item: number, serial: number];

function* eachStand({ items }: Sample): Generator<At> {
  for (const [item, { stands }] of items) for (const serial of stands.keys()) yield [item, serial];
}

function* eachMove({ items }: Sample): Generator<readonly [item: number, entry: number]> {
  for (const [item, { moves }] of items) for (const entry of moves.keys()) yield [item, entry];
}

function take<T>(from: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = from.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

/** All that is said of where an item is, in one line: two stands are equal when their lines are. */
function standText(site: number, entry: number, rest: { seen: number; debt: number; word: number | null; zone: string | null }): string {
  const counted = rest.word === null ? '' : `, counted ${rest.word} in zone ${rest.zone ?? '*'}`;
  const debt = rest.debt === 0 ? '' : `, never in at site ${rest.debt}`;
  return `${site > 0 ? `at site ${site}` : `out of site ${-site}`} by entry ${entry}, last seen ${rest.seen}${debt}${counted}`;
}
const saidText = ({ site, entry, seen, debt, said }: Stand): string =>
  standText(site, entry, { seen, debt, word: said === undefined ? null : SAID[said.kind], zone: said?.zone ?? null });
const rowText = (row: Row): string =>
  standText(num(row, 'site'), num(row, 'entry'), {
    ...{ seen: num(row, 'seen'), debt: num(row, 'never_in') },
    ...{ word: row['word'] === null ? null : num(row, 'word'), zone: row['zone'] === null ? null : text(row, 'zone') },
  });

const STANDS = `r.item, r.serial, r.site, r.entry, r.seen, r.never_in, k.word, z.zone`;
const COUNTED = 'LEFT JOIN counted AS k ON k.item = r.item AND k.serial = r.serial LEFT JOIN zones AS z ON z.id = k.zone';
const inRanges = (ranges: readonly (readonly [number, number])[], ordinal: number): boolean =>
  ranges.some(([first, count]) => ordinal >= first && ordinal < first + count);

/**
 * Holds what the tables say against a sample that was read up to the head: bit by bit, and each time at the head. Reads only.
 */
export class Contrast {
  readonly differences: string[] = [];
  readonly #sql: Sql;
  readonly #sample: Sample;
  readonly #stands: Iterator<At>;
  readonly #moves: Iterator<readonly [number, number]>;
  #step: 'stands' | 'moves' | 'rest' | 'done' = 'stands';

  constructor(sql: Sql, sample: Sample) {
    this.#sql = sql;
    this.#sample = sample;
    // A map's iterator also comes to what is added while it runs.
    this.#stands = eachStand(sample);
    this.#moves = eachMove(sample);
  }

  #say(item: number, what: string): void {
    const name = `GTIN ${this.#sample.items.get(item)?.gtin ?? 'unknown'} (item ${item})`;
    if (this.differences.length < MAX_DIFFERENCES) this.differences.push(`${what.replace('ITEM', name)}`);
  }

  /** Goes on by one slice; true when all is compared. The sample must have been read up to the head. */
  slice(): boolean {
    if (this.#step === 'stands') {
      const some = take(this.#stands, MAX_SERIALS);
      this.#compareStands(some);
      if (some.length < MAX_SERIALS) this.#step = 'moves';
    } else if (this.#step === 'moves') {
      const some = take(this.#moves, MAX_MOVES);
      this.#compareMoves(some);
      if (some.length < MAX_MOVES) this.#step = 'rest';
    } else if (this.#step === 'rest') {
      this.#compareCounts();
      this.#step = 'done';
    }
    return this.#step === 'done';
  }

  #compareStands(some: readonly At[]): void {
    const rows = this.#sql.exec(
      `SELECT ${STANDS} FROM json_each(?) AS w CROSS JOIN serials AS r ON r.item = w.value ->> 0 AND r.serial = w.value ->> 1 ${COUNTED}`,
      JSON.stringify(some),
    );
    const found = new Map(rows.map((row) => [`${num(row, 'item')} ${num(row, 'serial')}`, rowText(row)]));
    for (const [item, serial] of some) {
      const said = saidText((this.#sample.items.get(item) as Held).stands.get(serial) as Stand);
      const stored = found.get(`${item} ${serial}`);
      if (stored === said) continue;
      this.#say(item, `serials: serial ${serial} of ITEM ${stored === undefined ? 'has no row' : `is ${stored}`}, the log says ${said}`);
    }
  }

  #compareMoves(some: readonly (readonly [number, number])[]): void {
    const rows = this.#sql.exec(
      'SELECT entry, at, site, lines FROM passages WHERE entry IN (SELECT value ->> 1 FROM json_each(?))',
      JSON.stringify(some),
    );
    const passages = new Map(rows.map((row) => [num(row, 'entry'), row]));
    const wanted = some.map(([item, entry]) => [item, (this.#sample.items.get(item) as Held).moves.get(entry)?.at, entry]);
    const indexed = this.#sql.exec(
      `SELECT m.item, m.entry FROM json_each(?) AS k CROSS JOIN movements AS m
        ON m.item = k.value ->> 0 AND m.at = k.value ->> 1 AND m.entry = k.value ->> 2`,
      JSON.stringify(wanted),
    );
    const found = new Set(indexed.map((row) => `${num(row, 'item')} ${num(row, 'entry')}`));
    for (const [item, entry] of some) {
      const moved = (this.#sample.items.get(item) as Held).moves.get(entry) as Moved;
      if (!found.has(`${item} ${entry}`)) this.#say(item, `movements: entry ${entry} at ${moved.at} of ITEM has no row`);
      this.#comparePassage(item, entry, moved, passages.get(entry));
    }
  }

  #comparePassage(item: number, entry: number, moved: Moved, row: Row | undefined): void {
    if (row === undefined) {
      this.#say(item, `passages: entry ${entry}, which moved ITEM, has no row`);
      return;
    }
    const lines = JSON.parse(text(row, 'lines')) as [number, number, [number, number][]][];
    const [, quantity = 0, ranges = []] = lines.find(([of]) => of === item) ?? [];
    const whole = this.#sample.choice.parts === 1;
    const fits =
      num(row, 'at') === moved.at &&
      num(row, 'site') === moved.site &&
      moved.effective.every((ordinal) => inRanges(ranges, ordinal)) &&
      !moved.idle.some((ordinal) => inRanges(ranges, ordinal)) &&
      (!whole || (quantity === moved.effective.length && ranges.reduce((sum, [, count]) => sum + count, 0) === quantity));
    if (!fits)
      this.#say(
        item,
        `passages: entry ${entry} says of ITEM ${JSON.stringify([quantity, ranges])}, the log says ordinals ${moved.effective.join(',')}`,
      );
  }

  /** Rows that the log knows nothing of are found by counting, and named by looking at each. */
  #compareCounts(): void {
    const { after, to, part, parts } = this.#sample.choice;
    const range = [after, to, parts, part];
    const serials = `FROM serials AS r ${COUNTED} WHERE r.item > ? AND r.item <= ? AND r.serial % ? = ?`;
    const known = [...this.#sample.items.values()].reduce((sum, { stands }) => sum + stands.size, 0);
    if (num(this.#sql.exec(`SELECT COUNT(*) AS n ${serials}`, ...range)[0] ?? {}, 'n') !== known) {
      for (const row of this.#sql.exec(`SELECT ${STANDS} ${serials}`, ...range)) {
        const [item, serial] = [num(row, 'item'), num(row, 'serial')];
        if (this.#sample.items.get(item)?.stands.has(serial) === true) continue;
        this.#say(item, `serials: serial ${serial} of ITEM is ${rowText(row)}, the log never saw it`);
      }
    }
    if (parts === 1) this.#compareMovementCount(after, to);
  }

  #compareMovementCount(after: number, to: number): void {
    const known = [...this.#sample.items.values()].reduce((sum, { moves }) => sum + moves.size, 0);
    const movements = 'FROM movements WHERE item > ? AND item <= ?';
    if (num(this.#sql.exec(`SELECT COUNT(*) AS n ${movements}`, after, to)[0] ?? {}, 'n') === known) return;
    for (const row of this.#sql.exec(`SELECT item, at, entry ${movements}`, after, to)) {
      const [item, entry, at] = [num(row, 'item'), num(row, 'entry'), num(row, 'at')];
      if (this.#sample.items.get(item)?.moves.get(entry)?.at === at) continue;
      this.#say(item, `movements: entry ${entry} at ${at} of ITEM, the log knows no such movement`);
    }
  }

  /** Quantities at `pin`, by item and site, against those that stood in the table at that moment. */
  compareStock(stored: ReadonlyMap<string, number>): void {
    const said = this.#sample.stock;
    for (const key of new Set([...stored.keys(), ...said.keys()])) {
      const [item = 0, site = 0] = key.split(' ').map(Number);
      const [has, counts] = [stored.get(key), said.get(key)];
      if ((has ?? 0) === (counts ?? 0) && (has === undefined) === (counts === undefined)) continue;
      const row = has === undefined ? 'has no row' : `is ${has}`;
      this.#say(item, `stock: quantity of ITEM at site ${site} ${row}, the log says ${counts ?? 'nothing'}`);
    }
  }
}

/** Quantities in the table of the items after `after` up to `to`, by item and site. */
export function stockRows(sql: Sql, after: number, to: number): Map<string, number> {
  const rows = sql.exec('SELECT item, site, quantity FROM stock WHERE item > ? AND item <= ?', after, to);
  return new Map(rows.map((row) => [`${num(row, 'item')} ${num(row, 'site')}`, num(row, 'quantity')]));
}
