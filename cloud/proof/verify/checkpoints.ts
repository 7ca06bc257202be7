import { base64, difference, fromUtf8, linesOf, same, utf8 } from './encoding.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { jsonFault } from './json.ts';
import { narrowed } from './locate.ts';
import { type Checkpoint, openCheckpoint, type VerifierKey } from './note.ts';

const FILE = 'checkpoint';
const KEPT = 'checkpoints.jsonl';

/** A checkpoint that the log signed once, with its line in checkpoints.jsonl. */
export interface Kept extends Checkpoint {
  readonly line: number;
  readonly bytes: readonly [from: number, to: number];
}

/** One line of checkpoints.jsonl: the text of a note as a JSON string. A text says what is wrong. */
function openLine(bytes: Uint8Array, key: VerifierKey | undefined): { note: Uint8Array; checkpoint: Checkpoint } | string {
  const fault = jsonFault(bytes);
  if (fault !== undefined) return fault.why;
  const text = fromUtf8(bytes) ?? '';
  const note: unknown = JSON.parse(text);
  if (typeof note !== 'string' || JSON.stringify(note) !== text) return 'is no JSON string in canonical form';
  const checkpoint = openCheckpoint(utf8(note), key);
  return typeof checkpoint === 'string' ? checkpoint : { note: utf8(note), checkpoint };
}

/** Every signed checkpoint that the export keeps, ascending, and the newest as it was written. */
export function keptCheckpoints(folder: Folder, key: VerifierKey | undefined, findings: Findings): { kept: Kept[]; newest?: Uint8Array } {
  const bytes = folder.read(KEPT) ?? new Uint8Array();
  const kept: Kept[] = [];
  let newest: Uint8Array | undefined;
  for (const { number, from, to, ended } of linesOf(bytes)) {
    const part = bytes.subarray(from, to);
    const opened = openLine(part, key);
    const place = { file: KEPT, line: number };
    if (typeof opened === 'string' || !ended) {
      const accepts = (candidate: Uint8Array): boolean => typeof openLine(candidate, key) !== 'string';
      const found = narrowed({ findings, suspect: folder.suspect(KEPT) }, bytes, [from, to], accepts);
      const why = typeof opened === 'string' ? opened : 'has no line end';
      findings.problem('CHECKPOINT_INVALID', { ...place, bytes: found.bytes }, `checkpoint ${number} ${why}`);
      continue;
    }
    const { checkpoint } = opened;
    if (key !== undefined) findings.count('signatures');
    findings.count('checkpoints');
    const before = kept.at(-1)?.size ?? -1;
    if (checkpoint.size <= before) {
      const text = `checkpoint ${number} is of ${checkpoint.size} entries and follows one of ${before}`;
      findings.problem('CHECKPOINT_ORDER', { ...place, bytes: [from, to] }, text);
    } else {
      kept.push({ ...checkpoint, line: number, bytes: [from, to] });
      newest = opened.note;
    }
  }
  return { kept, ...(newest === undefined ? {} : { newest }) };
}

/** The newest checkpoint: the file, or what the kept ones say it must be when it cannot be read. */
export function newestCheckpoint(
  folder: Folder,
  key: VerifierKey | undefined,
  newest: Uint8Array | undefined,
  findings: Findings,
): Checkpoint | undefined {
  const bytes = folder.read(FILE);
  const opened = bytes === undefined ? undefined : openCheckpoint(bytes, key);
  const kept = newest === undefined ? undefined : openCheckpoint(newest, key);
  const fallback = typeof kept === 'string' ? undefined : kept;
  if (bytes === undefined || opened === undefined) return fallback;
  const changed = newest === undefined ? undefined : difference(bytes, newest);
  if (typeof opened === 'string') {
    const place = changed === undefined ? {} : { bytes: changed };
    findings.problem('CHECKPOINT_INVALID', { file: FILE, ...place }, `the checkpoint ${opened}`);
    return fallback;
  }
  if (key !== undefined) findings.count('signatures');
  if (folder.read(KEPT)?.length === 0) {
    findings.problem(
      'CHECKPOINT_MISSING',
      { file: KEPT, bytes: [0, 0] },
      `${KEPT} is empty: it ends with the checkpoint of ${opened.size} entries`,
    );
  }
  if (changed !== undefined) {
    const text = `the checkpoint of ${opened.size} entries is not the last of ${KEPT}`;
    findings.problem('CHECKPOINT_DIFFERS', { file: FILE, bytes: changed }, text);
  }
  return opened;
}

/** Compares the roots of the kept checkpoints with those of the leaves: each then extends the one before. */
export class Roots {
  readonly #kept: readonly Kept[];
  readonly #findings: Findings;
  #next = 0;

  constructor(kept: readonly Kept[], findings: Findings) {
    this.#kept = kept;
    this.#findings = findings;
  }

  /** Called for each size in order; `root` is worked out only where a checkpoint asks for it. */
  at(size: number, root: () => Uint8Array): void {
    const one = this.#kept[this.#next];
    if (one === undefined || one.size > size) return;
    this.#next += 1;
    const expected = root();
    if (same(one.root, expected)) return;
    this.#findings.problem(
      'CHECKPOINT_ROOT',
      { file: KEPT, line: one.line, bytes: one.bytes },
      `the log signed the root ${base64(one.root)} for its first ${size} entries, whose root is ${base64(expected)}: two histories`,
    );
  }

  /** Checkpoints of more entries than the export has. */
  end(size: number): void {
    for (const one of this.#kept.slice(this.#next)) {
      const text = `the log signed a checkpoint of ${one.size} entries, the export has ${size}`;
      this.#findings.problem('CHECKPOINT_SIZE', { file: KEPT, line: one.line, bytes: one.bytes }, text);
    }
  }
}
