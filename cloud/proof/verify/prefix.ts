import { Fault } from '../../../protocol/fault.ts';
import { base64, difference, same } from './encoding.ts';
import { Findings, type Report } from './findings.ts';
import { blocks, bundlePath } from './layout.ts';
import { type Checkpoint, openCheckpoint, parseVkey, type VerifierKey } from './note.ts';
import { leavesOf, Scan } from './scan.ts';
import { HASH_BYTES, rootOfTiles, TILE_WIDTH } from './tree.ts';
import { pinnedKey, report } from './verify.ts';

/** A hub that does not answer in this time hangs. */
const TIMEOUT_MS = 30_000;
/** The largest answer read: a full bundle of the largest entries that C2SP tlog-tiles allows is 16 MB. */
const MAX_ANSWER_BYTES = 20_000_000;

/** What only an export holds. */
const NEEDS_EXPORT = [
  'bodies and salts against their commitments',
  'chains and signatures of the nodes',
  'earlier checkpoints',
  'original documents',
  'projections against the fold',
];

export interface PrefixReport extends Report {
  /** Checks that need an export (hub export FOLDER): a log's address gives no bodies. */
  readonly needsExport: readonly string[];
}

/** The files below a log's address, with a bearer key. */
class Prefix {
  readonly #base: URL;
  readonly #key: string | undefined;

  constructor(address: string, key: string | undefined) {
    this.#base = new URL(address.endsWith('/') ? address : `${address}/`);
    this.#key = key;
  }

  /** @throws Fault HUB_UNREACHABLE, HTTP_<status> */
  async ask(path: string): Promise<Uint8Array | undefined> {
    const url = new URL(path, this.#base);
    let response: Response;
    try {
      const headers = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` };
      response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new Fault('HUB_UNREACHABLE', `no answer from ${url.href}: ${cause}. Is the hub running, is the address right?`);
    }
    if (response.status === 404) return undefined;
    if (!response.ok)
      throw new Fault(
        `HTTP_${response.status}`,
        `${url.href} was answered with status ${response.status}: ${[401, 403].includes(response.status) ? 'give --key with log:read' : 'try again later'}`,
      );
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > MAX_ANSWER_BYTES) throw new Fault('ANSWER_TOO_LARGE', `${url.href} gave ${bytes.length} bytes: that is no log`);
    return bytes;
  }

  /** A tile or bundle of some width; where the partial one is gone, the full one cut to it (C2SP tlog-tiles, section Partial Tiles). */
  async part(path: string, bytes: number): Promise<Uint8Array | undefined> {
    const partial = await this.ask(path);
    if (partial !== undefined || !path.includes('.p/')) return partial;
    return (await this.ask(path.replace(/\.p\/\d+$/, '')))?.subarray(0, bytes);
  }

  /** The key that the hub itself names. */
  async vkey(): Promise<VerifierKey | string> {
    const answer = await this.ask('/v1/log');
    let vkey: unknown;
    try {
      vkey = (JSON.parse(Buffer.from(answer ?? []).toString()) as { vkey?: unknown }).vkey;
    } catch {
      // said below
    }
    return typeof vkey === 'string' ? parseVkey(vkey) : '/v1/log names none';
  }
}

const CHECKPOINT = 'checkpoint';
const BUNDLE_BYTES = 80;

async function newest(prefix: Prefix, key: VerifierKey, findings: Findings): Promise<Checkpoint | undefined> {
  const bytes = await prefix.ask(CHECKPOINT);
  const checkpoint = bytes === undefined ? 'is missing' : openCheckpoint(bytes, key);
  if (typeof checkpoint !== 'string') {
    findings.count('checkpoints');
    findings.count('signatures');
    return checkpoint;
  }
  findings.problem('CHECKPOINT_INVALID', { file: CHECKPOINT }, `the checkpoint ${checkpoint}`);
  return undefined;
}

/** Feeds the scan with the leaves from its size up to `size`. False when a bundle is missing or cut. */
async function grow(prefix: Prefix, scan: Scan, size: number, findings: Findings): Promise<boolean> {
  for (const { index, width } of blocks(size)) {
    const first = index * TILE_WIDTH;
    if (first + width <= scan.frontier.size) continue;
    const path = bundlePath(index, width);
    const bundle = await prefix.part(path, width * BUNDLE_BYTES);
    if (bundle === undefined) {
      findings.problem('FILE_MISSING', { file: path }, `${path} is missing`);
      return false;
    }
    for (const { leaf, place } of leavesOf(path, bundle, first, width, findings)) {
      if (leaf === undefined) return false;
      if ((place.entry ?? 0) >= scan.frontier.size) scan.add(leaf, place);
    }
  }
  return true;
}

interface Made {
  readonly path: string;
  readonly hashes: Uint8Array;
}

async function compareTiles(prefix: Prefix, tiles: readonly Made[], findings: Findings): Promise<Uint8Array[] | undefined> {
  const partial: Uint8Array[] = [];
  let whole = true;
  for (const { path, hashes } of tiles) {
    const actual = await prefix.part(path, hashes.length);
    const changed = actual === undefined ? undefined : difference(actual, hashes);
    findings.count('tiles');
    if (actual === undefined) findings.problem('FILE_MISSING', { file: path }, `${path} is missing`);
    else if (changed !== undefined)
      findings.problem('TILE_DIFFERS', { file: path, bytes: changed }, `${path} does not follow from the leaves`);
    whole &&= actual !== undefined && changed === undefined;
    if (actual !== undefined && hashes.length < TILE_WIDTH * HASH_BYTES) partial[Number(path.split('/')[1])] = actual;
  }
  return whole ? Array.from(partial, (tile) => tile ?? new Uint8Array()) : undefined;
}

function checkRoot(code: string, root: Uint8Array, { size, root: signed }: Checkpoint, findings: Findings): void {
  if (same(root, signed)) return;
  const text = `the root of the first ${size} entries is ${base64(root)}, the checkpoint says ${base64(signed)}`;
  findings.problem(code, { file: CHECKPOINT, line: 3 }, text);
}

/**
 * Verifies the log below an address (`http(s)://host/log/<tenant>`) as far as its public files go: signature, root from leaves and from
 * tiles, every tile, and that what the log grows to meanwhile extends it.
 * @throws Fault USAGE, HUB_UNREACHABLE, HTTP_<status>
 */
export async function verifyPrefix(address: string, { vkey, key: bearer }: { vkey?: string; key?: string } = {}): Promise<PrefixReport> {
  const findings = new Findings();
  const pinned = pinnedKey(vkey);
  const prefix = new Prefix(address, bearer);
  const key = pinned ?? (await prefix.vkey());
  const done = (checkpoint?: Checkpoint): PrefixReport => ({
    ...report(findings, pinned !== undefined, checkpoint),
    needsExport: NEEDS_EXPORT,
  });
  if (typeof key === 'string') {
    findings.problem('VKEY_MISSING', { file: '/v1/log' }, `there is no key to verify with: ${key}; give it with --vkey`);
    return done();
  }
  if (pinned === undefined) {
    findings.warn(
      'the key was not given with --vkey and comes from the hub itself: this shows that the log agrees with itself, not whose it is',
    );
  }
  const first = await newest(prefix, key, findings);
  if (first === undefined) return done();
  await checkLeaves(prefix, key, first, findings);
  return done(first);
}

async function checkLeaves(prefix: Prefix, key: VerifierKey, first: Checkpoint, findings: Findings): Promise<void> {
  const tiles: Made[] = [];
  let telling = true;
  const tenant = first.origin.slice(first.origin.lastIndexOf('/') + 1);
  const scan = new Scan(tenant, findings, (path, hashes) => {
    if (telling) tiles.push({ path, hashes });
  });
  if (!(await grow(prefix, scan, first.size, findings))) return;
  scan.tiles.end();
  telling = false;
  checkRoot('ROOT_DIFFERS', scan.frontier.root(), first, findings);
  const partial = await compareTiles(prefix, tiles, findings);
  if (partial !== undefined) checkRoot('TILES_ROOT', rootOfTiles(partial), first, findings);
  const second = await newest(prefix, key, findings);
  if (second === undefined) return;
  if (second.size < first.size) {
    const text = `the log was of ${first.size} entries and is now of ${second.size}: it was cut`;
    findings.problem('CHECKPOINT_SIZE', { file: CHECKPOINT, line: 2 }, text);
  } else if (await grow(prefix, scan, second.size, findings)) {
    // What was read first stays in the tree: the same leaves and those after them must give the second root.
    checkRoot('CHECKPOINT_ROOT', scan.frontier.root(), second, findings);
  }
}
