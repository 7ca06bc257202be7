import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../../protocol/fault.ts';
import { same } from './encoding.ts';
import type { Findings } from './findings.ts';
import { NO_SUMS, SUMMED, type Sums, summed } from './sums.ts';

export interface FileFact {
  readonly sha256: Uint8Array;
  readonly bytes: number;
  /** Of a file that nothing else in the export repeats. */
  readonly sums?: Sums;
}

/** Read at a time while hashing: an original of any size costs no memory. */
const PIECE = 1_048_576;
/** The largest file that is read whole: 256 entries of the largest body are half of it. */
const MAX_READ_BYTES = 512 * 1_048_576;

function hashOf(path: string, sum: boolean): FileFact {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, 'r');
  let bytes = 0;
  let sums = NO_SUMS;
  try {
    for (;;) {
      const read = readSync(file, piece);
      if (read === 0) return { sha256: hash.digest(), bytes, ...(sum ? { sums } : {}) };
      hash.update(piece.subarray(0, read));
      if (sum) sums = summed(sums, piece.subarray(0, read), bytes);
      bytes += read;
    }
  } finally {
    closeSync(file);
  }
}

/** The files of an export as they are, and as its manifest signs them. */
export class Folder {
  readonly #root: string;
  readonly files = new Map<string, FileFact>();
  /** Filled once the manifest was read. */
  signed: ReadonlyMap<string, FileFact> = new Map();
  readonly #repaired = new Map<string, Uint8Array>();

  /** Lists and hashes every file. @throws Fault USAGE when there is no such folder */
  constructor(root: string, findings: Findings) {
    this.#root = root;
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Fault('USAGE', `${root} is no folder: name the folder that hub export wrote, or the address of a log`);
    }
    this.#walk('', findings);
  }

  #walk(below: string, findings: Findings): void {
    for (const entry of readdirSync(join(this.#root, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) this.#walk(path, findings);
      else if (entry.isFile()) this.#note(path, findings);
      else findings.problem('FILE_STRANGE', { file: path }, `${path} is neither a file nor a folder: an export has no links`);
    }
  }

  #note(path: string, findings: Findings): void {
    let fact: FileFact;
    try {
      fact = hashOf(join(this.#root, path), SUMMED.test(path));
    } catch (error) {
      findings.problem(
        'FILE_UNREADABLE',
        { file: path },
        `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    this.files.set(path, fact);
    findings.count('files');
    findings.count('bytes', fact.bytes);
    if (fact.bytes > MAX_READ_BYTES && !path.startsWith('documents/')) {
      findings.problem('FILE_TOO_LARGE', { file: path }, `${path} has ${fact.bytes} bytes, an export writes at most ${MAX_READ_BYTES}`);
    }
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  /** The bytes of a file, as signed where they are known; undefined when it is missing or too large. */
  read(path: string): Uint8Array | undefined {
    const repaired = this.#repaired.get(path);
    if (repaired !== undefined) return repaired;
    const fact = this.files.get(path);
    return fact === undefined || fact.bytes > MAX_READ_BYTES ? undefined : readFileSync(join(this.#root, path));
  }

  /** Goes on with a file as it was signed. */
  repair(path: string, bytes: Uint8Array): void {
    this.#repaired.set(path, bytes);
  }

  /** Whether what is read of a file is not what was signed. */
  damaged(path: string): boolean {
    return !this.#repaired.has(path) && this.altered(path);
  }

  /** Whether a byte of what is read may have changed: a file that is just as it was signed was wrong when it was signed. */
  suspect(path: string): boolean {
    return !this.signed.has(path) || this.damaged(path);
  }

  /** Whether a file as it lies there is not the one that was signed. */
  altered(path: string): boolean {
    const [actual, signed] = [this.files.get(path), this.signed.get(path)];
    return signed !== undefined && (actual === undefined || actual.bytes !== signed.bytes || !same(actual.sha256, signed.sha256));
  }
}
