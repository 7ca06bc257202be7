import type { Effects } from '../ledger/effects.ts';
import type { Commit, Projection } from '../ledger/projection.ts';
import type { Sql } from '../ledger/sql.ts';
import type { Round } from './adopt.ts';
import { Book } from './book.ts';
import { keepGroups, timeZones } from './groups.ts';
import { publish } from './news.ts';
import { EXACT } from './policy.ts';
import { Settlement } from './settle.ts';
import { Surplus } from './surplus.ts';
import { Sweep } from './sweep.ts';
import { RECONCILE_MIGRATIONS } from './tables.ts';
import { perform, TRIGGERS, worksFor } from './triggers.ts';
import { hasWork, keepWork, takeWork, type Work } from './work.ts';

/** Claims served, or lines read again, in one commit: some 20 ms. What is beyond waits in the work table. */
export const MAX_SERVED = 500;

function begin(sql: Sql): Round {
  const book = new Book(sql, { ...EXACT, timeZones: timeZones(sql) });
  return { book, sweep: new Sweep(book), settlement: new Settlement(book) };
}

/** Serves what is dirty, judges what changed, tells the stream beside `entry`. */
function finish(round: Round, effects: Effects, entry: number, most: number): void {
  const { book, sweep, settlement } = round;
  const left = sweep.run(most);
  keepWork(
    book.sql,
    left.map(({ asked, rank }) => ({ kind: 'serve', doc: asked.doc, line: asked.line, rank })),
    entry,
  );
  const surplus = new Surplus(book);
  for (const candidate of sweep.touched.values()) surplus.group(candidate);
  for (const asked of sweep.changed.values()) {
    surplus.line(asked);
    settlement.line(asked.doc, asked.line);
  }
  publish(book.sql, effects, entry, settlement.settle(surplus), settlement.findings.news);
}

/** Does what there is room for now; the rest waits. */
function room(round: Round, works: readonly Work[], entry: number, most: number): void {
  for (const work of works.slice(0, most)) perform(round, work);
  keepWork(round.book.sql, works.slice(most), entry);
}

/**
 * Goes on with work that earlier commits had no room for: one slice. To be called in a transaction of its own.
 * @returns true while there is more
 */
export function drainMatch(sql: Sql, effects: Effects, entry: number, most = MAX_SERVED): boolean {
  if (!hasWork(sql)) return false;
  const round = begin(sql);
  for (const work of takeWork(sql, most)) perform(round, work);
  finish(round, effects, entry, most);
  return hasWork(sql);
}

function apply(commit: Commit, sql: Sql, effects: Effects, most: number): void {
  const movements = effects.movements();
  const last = commit.entries.at(-1);
  if (last === undefined) return;
  const waits = hasWork(sql);
  if (!waits && movements.length === 0 && !commit.entries.some(({ type }) => TRIGGERS.has(type))) return;
  const round = begin(sql);
  if (waits) for (const work of takeWork(sql, most)) perform(round, work);
  for (const entry of commit.entries) if (entry.type !== 'record') room(round, worksFor(round, entry, effects), entry.index, most);
  if (movements.length > 0) round.sweep.offer(keepGroups(sql, movements, round.book.policy));
  finish(round, effects, last.index, most);
}

/** The projection with another bound on the work of one commit: the outcome is the same once no work waits. */
export function reconcileBounded(most: number): Projection {
  return {
    name: 'reconcile',
    foldVersion: 1,
    migrations: RECONCILE_MIGRATIONS,
    apply: (commit, sql, effects) => apply(commit, sql, effects, most),
  };
}

/**
 * Invoices and credit notes against what went through the doors, kept up with every commit. After any history the rows are those that
 * `match` gives for all facts at once, as soon as no work waits.
 */
export const reconcile: Projection = reconcileBounded(MAX_SERVED);
