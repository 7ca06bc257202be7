import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RecordBody } from '../../protocol/record.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { stockPage } from './reads.ts';
import { num } from './sql.ts';
import { count, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const NOON = MORNING + 14_400_000;
const ITEMS = 4;

/** What happened at the site, in order. A door that sees nothing is how goods vanish and appear. */
interface Door {
  readonly kind: 'door';
  readonly item: number;
  readonly seen: boolean;
}
interface Tour {
  readonly kind: 'tour';
  readonly zone: 'A' | '*';
  readonly passes: number;
  /** Happenings that its pass lasts: they fall into it. */
  readonly lasts: number;
  /** Records that the hub hears before it. */
  readonly delay: number;
}
type Happening = Door | Tour;

/** What was told of an item: by a door at a moment, or by a count over a time. Seconds. */
type Word = { readonly there: boolean; readonly from: number; readonly to: number; readonly door: boolean };
type Told =
  | { readonly kind: 'door'; readonly item: number; readonly comes: boolean; readonly at: number }
  | {
      readonly kind: 'tour';
      readonly zone: string;
      readonly passes: number;
      readonly read: number[];
      readonly from: number;
      readonly to: number;
    };

const SECONDS = 60;

/** Plays what happened and gives what is told of it, in the order in which the hub hears it: a door at once, a count late. */
function played(happenings: readonly Happening[]): Told[] {
  const there = new Set<number>();
  const heard: { readonly told: Told; readonly turn: number }[] = [];
  const tours: { readonly tour: Tour; readonly from: number; readonly ends: number; readonly places: Set<number> }[] = [];
  happenings.forEach((one, n) => {
    const at = (n + 1) * SECONDS;
    if (one.kind === 'tour') tours.push({ tour: one, from: at, ends: n + one.lasts, places: new Set(there) });
    else {
      const comes = !there.has(one.item);
      if (comes) there.add(one.item);
      else there.delete(one.item);
      if (one.seen) heard.push({ told: { kind: 'door', item: one.item, comes, at }, turn: n });
    }
    for (const { tour, from, ends, places } of tours) {
      // Whoever goes through reads what stood there when the pass began and what still stands there at its end.
      for (const item of there) if (ends >= n) places.add(item);
      const isLast = n === happenings.length - 1;
      if (ends !== n && !(isLast && ends > n)) continue;
      const told: Told = { kind: 'tour', zone: tour.zone, passes: tour.passes, read: [...places].sort(), from, to: at + 1 };
      heard.push({ told, turn: n + tour.delay + 0.5 });
    }
  });
  return heard.sort((a, b) => a.turn - b.turn).map(({ told }) => told);
}

/** The oracle: of each item the words told so far. The newest count stands unless a door saw the item since that count began. */
class Oracle {
  readonly words = new Map<number, Word[]>();
  /** Left without having come: the stock lacks them until a count. */
  readonly owed = new Set<number>();

  has(item: number): boolean | undefined {
    const words = this.words.get(item) ?? [];
    const last = (door: boolean): Word | undefined =>
      words
        .filter((one) => one.door === door)
        .sort((a, b) => a.to - b.to)
        .at(-1);
    const [door, tour] = [last(true), last(false)];
    return (door !== undefined && (tour === undefined || door.to >= tour.from) ? door : tour)?.there;
  }

  #say(item: number, word: Word): void {
    this.words.set(item, [...(this.words.get(item) ?? []), word]);
  }

  hear(told: Told): void {
    if (told.kind === 'door') {
      const { item, comes, at } = told;
      if (!comes && this.has(item) === undefined) this.owed.add(item);
      this.#say(item, { there: comes, from: at, to: at, door: true });
      return;
    }
    const missing = this.missing(told);
    if (told.read.length + missing.length > 0) this.owed.clear();
    for (const item of told.read) this.#say(item, { there: true, from: told.from, to: told.to, door: false });
    if (told.zone !== '*' || told.passes < 2) return;
    for (const item of missing) if (this.has(item) === true) this.#say(item, { there: false, from: told.from, to: told.to, door: false });
  }

  /** What the hub may have listed: all it ever heard of. */
  missing({ zone, read }: Extract<Told, { kind: 'tour' }>): number[] {
    return zone === '*' ? [...this.words.keys()].filter((item) => !read.includes(item)).sort() : [];
  }

  standing(): number[] {
    return [...this.words.keys()].filter((item) => this.has(item) === true).sort();
  }
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('door' as const), item: fc.nat(ITEMS - 1), seen: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('tour' as const), zone: fc.constantFrom('A' as const, '*' as const), passes: fc.constantFrom(1, 2) },
      ...{ lasts: fc.nat(3), delay: fc.nat(6) },
    }),
  },
);

it('the stock is what an oracle says, that knows of each item only the last door and the last count', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 14 }), async (happenings) => {
      const { ledger, sql } = ledgerInMemory();
      const oracle = new Oracle();
      const nodes = new Map<string, TestNode>();
      let n = 0;
      for (const told of played(happenings)) {
        n += 1;
        // Each count by a node of its own: what one hands over late says nothing of the others.
        const name = told.kind === 'door' ? 'dock-1' : `hand-${n}`;
        const node = nodes.get(name) ?? new TestNode('LYON', name);
        if (!nodes.has(name)) ledger.append([node.registration()], MORNING);
        nodes.set(name, node);
        let body: RecordBody;
        if (told.kind === 'door') body = passage(`p${n}`, told.comes ? 'in' : 'out', serials(TEA, told.item), told.at);
        else {
          const { zone, passes, read, from, to } = told;
          body = count(`c${n}`, zone, serials(TEA, ...read), serials(TEA, ...oracle.missing(told)), to, { span: to - from, passes });
        }
        oracle.hear(told);
        const seq = node.record(body).bodies.length;
        expect(ledger.post('LYON', name, await node.batch(seq, seq), NOON)).toMatchObject({ ok: true });
        const stands = sql.exec('SELECT serial FROM serials WHERE site > 0 ORDER BY serial').map((row) => num(row, 'serial'));
        expect(stands).toEqual(oracle.standing());
        const quantity = stockPage(sql, {}).data.reduce((sum, row) => sum + row.quantity, 0);
        expect(quantity).toBe(oracle.standing().length - oracle.owed.size);
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
