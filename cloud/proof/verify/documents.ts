import { hex } from './encoding.ts';
import { type Logged, readBody } from './entry.ts';
import type { Findings, Place } from './findings.ts';
import type { Folder } from './folder.ts';
import { DOCUMENT } from './leaf.ts';

/** Originals by hash: each file is what its name says, and each document of the log has its own. */
export class Originals {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #named = new Set<string>();

  constructor(folder: Folder, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
  }

  /** Takes an entry; of one that was erased the original may be gone too. */
  add(entry: Logged, place: Place): void {
    if (entry.leaf.type !== DOCUMENT || entry.body === null) return;
    const original = readBody(entry)?.['original'];
    this.#findings.count('documents');
    if (typeof original !== 'string' || !/^[0-9a-f]{64}$/.test(original)) {
      this.#findings.problem('DOCUMENT_INVALID', place, `the document of entry ${entry.index} names no original`);
      return;
    }
    this.#named.add(`documents/${original}`);
    if (this.#folder.has(`documents/${original}`)) return;
    const text = `the original of the document of entry ${entry.index} is missing`;
    this.#findings.problem('DOCUMENT_MISSING', { file: `documents/${original}`, entry: entry.index }, text);
  }

  /** `whole`: every entry could be read, so that an original that none of them names is not the log's. */
  end(whole: boolean): void {
    for (const [path, { sha256, bytes }] of this.#folder.files) {
      if (!path.startsWith('documents/')) continue;
      this.#findings.count('originals');
      if (whole && !this.#named.has(path)) {
        this.#findings.problem('DOCUMENT_UNNAMED', { file: path, bytes: [0, bytes] }, `${path} is the original of no document of the log`);
      }
      // A file that is not what its manifest line says is reported with it.
      if (path === `documents/${hex(sha256)}` || this.#folder.altered(path)) continue;
      this.#findings.problem(
        'DOCUMENT_HASH',
        { file: path, bytes: [0, bytes] },
        `${path} has SHA-256 ${hex(sha256)}, its name says another`,
      );
    }
  }
}
