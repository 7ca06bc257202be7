import type { Batch } from '../../protocol/batch.ts';
import { canonical } from '../../protocol/canonical.ts';
import type { DocumentRef, Item, RecordBody } from '../../protocol/record.ts';
import type { JsonObject, NewEntry } from './entry.ts';
import type { AppendResult, PostResult } from './rpc.ts';
import { count, MORNING, passage, TestNode } from './warehouse.fixture.ts';

/** A ledger however it is reached. */
export interface Told {
  post(site: string, node: string, batch: Batch, at: number): Promise<PostResult> | PostResult;
  append(entries: readonly NewEntry[], at: number): Promise<AppendResult> | AppendResult;
}

export const GTINS = ['03400000000012', '03400000000029', '03400930000014', '03400930000021'] as const;
const US = { name: 'Docket SA', vat: 'FR40303265045' };
const PARTNERS = [
  { name: 'Fournil', vat: 'FR83404833048' },
  { name: 'Primeurs', legalId: { id: '404833055', scheme: '0002' } },
] as const;
const SITES = { LYON: '3012345600004', METZ: '3012345600011' } as const;
const RAWS = ['E2801160', '00', '3500000000000000000000AA'] as const;
const SECOND = 1_000;

/** mulberry32: the same seed tells the same story. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Two machines that were copied; one of them was seen to. */
const SPARES: readonly NewEntry[] = [
  ...['spare-1', 'spare-2'].map(
    (node): NewEntry => ({
      type: 'device',
      body: { v: 1, action: 'quarantine', site: 'METZ', node, reason: 'CLONE', text: 'two machines run with the key', tokens: [] },
    }),
  ),
  { type: 'device', body: { v: 1, action: 'release', site: 'METZ', node: 'spare-1' } },
];

/**
 * What happens to a warehouse in a few weeks, out of a seed: passages that contradict each other, documents of every kind, some twice, some with
 * other content under the same number, prices, master data that comes late. Every table of every projection gets rows and changes of rows.
 */
export class Story {
  readonly nodes: readonly TestNode[];
  readonly #next: () => number;
  #now = MORNING;
  #posted = 0;
  #told = 0;
  #counted = 0;

  constructor(seed: number, tenant = 'demo') {
    this.#next = random(seed);
    this.nodes = [new TestNode('LYON', 'dock-1', tenant), new TestNode('METZ', 'dock-2', tenant)];
  }

  #below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #sides(): JsonObject {
    const partner = this.#of(PARTNERS);
    return this.#below(3) === 0 ? { seller: US, buyer: partner } : { seller: partner, buyer: US };
  }

  #reference(): DocumentRef | undefined {
    return this.#of<DocumentRef | undefined>([
      undefined,
      { kind: 'despatchAdvice', number: `D${this.#below(3)}`, how: 'chosen' },
      { kind: 'order', number: `O${this.#below(3)}`, how: 'chosen' },
      { kind: 'sscc', number: `S${this.#below(3)}`, how: 'sscc' },
    ]);
  }

  #items(): Item[] {
    const count = 1 + this.#below(8);
    const items = Array.from({ length: count }, (): Item => ({ gtin: this.#of(GTINS), serial: this.#below(40) }));
    return this.#below(5) === 0 ? [...items, { raw: this.#of(RAWS) }] : items;
  }

  /** What stands about in a zone, by and by all of it; some that was there is not read, some was never heard of. */
  #count(seconds: number): RecordBody {
    const zone = this.#of(['A', 'A', 'B', '*']);
    const all = GTINS.flatMap((gtin) => Array.from({ length: 40 }, (_, serial): Item => ({ gtin, serial })));
    const read = all.filter(() => this.#below(6) === 0);
    const missing = all.filter((item) => !read.includes(item) && this.#below(4) === 0);
    const raws: Item[] = this.#below(3) === 0 ? [{ raw: this.#of(RAWS) }] : [];
    this.#counted += 1;
    const passes = 1 + this.#below(3);
    return count(`c${this.#counted}`, zone, [...read, ...raws], missing, seconds, { span: this.#below(1_200), passes });
  }

  async #passages(ledger: Told): Promise<void> {
    const node = this.#of(this.nodes);
    const first = node.bodies.length + 1;
    const count = 1 + this.#below(4);
    for (let n = 0; n < count; n += 1) {
      const document = this.#reference();
      // Now and then a passage comes a second time under its name: after a disk was restored.
      const name = this.#below(12) === 0 && this.#posted > 0 ? `p${this.#below(this.#posted)}` : `p${this.#posted}`;
      const seconds = Math.max(0, (this.#now - MORNING) / SECOND - this.#below(600));
      if (this.#below(6) === 0) {
        node.record(this.#count(seconds));
        continue;
      }
      const direction = this.#of(['in', 'in', 'out', 'unknown'] as const);
      const items = direction === 'unknown' ? [] : this.#items();
      node.record(passage(name, direction, items, seconds, document === undefined ? {} : { document }));
      this.#posted += 1;
    }
    const { site, node: name } = node.address;
    const result = await ledger.post(site, name, await node.batch(first, node.bodies.length), this.#now);
    if (!result.ok) throw new TypeError(`the story was refused: ${result.text}`);
  }

  #invoice(): JsonObject {
    const back = this.#below(5) === 0;
    const lines = Array.from({ length: 1 + this.#below(3) }, (_, n) => {
      const quantity = this.#of(['1', '2', '3', '5', '-1', '2.5']);
      const gtin = this.#below(8) === 0 ? {} : { gtin: this.#of(GTINS) };
      return { id: `${n + 1}`, ...gtin, quantity, unit: this.#of(['C62', 'C62', 'XCT']), net: String(Number(quantity) * 2), price: '2.00' };
    });
    const optional = [
      this.#below(2) === 0 ? { despatchRef: `D${this.#below(3)}` } : {},
      this.#below(3) === 0 ? { orderRef: `O${this.#below(3)}` } : {},
      this.#below(3) === 0 ? { delivery: { location: { id: this.#of(Object.values(SITES)), scheme: '0088' } } } : {},
    ];
    const corrects = !back && this.#below(6) === 0;
    return {
      ...{ kind: back ? 'creditNote' : 'invoice', v: 1, typeCode: back ? '381' : corrects ? '384' : '380', number: `F${this.#below(30)}` },
      ...{ issueDate: `2026-11-2${this.#below(9)}`, currency: 'EUR', totals: { withVat: '1', payable: '1' }, lines },
      ...(corrects ? { preceding: [{ number: `F${this.#below(30)}` }] } : {}),
      ...Object.assign({}, ...optional),
      ...this.#sides(),
    };
  }

  #goods(kind: 'order' | 'despatchAdvice'): JsonObject {
    const lines = GTINS.slice(this.#below(3)).map((gtin, n) => ({
      id: `${n + 1}`,
      gtin,
      quantity: 1 + this.#below(5),
      name: `article ${n}`,
    }));
    const head = { kind, v: 1, number: `${kind === 'order' ? 'O' : 'D'}${this.#below(3)}`, issueDate: '2026-11-20', ...this.#sides() };
    if (kind === 'order') return { ...head, currency: 'EUR', lines: lines.map((line) => ({ ...line, price: this.#of(['2.00', '1.90']) })) };
    return { ...head, site: this.#of(Object.keys(SITES)), orderRef: `O${this.#below(3)}`, ssccs: [`S${this.#below(3)}`], lines };
  }

  #entry(): NewEntry {
    const document = (body: JsonObject): NewEntry => ({
      type: 'document',
      // Other content stands in other bytes.
      body: { ...body, original: canonical(body), contentType: 'application/xml' },
    });
    const site = this.#of(['LYON', 'METZ'] as const);
    switch (this.#below(12)) {
      case 0:
        return {
          type: 'item',
          body: { v: 1, gtin: this.#of(GTINS), name: `Thé n° ${this.#below(9)}`, packs: [{ unit: 'XCT', quantity: 4 + this.#below(3) }] },
        };
      case 1:
        return { type: 'price', body: { v: 1, partner: '404833048', gtin: this.#of(GTINS), price: '1.95', currency: 'EUR' } };
      case 2:
        return { type: 'site', body: { v: 1, site, name: `Dépôt ${site}`, timeZone: 'Europe/Paris', gln: SITES[site] } };
      case 3:
        return { type: 'partner', body: { v: 1, id: 'FR83404833048', name: `Fournil ${this.#below(3)}` } };
      case 4:
        return document(this.#goods('order'));
      case 5:
        return document(this.#goods('despatchAdvice'));
      default:
        return document(this.#invoice());
    }
  }

  async #step(ledger: Told): Promise<void> {
    this.#now += SECOND * (1 + this.#below(3_600));
    if (this.#told === 0) await ledger.append([...this.nodes.map((node) => node.registration()), ...SPARES], this.#now);
    else if (this.#told === 8) await ledger.append([{ type: 'company', body: { v: 1, ...US } }], this.#now);
    else if (this.#below(2) === 0) await this.#passages(ledger);
    else {
      const result = await ledger.append([this.#entry()], this.#now);
      if (!result.ok && result.code !== 'DUPLICATE_NUMBER') throw new TypeError(`the story was refused: ${result.text}`);
    }
    this.#told += 1;
  }

  /** Goes on with the story by so many commits. The company says who it is with the ninth. */
  async tell(ledger: Told, commits: number): Promise<void> {
    for (let n = 0; n < commits; n += 1) await this.#step(ledger);
  }
}
