import { same } from './encoding.ts';
import type { Findings, Place } from './findings.ts';
import { BUNDLE_STEP, decodeLeaf, LEAF_BYTES, type Leaf, producerHash, RECORD } from './leaf.ts';
import { Frontier, leafHash, type TellTile, Tiles } from './tree.ts';

/** What the leaves of a log must be among themselves, in order: appended times never fall and the hub counts its own entries without a gap. */
export class Scan {
  readonly frontier = new Frontier();
  readonly tiles: Tiles;
  readonly #findings: Findings;
  readonly #hub: Uint8Array;
  #at = 0;
  #hubSeq = 0;

  constructor(tenant: string, findings: Findings, tile: TellTile) {
    this.#findings = findings;
    this.#hub = producerHash(tenant, 'hub');
    this.tiles = new Tiles(tile);
  }

  /** Takes the next leaf. Undefined when it is none, or stands where it may not. */
  add(bytes: Uint8Array, place: Place): Leaf | undefined {
    const hash = leafHash(bytes);
    const index = this.frontier.size;
    this.addHash(hash);
    const leaf = decodeLeaf(bytes);
    if (typeof leaf === 'string') {
      this.#findings.problem('LEAF_INVALID', place, `the leaf of entry ${index} ${leaf}`);
      return undefined;
    }
    this.#findings.count('leaves');
    if (leaf.at < this.#at) {
      this.#findings.problem('TIME_FELL', place, `entry ${index} was appended at ${leaf.at}, the one before at ${this.#at}`);
    }
    if (leaf.effectiveAt > leaf.at) {
      this.#findings.problem(
        'TIME_AHEAD',
        place,
        `entry ${index} takes effect at ${leaf.effectiveAt}, after it was appended at ${leaf.at}`,
      );
    }
    this.#at = Math.max(this.#at, leaf.at);
    const hub = same(leaf.producer, this.#hub);
    if (hub !== (leaf.type !== RECORD)) {
      this.#findings.problem('PRODUCER_TYPE', place, `entry ${index} is of type ${leaf.type} and ${hub ? 'of the hub' : 'not of the hub'}`);
    }
    if (!hub) return leaf;
    if (leaf.epoch !== 0 || leaf.seq !== this.#hubSeq + 1) {
      const text = `entry ${index} is number ${leaf.seq} of the hub, number ${this.#hubSeq + 1} was to come`;
      this.#findings.problem('HUB_SEQUENCE', place, text);
    }
    this.#hubSeq = leaf.seq;
    return leaf;
  }

  /** Takes a leaf of which only the hash is known. */
  addHash(hash: Uint8Array): void {
    this.frontier.add(hash);
    this.tiles.add(hash);
  }
}

/** The leaves of a bundle of `width` entries from index `first` with their places; undefined where one cannot be read. */
export function leavesOf(
  file: string,
  bundle: Uint8Array,
  first: number,
  width: number,
  findings: Findings,
): { leaf: Uint8Array | undefined; place: Place }[] {
  const leaves = Array.from({ length: width }, (_, i) => {
    const [from, to] = [i * BUNDLE_STEP, (i + 1) * BUNDLE_STEP];
    const place: Place = { file, entry: first + i, bytes: [from + 2, to] };
    if (to > bundle.length) {
      if (from <= bundle.length) {
        findings.problem('BUNDLE_CUT', { ...place, bytes: [from, bundle.length] }, `${file} ends before or in entry ${first + i}`);
      }
      return { leaf: undefined, place };
    }
    for (const [at, value] of [0, LEAF_BYTES].entries()) {
      const is = bundle[from + at];
      if (is === value) continue;
      const text = `the length of entry ${first + i} is not ${LEAF_BYTES}: byte ${from + at} is ${is}, not ${value}`;
      findings.problem('LEAF_LENGTH', { ...place, bytes: [from + at, from + at + 1] }, text);
    }
    return { leaf: bundle.subarray(from + 2, to), place };
  });
  if (bundle.length > width * BUNDLE_STEP) {
    const place = { file, bytes: [width * BUNDLE_STEP, bundle.length] as const };
    findings.problem('BUNDLE_LONG', place, `${file} has ${bundle.length} bytes, ${width} entries have ${width * BUNDLE_STEP}`);
  }
  return leaves;
}
