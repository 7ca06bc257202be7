import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Something that happened to the outbox file and that a person must have seen: it stands until somebody confirms it. */
export interface Notice {
  /** Epoch milliseconds by the node's wall clock; names the notice. */
  readonly at: number;
  /** `damaged`: set aside as `file`. `missing`: it was there before. `older`: an older copy stands in its place. */
  readonly kind: 'damaged' | 'missing' | 'older';
  readonly why: string;
  readonly file?: string;
  /** Records that the hub does not have: carried over, and not to be found any more; null when nobody can tell. */
  readonly saved: number | null;
  readonly lost: number | null;
  /** Names of lost passages and numbers of lost records, as far as they are known; at most NAMED. */
  readonly names: readonly string[];
}

/** Names in a notice: enough to look into, and a file that is still read on a screen. */
export const NAMED = 100;

const NAME = /^\.notice-(\d+)(\.confirmed)?\.json$/;
const ASIDE = /^\.corrupt-(\d+)$/;

/** Where a damaged file goes that is set aside at `at`. */
export const asidePath = (path: string, at: number): string => `${path}.corrupt-${at}`;

const noticePath = (path: string, at: number, confirmed = ''): string => `${path}.notice-${at}${confirmed}.json`;

function tails(path: string): string[] {
  const dir = dirname(path);
  if (!existsSync(dir)) return [];
  const name = basename(path);
  return readdirSync(dir)
    .filter((one) => one.startsWith(name))
    .map((one) => one.slice(name.length));
}

/** Writes a notice, on disk when this returns. */
export function leaveNotice(path: string, notice: Notice): void {
  const fd = openSync(noticePath(path, notice.at), 'w');
  try {
    writeSync(fd, `${JSON.stringify(notice, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Notices that nobody has confirmed, oldest first. A file that was set aside without one counts too. */
export function notices(path: string): Notice[] {
  const all = tails(path);
  const told = new Set<string>();
  const found: Notice[] = [];
  for (const tail of all) {
    const [, at, confirmed] = NAME.exec(tail) ?? [];
    if (at === undefined) continue;
    told.add(at);
    if (confirmed === undefined) found.push(read(path, Number(at)));
  }
  for (const tail of all) {
    const at = ASIDE.exec(tail)?.[1];
    if (at !== undefined && !told.has(at)) found.push(unread(path, Number(at)));
  }
  return found.sort((a, b) => a.at - b.at);
}

/** A person has seen all notices: they are kept under another name. Returns how many there were. */
export function confirmNotices(path: string): number {
  const open = notices(path);
  for (const notice of open) {
    if (!existsSync(noticePath(path, notice.at))) leaveNotice(path, notice);
    renameSync(noticePath(path, notice.at), noticePath(path, notice.at, '.confirmed'));
  }
  return open.length;
}

function read(path: string, at: number): Notice {
  try {
    const notice = JSON.parse(readFileSync(noticePath(path, at), 'utf8')) as Notice;
    if (notice.at === at && Array.isArray(notice.names)) return notice;
  } catch {
    // A notice that can't be read is still one.
  }
  return unread(path, at);
}

function unread(path: string, at: number): Notice {
  const file = asidePath(path, at);
  const more = existsSync(file) ? { file: join(dirname(path), basename(file)) } : {};
  return { at, kind: 'damaged', why: 'the file was damaged', ...more, saved: null, lost: null, names: [] };
}
