import type { Fault } from '../../protocol/fault.ts';
import type { Effects } from './effects.ts';
import type { DecodedEntry, EntryType, JsonObject, NewEntry } from './entry.ts';
import type { Sql } from './sql.ts';

/** Additive DDL, run once in order; `id` is unique within its projection and never changes. */
export interface Migration {
  readonly id: string;
  /** Each element is one statement. Only additions: old and new code overlap during a deploy. */
  readonly statements: readonly string[];
}

/** All entries that one transaction appends. */
export interface Commit {
  readonly entries: readonly DecodedEntry[];
  /** When they are appended, epoch milliseconds: the only time a projection may read. */
  readonly at: number;
}

/** An entry that asks to be appended. */
export interface Candidate {
  readonly type: EntryType;
  readonly value: JsonObject;
  readonly at: number;
}

/**
 * What a projection says to a candidate. `existing`: it is already there under this id, nothing is appended. `refuse`: the whole append is
 * turned away with this Fault; `note` is then appended alone, where the refusal itself must be remembered (a finding on the first document).
 */
export type Admission = undefined | { readonly existing: string } | { readonly refuse: Fault; readonly note?: NewEntry };

/**
 * A pure fold of the log into tables of its own. It reads entries, its tables and those of projections before it; no clock, no
 * random numbers, no I/O. What it writes must not depend on how entries were grouped into commits.
 */
export interface Projection {
  readonly name: string;
  /** Rises when the same entries would give other rows. */
  readonly foldVersion: number;
  readonly migrations: readonly Migration[];
  /** Entry types whose admission depends on what is committed: such entries are committed one at a time, in order. */
  readonly admits?: readonly EntryType[];
  /** Asked for each candidate of a type in `admits` before it is appended. A thrown Fault refuses like `refuse`. */
  admit?(candidate: Candidate, sql: Sql): Admission;
  /**
   * Folds a commit. Called inside the transaction, before the entries' own rows are written (an entry's effects stand in its row).
   * A throw rolls the whole commit back.
   */
  apply(commit: Commit, sql: Sql, effects: Effects): void;
  /**
   * Goes on with work that a commit had no room for: one slice of some 20 ms, in a transaction of its own, called by alarm while it
   * returns true. What it changes is shown with `entry`, the newest of the log.
   */
  drain?(sql: Sql, effects: Effects, entry: number): boolean;
  /**
   * One slice, some 10 ms, of a check that rows agree with what they follow from, by other code than `apply`: asked again and again in the background.
   * `cursor` is where the slice before ended, null to begin. Returns where to go on (null: all was seen) and a sentence for each row that differs, with
   * its table and key. Reads only.
   */
  inspect?(sql: Sql, cursor: string | null): { readonly next: string | null; readonly differences: readonly string[] };
  /** Whether work waits to be drained: asked after each commit. */
  waits?(sql: Sql): boolean;
}
