import type { Sql } from '../../cloud/ledger/sql.ts';
import { rangesOf } from '../../cloud/ledger/tiles.ts';
import { consistencyPath, verifyConsistency } from '../../cloud/ledger/tree.ts';
import { Violation } from './crash.ts';
import { sha256 } from './oracle.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** What the log's tree may do: grow. Keeps the root that follows from the leaves as they were first seen. */
export class Growth {
  /** Roots of complete subtrees with their heights, the largest first. */
  #peaks: { readonly height: number; readonly hash: Uint8Array }[] = [];
  readonly #leaves: Uint8Array[] = [];
  #signed = 0;
  #signer: string | undefined;
  #last: { readonly size: number; readonly root: Uint8Array } | undefined;

  get size(): number {
    return this.#leaves.length;
  }

  /** The next leaf, as it stands in the log when it is first seen. */
  add(leaf: Uint8Array): void {
    let hash: Uint8Array = sha256(LEAF, leaf);
    this.#leaves.push(hash);
    let height = 0;
    for (let last = this.#peaks.at(-1); last?.height === height; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      hash = sha256(NODE, last.hash, hash);
      height++;
    }
    this.#peaks.push({ height, hash });
  }

  #root(): Uint8Array {
    return (
      this.#peaks.reduceRight<Uint8Array | undefined>(
        (root, { hash }) => (root === undefined ? hash : sha256(NODE, hash, root)),
        undefined,
      ) ?? sha256()
    );
  }

  /** RFC 6962 section 2.1 over the leaves [from, to) as they were first seen. */
  #over(from: number, to: number): Uint8Array {
    const only = this.#leaves[from];
    if (to - from === 1 && only !== undefined) return only;
    let half = 1;
    while (half * 2 < to - from) half *= 2;
    return sha256(NODE, this.#over(from, from + half), this.#over(from + half, to));
  }

  /**
   * Takes a checkpoint that the hub has shown, after those that it showed before.
   * @throws Violation when it is not of this log as it was, is smaller than an earlier one, or comes from another key
   */
  checkpoint(note: string): void {
    const [origin, digits, root, , signature = ''] = note.split('\n');
    const size = Number(digits);
    const signer = `${origin} ${Buffer.from(signature.split(' ').at(-1) ?? '', 'base64')
      .subarray(0, 4)
      .toString('hex')}`;
    const wrong = (what: string): never => {
      throw new Violation('checkpoint', `the hub shows a checkpoint of ${digits} entries ${what}`);
    };
    if (size < this.#signed) wrong(`after one of ${this.#signed}`);
    if (size > this.#leaves.length) wrong(`of a log that has ${this.#leaves.length}`);
    const wanted = size === 0 ? sha256() : this.#over(0, size);
    if (Buffer.compare(wanted, Buffer.from(root ?? '', 'base64')) !== 0) wrong(`with root ${root}, which does not follow from them`);
    if (this.#signer !== undefined && this.#signer !== signer) wrong(`signed by ${signer}, not by ${this.#signer}`);
    this.#signed = size;
    this.#signer = signer;
  }

  /** @throws Violation when the stored head is not an extension of all heads before it */
  check(sql: Sql, head: { readonly size: number; readonly root: Uint8Array }): void {
    const { size, root } = head;
    if (size !== this.#leaves.length) throw new Violation('tree', `the log had ${this.#leaves.length} entries and has a head of ${size}`);
    if (Buffer.compare(root, this.#root()) !== 0)
      throw new Violation('tree', `the root of ${size} entries does not follow from them as they were`);
    const last = this.#last;
    this.#last = { size, root: Uint8Array.from(root) };
    if (last === undefined || last.size === 0 || last.size === size) return;
    const path = consistencyPath(last.size, size, rangesOf(sql));
    if (!verifyConsistency(last.size, size, last.root, root, path))
      throw new Violation('tree', `the tree of ${size} entries does not extend the one of ${last.size} (RFC 6962 section 2.1.2)`);
  }
}
