import { Adjustments, type CountPlace } from './adjustments.ts';
import { type CountedRow, keyOf, loadCounted, saveCounted, Tallies } from './counted.ts';
import type { Effects } from './effects.ts';
import { explained, judgeMove, type MoveJudgement, WORD } from './judge.ts';
import type { Move } from './move.ts';
import { type Sql, text } from './sql.ts';
import type { Whereabouts } from './transition.ts';

/** Names of a count for what is booked under it. */
export function countPlace(sql: Sql, count: number): CountPlace {
  const [row = {}] = sql.exec(
    `SELECT n.count, n.node, s.site, COALESCE(z.zone, '*') AS zone FROM counts n JOIN sites s ON s.id = n.site LEFT JOIN zones z ON z.id = n.zone
      WHERE n.id = ?`,
    count,
  );
  const [, node = ''] = text(row, 'node').split('/');
  return { id: count, count: text(row, 'count'), zone: text(row, 'zone'), site: text(row, 'site'), node };
}

/**
 * What counts said of the items that a commit's passages move: asked item by item, as it goes. What a passage explains is taken back from the count
 * that booked it.
 */
export class CountWords {
  readonly #sql: Sql;
  readonly #words: Map<string, CountedRow>;
  readonly #changed = new Map<string, readonly [item: number, serial: number]>();
  readonly #tallies = new Tallies();
  readonly #booked = new Map<number, { readonly at: number; readonly adjustments: Adjustments }>();
  readonly #places = new Map<number, CountPlace>();

  /** `wanted`: serials by item key. */
  constructor(sql: Sql, wanted: ReadonlyMap<number, readonly number[]>) {
    this.#sql = sql;
    this.#words = loadCounted(sql, wanted);
  }

  /** Judges one item of a move; notes what is explained by it. */
  judge(move: Move, site: number, item: number, serial: number, where: Whereabouts): MoveJudgement {
    const counted = this.#words.get(keyOf(item, serial));
    if (counted === undefined) return 'usual';
    const judgement = judgeMove(counted, where, { site, direction: move.direction, at: move.at });
    if (judgement !== 'explains' && judgement !== 'again') return judgement;
    const { origin, word } = counted;
    this.#words.set(keyOf(item, serial), { ...counted, word: explained(word), origin: null });
    this.#changed.set(keyOf(item, serial), [item, serial]);
    this.#tallies.explain(origin, item, word);
    if (judgement === 'explains' && origin !== null) this.#takeBack(move, origin, word === WORD.surplus, item, serial);
    return judgement;
  }

  #takeBack({ entry, at }: Move, origin: number, surplus: boolean, item: number, serial: number): void {
    const place = this.#places.get(origin) ?? countPlace(this.#sql, origin);
    this.#places.set(origin, place);
    const booked = this.#booked.get(entry) ?? { at, adjustments: new Adjustments() };
    this.#booked.set(entry, booked);
    booked.adjustments.add(place, surplus ? 'surplus' : 'shrinkage', surplus ? 'out' : 'in', item, serial);
  }

  save(effects: Effects, gtins: ReadonlyMap<number, string>): void {
    const rows = [...this.#changed].map(([key, [item, serial]]) => {
      const { count, zone, word, origin } = this.#words.get(key) as CountedRow;
      return [item, serial, count, zone, word, origin] as const;
    });
    saveCounted(this.#sql, rows);
    this.#tallies.save(this.#sql);
    for (const [entry, { at, adjustments }] of this.#booked) adjustments.save(this.#sql, effects, entry, at, gtins);
  }
}
