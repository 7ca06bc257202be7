import type { Document } from '../documents/document.ts';
import { contentHash } from '../documents/identity.ts';
import { documents } from '../documents/projection.ts';
import { devices } from '../ledger/devices.ts';
import { Effects, type Movement } from '../ledger/effects.ts';
import type { DecodedEntry, HubEntryType, JsonObject } from '../ledger/entry.ts';
import { gtinText, masterdata } from '../ledger/masterdata.ts';
import type { Projection } from '../ledger/projection.ts';
import { migrate } from '../ledger/schema.ts';
import { NodeSql } from '../ledger/sql.node.ts';
import { num, text } from '../ledger/sql.ts';
import { EVIDENCE } from './candidates.ts';
import type { Allocation, Facts, Match, Price, Range } from './facts.ts';
import { timeZones } from './groups.ts';
import { documentName, loadInvoice, loadItems, loadPrices } from './load.ts';
import { EXACT, type Policy } from './policy.ts';
import { drainMatch, MAX_SERVED, reconcileBounded } from './projection.ts';
import { resolveReference } from './references.ts';

/** A movement before it has an entry. */
export type Moved = Omit<Movement, 'entry' | 'node' | 'door' | 'passage' | 'quantity'>;

/** 2026-03-01T00:00:00Z */
export const MARCH = Date.UTC(2026, 2, 1);

/** The folds of a ledger without its log: movements come as the stock projection would report them. */
export class History {
  readonly sql: NodeSql;
  readonly moved: Movement[] = [];
  readonly #folds: readonly Projection[];
  readonly #most: number;
  #next = 0;

  constructor(most = MAX_SERVED, sql = new NodeSql()) {
    this.sql = sql;
    this.#most = most;
    this.#folds = [devices, masterdata, documents, reconcileBounded(most)];
    migrate(this.sql, this.#folds);
  }

  #entry(type: HubEntryType | 'record', value: JsonObject, at: number): DecodedEntry {
    const index = this.#next++;
    const entry = { index, at, effectiveAt: at, epoch: 0, seq: 0, salt: null, body: null, commitment: new Uint8Array(32) };
    if (type !== 'record') return { ...entry, type, producer: 'hub', value };
    const clock = { wall: at, mono: 0, boot: '00000000', synced: true };
    return { ...entry, type, producer: 'LYON/dock-1', site: 'LYON', node: 'dock-1', record: { type: 'test', v: 1, clock } };
  }

  #commit(entries: readonly DecodedEntry[], effects: Effects): Effects {
    this.sql.transaction(() => {
      for (const fold of this.#folds) fold.apply({ entries, at: MARCH }, this.sql, effects);
    });
    return effects;
  }

  /** Appends entries of the hub; a document that is there already, or refused, changes nothing but what its refusal notes. */
  append(type: HubEntryType, value: JsonObject, at = MARCH): Effects {
    for (const fold of this.#folds) {
      if (!fold.admits?.includes(type)) continue;
      const admission = fold.admit?.({ type, value, at }, this.sql);
      if (admission === undefined) continue;
      if ('refuse' in admission && admission.note !== undefined) return this.append(admission.note.type, admission.note.body, at);
      return new Effects();
    }
    return this.#commit([this.#entry(type, value, at)], new Effects());
  }

  record(document: Document, at = MARCH): Effects {
    return this.append(
      'document',
      { ...document, original: contentHash(document), contentType: 'application/xml' } as unknown as JsonObject,
      at,
    );
  }

  /** One commit with a record for each movement. */
  move(...movements: readonly Moved[]): Effects {
    const effects = new Effects();
    const entries = movements.map((moved) => {
      const entry = this.#entry('record', {}, moved.at);
      const quantity = moved.ordinals.reduce((sum, [, count]) => sum + count, 0);
      const movement = { ...moved, entry: entry.index, node: 'dock-1', door: 'D1', passage: `p${entry.index}`, quantity };
      this.moved.push(movement);
      effects.of(entry.index).movements.push(movement);
      return entry;
    });
    return this.#commit(entries, effects);
  }

  drain(): void {
    while (this.sql.transaction(() => drainMatch(this.sql, new Effects(), this.#next, this.#most))) {
      // one slice after the other
    }
  }

  get policy(): Policy {
    return { ...EXACT, timeZones: timeZones(this.sql) };
  }

  /** Everything that the full computation needs, from the folded documents and the movements as they came. */
  facts(): Facts {
    const docs = this.sql.exec('SELECT entry FROM documents ORDER BY entry').map((row) => num(row, 'entry'));
    const invoices = docs.flatMap((doc) => loadInvoice(this.sql, doc) ?? []);
    const prices = new Map<string, Price>();
    for (const doc of docs) {
      const invoice = loadInvoice(this.sql, doc);
      for (const price of invoice === undefined ? [] : loadPrices(this.sql, doc, invoice)) prices.set(JSON.stringify(price), price);
    }
    const movements = this.moved.map(({ entry, gtin, direction, site, door, at, ordinals, document }) => {
      const { despatch, order, partner } = resolveReference(this.sql, document);
      return {
        ...{ entry, gtin, direction, site, door, at, ordinals },
        ...(despatch === null ? {} : { despatchRef: despatch }),
        ...(order === null ? {} : { orderRef: order }),
        ...(partner === null ? {} : { partner }),
      };
    });
    return { invoices, movements, prices: [...prices.values()], items: loadItems(this.sql) };
  }

  /** What the tables say, in the form of the full computation. */
  stored(): Match {
    const rows = this.sql.exec('SELECT * FROM match_documents ORDER BY doc');
    return {
      documents: rows.map((row) => {
        const doc = num(row, 'doc');
        const lines = this.sql.exec('SELECT * FROM match_lines WHERE doc = ? ORDER BY line', doc);
        const findings = this.sql.exec("SELECT * FROM findings WHERE doc = ? AND code <> 'DUPLICATE_NUMBER'", doc);
        return {
          id: documentName(doc),
          status: text(row, 'status') as 'MATCHED',
          gate: text(row, 'gate') as 'PAY',
          lines: lines.map((line) => ({
            id: String(num(line, 'line')),
            status: text(line, 'status') as 'MATCHED',
            matched: num(line, 'matched'),
            short: num(line, 'short'),
            over: num(line, 'over'),
            explanation: JSON.parse(text(line, 'explanation')),
          })),
          findings: findings.map((finding) => ({
            code: text(finding, 'code') as 'QUANTITY_SHORT',
            ...(num(finding, 'line') < 0 ? {} : { line: String(num(finding, 'line')) }),
            amount: num(finding, 'amount'),
            currency: text(finding, 'currency'),
            explanation: JSON.parse(text(finding, 'explanation')),
          })),
        };
      }),
      allocations: this.sql.exec('SELECT * FROM match_allocations ORDER BY doc, line, rank, entry, gtin').map(
        (row): Allocation => ({
          document: documentName(num(row, 'doc')),
          line: String(num(row, 'line')),
          entry: num(row, 'entry'),
          gtin: gtinText(num(row, 'gtin')),
          ordinals: JSON.parse(text(row, 'ordinals')) as Range[],
          quantity: num(row, 'quantity'),
          evidence: EVIDENCE[num(row, 'rank')] ?? 'window',
        }),
      ),
    };
  }
}
