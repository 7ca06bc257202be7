import type { Effects, Movement } from '../ledger/effects.ts';
import type { Commit, Projection } from '../ledger/projection.ts';
import type { Sql } from '../ledger/sql.ts';
import type { Round } from './adopt.ts';
import { Book } from './book.ts';
import { candidatesOf, keepGroups, timeZones } from './groups.ts';
import { interestedIn } from './interest.ts';
import { publish } from './news.ts';
import { EXACT, type Policy } from './policy.ts';
import { Settlement } from './settle.ts';
import { Surplus } from './surplus.ts';
import { Sweep } from './sweep.ts';
import { RECONCILE_MIGRATIONS } from './tables.ts';
import { perform, TRIGGERS, worksFor } from './triggers.ts';
import { hasWork, keepWork, takeWork, type Work } from './work.ts';

/** Claims served, or lines read again, in one commit: some 20 ms. What is beyond waits in the work table. */
export const MAX_SERVED = 500;

/** One run over some entries: the policy in force, and how much more it may serve. */
interface Run {
  readonly sql: Sql;
  readonly effects: Effects;
  readonly policy: Policy;
  left: number;
}

const runOf = (sql: Sql, effects: Effects, most: number): Run => ({
  sql,
  effects,
  policy: { ...EXACT, timeZones: timeZones(sql) },
  left: most,
});

function begin({ sql, policy }: Run): Round {
  const book = new Book(sql, policy);
  return { book, sweep: new Sweep(book), settlement: new Settlement(book) };
}

/** Does what there is room for now; the rest waits. */
function doNow(run: Run, round: Round, works: readonly Work[], entry: number): void {
  for (const work of works.slice(0, run.left)) perform(round, work);
  keepWork(run.sql, works.slice(run.left), entry);
}

/** Serves what is dirty, judges what changed, tells the stream beside `entry`. */
function finish(run: Run, round: Round, entry: number): void {
  const { book, sweep, settlement } = round;
  const rest = sweep.run(run.left);
  run.left -= sweep.served;
  const waiting = rest.map(({ asked, rank }): Work => ({ kind: 'serve', doc: asked.doc, line: asked.line, rank }));
  keepWork(run.sql, waiting, entry);
  const surplus = new Surplus(book);
  for (const candidate of sweep.touched.values()) surplus.group(candidate);
  for (const asked of sweep.changed.values()) {
    surplus.line(asked);
    settlement.line(asked.doc, asked.line);
  }
  publish(run.sql, run.effects, entry, settlement.settle(surplus), settlement.findings.news);
}

function drain(run: Run, entry: number): void {
  const round = begin(run);
  for (const work of takeWork(run.sql, run.left)) perform(round, work);
  finish(run, round, entry);
}

/**
 * Goes on with work that earlier commits had no room for: one slice. To be called in a transaction of its own.
 * @returns true while there is more
 */
export function drainMatch(sql: Sql, effects: Effects, entry: number, most = MAX_SERVED): boolean {
  if (!hasWork(sql)) return false;
  drain(runOf(sql, effects, most), entry);
  return hasWork(sql);
}

/**
 * Movements, entry by entry, so that what the stream says beside an entry does not hang on how entries were grouped. Where nobody asks
 * for any of them, which is the common case of a busy door, all are kept in one go.
 */
function absorb(run: Run, movements: readonly Movement[]): void {
  const { sql, policy } = run;
  const candidates = candidatesOf(sql, movements, policy);
  const groups = candidates.map(({ candidate }) => candidate);
  if (interestedIn(sql, groups, policy).length === 0) {
    keepGroups(sql, candidates);
    return;
  }
  for (let from = 0; from < candidates.length; ) {
    const entry = candidates[from]?.movement.entry ?? 0;
    const mine = candidates.filter(({ movement }) => movement.entry === entry);
    from += mine.length;
    keepGroups(sql, mine);
    const round = begin(run);
    round.sweep.offer(mine.map(({ candidate }) => candidate));
    finish(run, round, entry);
  }
}

function apply(commit: Commit, sql: Sql, effects: Effects, most: number): void {
  const movements = effects.movements();
  const waits = hasWork(sql);
  if (!waits && movements.length === 0 && !commit.entries.some(({ type }) => TRIGGERS.has(type))) return;
  const run = runOf(sql, effects, most);
  for (const entry of commit.entries) {
    if (entry.type === 'record' || !TRIGGERS.has(entry.type)) continue;
    const round = begin(run);
    doNow(run, round, worksFor(round, entry, effects), entry.index);
    finish(run, round, entry.index);
  }
  if (movements.length > 0) absorb(run, movements);
  const last = commit.entries.at(-1);
  if (waits && last !== undefined) drain(run, last.index);
}

/** The projection with another bound on the work of one commit: the outcome is the same once no work waits. */
export function reconcileBounded(most: number): Projection {
  return {
    name: 'reconcile',
    foldVersion: 2,
    migrations: RECONCILE_MIGRATIONS,
    apply: (commit, sql, effects) => apply(commit, sql, effects, most),
  };
}

/**
 * Invoices and credit notes against what went through the doors, kept up with every commit. After any history the rows are those that
 * `match` gives for all facts at once, as soon as no work waits.
 */
export const reconcile: Projection = reconcileBounded(MAX_SERVED);
