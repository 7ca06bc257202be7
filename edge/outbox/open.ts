import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../protocol/fault.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { inspect, inUse, isBusy, isNoSpace, unusable } from './inspect.ts';
import { asidePath, leaveNotice } from './notice.ts';
import { reservePath } from './reserve.ts';
import { salvage } from './salvage.ts';
import { prepare } from './schema.ts';
import { readTrace, type Trace } from './trace.ts';

const rescuePath = (path: string): string => `${path}.rescue`;

/**
 * Opens the outbox file, creates or migrates it. A damaged file is moved aside, never deleted, and what can still be proven of it
 * goes into a new one, so that the dock goes on. A file that is missing although the node ran before, and an older copy in its
 * place, are told by a notice. Where the chain then differs from the hub's, the node begins a new epoch at the next connect.
 * @param ranBefore something else says that this node ran before: without a trace a missing file is a first start
 * @throws Fault OUTBOX_VERSION, OUTBOX_IN_USE, OUTBOX_UNUSABLE (no permission, no space)
 */
export function openFile(path: string, address: NodeAddress, now: number, ranBefore: boolean): DatabaseSync {
  const open = (): DatabaseSync => {
    finish(path);
    const found = readTrace(path);
    const trace = found === 'unreadable' ? undefined : found;
    const ran = ranBefore || found !== undefined;
    if (existsSync(path)) check(path, address, now, trace, ran);
    else if (ran) missing(path, now, trace);
    return prepare(path);
  };
  try {
    try {
      return open();
    } catch (error) {
      // A machine that starts with a full disk: what was held back for it lets the dock go on.
      if (!isNoSpace(error) || !giveUp(reservePath(path))) throw error;
      return open();
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw isBusy(error) ? inUse(path) : unusable(path, error);
  }
}

/** False when there is no reserve to give up. */
function giveUp(reserve: string): boolean {
  if (!existsSync(reserve)) return false;
  rmSync(reserve);
  return true;
}

function missing(path: string, now: number, trace: Trace | undefined): void {
  // Without its file a log is worth nothing to SQLite, which would delete it.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${asidePath(path, now)}-wal`);
  leaveNotice(path, {
    ...{ at: now, kind: 'missing', why: 'the outbox file is gone', saved: 0 },
    ...{ lost: trace === undefined ? null : trace.seq - trace.acknowledged, names: [] },
  });
}

function check(path: string, address: NodeAddress, now: number, trace: Trace | undefined, ran: boolean): void {
  const found = inspect(path, trace);
  if (found.state === 'whole') return;
  if (found.state === 'older') {
    const lost = trace === undefined ? null : Math.max(0, trace.seq - trace.acknowledged);
    leaveNotice(path, { at: now, kind: 'older', why: found.why, saved: 0, lost, names: [] });
    return;
  }
  // An empty file is what a first start that was cut short leaves.
  if (found.state === 'empty' && !ran) return;
  rescue(path, address, now, trace, found.why);
}

/** Nothing of the damaged file moves before all that can be saved stands on disk beside it. */
function rescue(path: string, address: NodeAddress, now: number, trace: Trace | undefined, why: string): void {
  const made = rescuePath(path);
  for (const suffix of ['', '-wal']) rmSync(made + suffix, { force: true });
  const salvaged = salvage(path, made, address, trace);
  sync(made);
  swap(path, now);
  // After the move: a file that stands aside without a notice is told as well, only with less to say.
  leaveNotice(path, { at: now, kind: 'damaged', why, file: asidePath(path, now), ...salvaged });
}

/** The log first: it must never lie beside the new file, which SQLite would then change by it. */
function swap(path: string, at: number): void {
  rmSync(`${path}-shm`, { force: true });
  const log = `${path}-wal`;
  // An empty one is what looking at the file leaves.
  if (statSync(log, { throwIfNoEntry: false })?.size === 0) rmSync(log);
  if (existsSync(log)) renameSync(log, `${asidePath(path, at)}-wal`);
  if (existsSync(path)) renameSync(path, asidePath(path, at));
  renameSync(rescuePath(path), path);
  sync(dirname(path));
}

/** Ends what a crash in the middle of a rescue left, or takes its unfinished file away: that holds copies only. */
function finish(path: string): void {
  const made = rescuePath(path);
  if (!existsSync(made)) return;
  const names = readdirSync(dirname(path));
  const aside = names
    .map((name) => /\.corrupt-(\d+)-wal$/.exec(name))
    .find((match) => match?.input.startsWith(basename(path)) === true && !names.includes(match.input.slice(0, -4)));
  if (!existsSync(path)) swap(path, 0);
  else if (aside != null) swap(path, Number(aside[1]));
  else for (const suffix of ['', '-wal']) rmSync(made + suffix, { force: true });
}

function sync(path: string): void {
  if (process.platform === 'win32' && statSync(path).isDirectory()) return;
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
