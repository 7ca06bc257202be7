import { Fault } from '../../../protocol/fault.ts';
import { ChainWalk, NodeLog } from './chains.ts';
import { keptCheckpoints, newestCheckpoint, Roots } from './checkpoints.ts';
import { Originals } from './documents.ts';
import { base64, difference, fromUtf8, same, utf8 } from './encoding.ts';
import type { Logged } from './entry.ts';
import { Findings, type Place, type Report } from './findings.ts';
import { Folder } from './folder.ts';
import { entriesPath, filesOf } from './layout.ts';
import { BUNDLE_STEP } from './leaf.ts';
import { narrowed } from './locate.ts';
import { LogReader } from './log.ts';
import { checkManifest, takeLines } from './manifest.ts';
import { type Checkpoint, parseVkey, type VerifierKey } from './note.ts';
import { type Fold, Pages } from './pages.ts';
import { checkHashes, repairFiles } from './repair.ts';
import { checkSums, SUMS } from './sums.ts';
import { TILE_WIDTH } from './tree.ts';

export interface VerifyOptions {
  /** The log's key as its owner gave it to the auditor. Without one the export's own is taken, and the report says so. */
  readonly vkey?: string;
  /** Opens the fold of the projections; without it their pages are left to their signed hashes. */
  readonly fold?: () => Fold;
}

const lineEnd = (bytes: Uint8Array): string | undefined => {
  const text = fromUtf8(bytes);
  return text?.endsWith('\n') === true ? text.slice(0, -1) : undefined;
};

/** @throws Fault USAGE for a text that is no verifier key */
export function pinnedKey(text: string | undefined): VerifierKey | undefined {
  if (text === undefined) return undefined;
  const key = parseVkey(text.trim());
  if (typeof key === 'string') throw new Fault('USAGE', `--vkey ${key}: ${text}`);
  return key;
}

/** The key to verify with: the pinned one, else what the export says itself. */
function keyOf(folder: Folder, pinned: VerifierKey | undefined, vkey: string | undefined, findings: Findings): VerifierKey | undefined {
  const bytes = folder.read('vkey');
  if (bytes === undefined) return pinned;
  if (pinned !== undefined) {
    const changed = difference(bytes, utf8(`${vkey?.trim()}\n`));
    if (changed !== undefined) {
      findings.problem('VKEY_FOREIGN', { file: 'vkey', bytes: changed }, 'the export names another key than the one given with --vkey');
    }
    return pinned;
  }
  findings.warn(
    'the key was not given with --vkey and is the export’s own: this shows that the export agrees with itself, not whose it is',
  );
  const open = (candidate: Uint8Array): VerifierKey | string => {
    const line = lineEnd(candidate);
    return line === undefined ? 'is no line of text' : parseVkey(line);
  };
  const own = open(bytes);
  if (typeof own !== 'string') return own;
  const accepts = (candidate: Uint8Array): boolean => typeof open(candidate) !== 'string';
  const found = narrowed({ findings, suspect: folder.suspect('vkey') }, bytes, [0, bytes.length], accepts, bytes.length);
  findings.problem('VKEY_INVALID', { file: 'vkey', bytes: found.bytes }, `the export’s key ${own}`);
  const repaired = found.repaired === undefined ? '' : open(found.repaired);
  return typeof repaired === 'string' ? undefined : repaired;
}

/** How many entries the bundles can hold at most: a size that no file bears out is not walked. */
function room(folder: Folder): number {
  let entries = 0;
  for (const [path, { bytes }] of folder.files) {
    if (path.startsWith('tile/entries/')) entries += Math.min(TILE_WIDTH, Math.ceil(bytes / BUNDLE_STEP));
  }
  return entries;
}

function checkLayout(folder: Folder, size: number, findings: Findings): void {
  const expected = filesOf(size);
  for (const path of expected) {
    if (!folder.has(path) && !folder.signed.has(path)) {
      findings.problem('FILE_MISSING', { file: path }, `an export of ${size} entries has ${path}, it is missing`);
    }
  }
  for (const path of folder.files.keys()) {
    const known =
      ['manifest', SUMS].includes(path) || expected.has(path) || /^(batches|projections)\/.+\.jsonl$|^documents\/[0-9a-f]{64}$/.test(path);
    if (!known) findings.problem('FILE_UNEXPECTED', { file: path }, `an export of ${size} entries has no ${path}`);
  }
}

/** One pass over the log: everything that is compared with it hears it. */
function readLog(folder: Folder, tenant: string, checkpoint: Checkpoint, roots: Roots, pages: Pages | undefined, findings: Findings): void {
  const { size } = checkpoint;
  const reader = new LogReader(folder, tenant, findings);
  const nodes = new NodeLog(findings);
  const originals = new Originals(folder, findings);
  let next = 0;
  let whole = true;
  const root = reader.read(size, {
    reached(count, rootNow) {
      roots.at(count, rootNow);
      // Before a page is compared: what cannot be read must not be blamed on the tables.
      if (next < count) {
        whole = false;
        pages?.stop(`entry ${next} cannot be read`);
      }
      pages?.reached(count);
    },
    entry(entry: Logged) {
      const place: Place = { file: entriesPath(Math.floor(entry.index / TILE_WIDTH)), entry: entry.index };
      findings.count('entries');
      if (entry.body === null) findings.count('erased');
      next = entry.index + 1;
      nodes.add(entry, place);
      originals.add(entry, place);
      pages?.add(entry);
    },
  });
  roots.end(size);
  if (!same(root.leaves, checkpoint.root)) {
    const text = `the root of the ${size} leaves is ${base64(root.leaves)}, the checkpoint says ${base64(checkpoint.root)}`;
    findings.problem('ROOT_DIFFERS', { file: 'checkpoint', line: 3 }, text);
  }
  if (root.tiles !== undefined && !same(root.tiles, checkpoint.root)) {
    findings.problem(
      'TILES_ROOT',
      { file: 'checkpoint', line: 3 },
      `the root of the tiles is ${base64(root.tiles)}, the checkpoint says another`,
    );
  }
  originals.end(whole);
  pages?.end();
  new ChainWalk(folder, nodes, { tenant, size, repaired: reader.repaired }, findings).walk();
}

/**
 * Verifies an export without asking anybody: what it says is what its log signed, and everything in it agrees.
 * @throws Fault USAGE when there is no such folder, or the key is none
 */
export function verifyFolder(root: string, { vkey, fold }: VerifyOptions = {}): Report {
  const findings = new Findings();
  const pinned = pinnedKey(vkey);
  const folder = new Folder(root, findings);
  takeLines(folder);
  repairFiles(folder, findings);
  const key = keyOf(folder, pinned, vkey, findings);
  if (key === undefined)
    findings.problem('VKEY_MISSING', { file: 'vkey' }, 'there is no key to verify with: no signature of the log was checked');
  const { kept, newest } = keptCheckpoints(folder, key, findings);
  const signed = newestCheckpoint(folder, key, newest, findings);
  const stated = checkManifest(folder, key, signed, findings);
  const checkpoint = signed ?? stated;
  if (checkpoint !== undefined) checkLog(folder, checkpoint, new Roots(kept, findings), fold, findings);
  checkSums(folder, findings);
  checkHashes(folder, findings);
  return report(findings, pinned !== undefined, checkpoint);
}

function checkLog(folder: Folder, checkpoint: Checkpoint, roots: Roots, fold: (() => Fold) | undefined, findings: Findings): void {
  const tenant = checkpoint.origin.slice(checkpoint.origin.lastIndexOf('/') + 1);
  const size = Math.min(checkpoint.size, room(folder));
  if (size < checkpoint.size) {
    findings.problem(
      'SIZE_DIFFERS',
      { file: 'checkpoint', line: 2 },
      `the checkpoint is of ${checkpoint.size} entries, the bundles hold ${size}`,
    );
  }
  checkLayout(folder, size, findings);
  const opened = fold?.();
  if (opened === undefined) findings.warn('projection pages were checked by their signed hashes alone, not by the fold');
  try {
    const pages = opened === undefined ? undefined : new Pages(folder, opened, findings);
    readLog(folder, tenant, { ...checkpoint, size }, roots, pages, findings);
  } finally {
    opened?.close();
  }
}

/** The report of what was found. */
export function report(findings: Findings, pinned: boolean, checkpoint: Checkpoint | undefined): Report {
  return {
    ok: findings.clean,
    pinned,
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    root: checkpoint === undefined ? null : base64(checkpoint.root),
    checked: findings.checked,
    warnings: findings.warnings,
    problems: findings.problems,
    unlisted: findings.unlisted,
  };
}
