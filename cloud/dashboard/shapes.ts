import type { z } from 'zod';
import type * as counts from '../api/schemas/counts.ts';
import type * as documents from '../api/schemas/documents.ts';
import type * as entries from '../api/schemas/entries.ts';
import type * as nodes from '../api/schemas/nodes.ts';
import type * as sites from '../api/schemas/sites.ts';
import type * as stock from '../api/schemas/stock.ts';
import type { EntryEffects, Report } from '../ledger/effects.ts';

/** What the API answers, from its own schemas: a change there that this page does not follow fails to compile. */
export type DocumentRow = z.output<typeof documents.documentRow>;
export type Document = z.output<typeof documents.document>;
export type DocumentLine = z.output<typeof documents.documentLine>;
export type Finding = z.output<typeof documents.finding>;
export type Allocation = z.output<typeof documents.allocation>;
export type Entry = z.output<typeof entries.entry>;
export type Kind = DocumentRow['kind'];
export type StockRow = z.output<typeof stock.stockRow>;
export type Movement = z.output<typeof stock.movement>;
export type CountRow = z.output<typeof counts.countRow>;
export type Count = z.output<typeof counts.countView>;
export type CountLine = Count['lines'][number];
export type CountFinding = z.output<typeof counts.countFinding>;
export type CountPlan = z.output<typeof counts.plan>;
export type Site = z.output<typeof sites.site>;
export type HubNode = z.output<typeof nodes.node>;

export interface Page<T> {
  readonly data: readonly T[];
  readonly entry: number;
  readonly next: string | null;
}

/** The `entry` event of the stream. */
export interface EntryNews {
  readonly index: number;
  readonly type: string;
  readonly at: number;
  readonly effects: EntryEffects;
}

/** The `node` event of the stream. */
export type NodeNews = Report;
