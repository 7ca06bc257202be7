import type { Command, NodeStatus } from '../../protocol/command.ts';
import type { Direction, DocumentRef } from '../../protocol/record.ts';

/**
 * Items of one GTIN that one entry moved: only those the stock rule found effective, by their ordinals in the record
 * (protocol/record.ts eachItem), as ranges of [first, count].
 */
export interface Movement {
  readonly entry: number;
  /** Effective time, epoch milliseconds. */
  readonly at: number;
  readonly site: string;
  readonly node: string;
  readonly door: string;
  readonly passage: string;
  readonly direction: Direction;
  readonly gtin: string;
  readonly quantity: number;
  readonly ordinals: readonly (readonly [number, number])[];
  readonly document: DocumentRef | null;
}

/**
 * Items of one GTIN that a count booked in or out, or that a door's word took back: what a count booked as shrinkage comes back `in` once a passage
 * explains it. It is no passage of goods: nothing matches it with an invoice.
 */
export interface Adjustment {
  readonly entry: number;
  /** When it counts, epoch milliseconds: the end of the count, or the passage that explains it. */
  readonly at: number;
  readonly site: string;
  readonly node: string;
  /** `*` for the whole site. */
  readonly zone: string;
  readonly count: string;
  readonly reason: 'shrinkage' | 'surplus';
  readonly direction: Direction;
  readonly gtin: string;
  readonly quantity: number;
}

/** A stock quantity after an entry. */
export interface StockChange {
  readonly site: string;
  readonly gtin: string;
  readonly quantity: number;
}

/** A document as it stands after an entry: what lists and the stream show. */
export interface DocumentChange {
  readonly id: string;
  readonly kind: string;
  readonly number: string;
  /** Its status before; absent on a new document. */
  readonly was?: string;
  readonly status: string;
  readonly lines: readonly {
    readonly id: string;
    readonly status: string;
    readonly matched?: number;
    readonly short?: number;
    readonly over?: number;
  }[];
}

/** A finding opened or closed by an entry. */
export interface FindingChange {
  readonly document: string;
  readonly number: string;
  readonly line?: string;
  readonly code: string;
  readonly open: boolean;
  readonly amount?: number;
  readonly currency?: string;
  readonly explanation?: { readonly code: string; readonly params: { readonly [key: string]: string | number } };
}

/** Items whose movement contradicts what the ledger knew: counted, shown, never dropped in silence. */
export interface Anomaly {
  readonly entry: number;
  readonly code: 'REPEATED_READ' | 'NEVER_IN' | 'MISSED_IN' | 'MISSED_OUT' | 'REPEATED_RECORD' | 'BEFORE_COUNT';
  readonly site: string;
  readonly gtin: string | null;
  readonly ordinals: readonly (readonly [number, number])[];
}

/** What one entry changed: kept as JSON beside the entry, so that the stream can resume from any index. */
export interface EntryEffects {
  readonly movements?: readonly Movement[];
  readonly adjustments?: readonly Adjustment[];
  readonly stock?: readonly StockChange[];
  readonly documents?: readonly DocumentChange[];
  readonly findings?: readonly FindingChange[];
  readonly anomalies?: readonly Anomaly[];
  /** The rest was too large to stand beside the entry: read the documents again. */
  readonly truncated?: true;
  /** Some of it was worked out after the commit and added: a reader may see the entry twice. */
  readonly late?: true;
}

/** Effects with those that were worked out later behind them. */
export function withLate(before: EntryEffects, late: EntryEffects): EntryEffects {
  const join = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined =>
    b === undefined ? a : [...(a ?? []), ...b];
  const joined = {
    ...before,
    movements: join(before.movements, late.movements),
    adjustments: join(before.adjustments, late.adjustments),
    stock: join(before.stock, late.stock),
    documents: join(before.documents, late.documents),
    findings: join(before.findings, late.findings),
    anomalies: join(before.anomalies, late.anomalies),
    late: true,
  };
  return Object.fromEntries(Object.entries(joined).filter(([, list]) => list !== undefined)) as EntryEffects;
}

/** A command for a node, sent after the commit and kept until its gateway has it. */
export interface Outbound {
  readonly site: string;
  readonly node: string;
  readonly command: Command;
}

/** A node's last word about itself. */
export interface Report {
  readonly site: string;
  readonly node: string;
  readonly status: NodeStatus;
  /** Epoch milliseconds at the hub. */
  readonly at: number;
}

type ListName = Exclude<keyof EntryEffects, 'truncated' | 'late'>;
type Lists = { -readonly [K in ListName]-?: NonNullable<EntryEffects[K]>[number][] };

/**
 * Collects what a commit changes, entry by entry. Projections run in their order and each sees what those before it added:
 * documents and reconcile read the movements that stock found effective.
 */
export class Effects {
  readonly #byEntry = new Map<number, Lists>();
  readonly outbound: Outbound[] = [];
  readonly drops: { readonly site: string; readonly node: string; readonly due: number }[] = [];

  /** The lists of one entry, to push to. A later change of the same document or quantity in one entry replaces the earlier one. */
  of(entry: number): Lists {
    let lists = this.#byEntry.get(entry);
    if (lists === undefined) {
      lists = { movements: [], adjustments: [], stock: [], documents: [], findings: [], anomalies: [] };
      this.#byEntry.set(entry, lists);
    }
    return lists;
  }

  /** Sends a command to a node once the commit stands; never on a rebuild. */
  send(site: string, node: string, command: Command): void {
    this.outbound.push({ site, node, command });
  }

  /** Ends a node's session at the gateway once the commit stands and `due` (epoch milliseconds) has come; never on a rebuild. */
  drop(site: string, node: string, due: number): void {
    this.drops.push({ site, node, due });
  }

  /** Every movement of the commit, in the order of the log. */
  movements(): Movement[] {
    return [...this.#byEntry.entries()].sort(([a], [b]) => a - b).flatMap(([, lists]) => lists.movements);
  }

  /** What an entry changed, without its empty lists. */
  result(entry: number): EntryEffects {
    const lists = this.#byEntry.get(entry);
    if (lists === undefined) return {};
    return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as EntryEffects;
  }
}
