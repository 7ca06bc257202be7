import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Projection } from '../../cloud/ledger/projection.ts';
import type { PostResult } from '../../cloud/ledger/rpc.ts';
import { seal } from '../../edge/outbox/records.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { Random } from '../random.ts';
import { Checks, type Queue } from './checks.ts';
import { Violation } from './crash.ts';
import { bytes, type Ed25519, fills, keyFrom, seed as seedEntropy } from './entropy.ts';
import { masterData } from './goods.ts';
import { Hub, type HubClasses, TENANT } from './hub.ts';
import { SimNode } from './node.ts';
import { itemsOf, nameOf, type SeenBody } from './oracle.ts';
import { Tap } from './tap.ts';
import { time } from './time.ts';
import type { Wire } from './wire.ts';

/** 2026-11-24T08:00:00Z */
const MORNING = 1_795_507_200_000;

/** The real parts that a world runs, or broken variants of them. */
export interface Parts {
  readonly hub: HubClasses;
  readonly projections: readonly Projection[];
  readonly mutant?: Mutant;
}

/** A part that is broken on purpose, to show that a check can fail. */
export interface Mutant {
  /** The faults that show it soonest, in place of those that a seed draws. */
  readonly faults?: readonly string[];
  readonly statement?: (kind: string, text: string, count: number) => string;
  readonly call?: (kind: string, method: string, args: readonly unknown[], count: number) => { readonly value: unknown } | undefined;
}

interface NodeKeys {
  current: Ed25519;
  number: number;
}

/** A node and what the world keeps beside it. */
export interface Member {
  readonly node: SimNode;
  readonly keys: NodeKeys;
  /** When a node that is down is started again, and whether its machine boots anew. */
  upAt: number | undefined;
  reboots: boolean;
  passages: number;
}

/** How long somebody waits for an answer of the hub before asking again. */
const PATIENCE_STEPS = 100;
const PATIENCE_STEP_MS = 20;

/** More than a seed can make. */
const ALL_DOUBTS = 1_000_000;

const FOLDER = ['/dev/shm', process.env['TMPDIR'] ?? '/tmp'];

/** All nodes, the hub, the network and the clock of one seed, with everything that is checked and counted. */
export class World {
  readonly random: Random;
  readonly members: Member[] = [];
  readonly hub: Hub;
  readonly checks: Checks;
  readonly faults = new Map<string, number>();
  /** The hub's clock minus true time, milliseconds. */
  hubSkew = 0;
  readonly #folder: string;
  readonly #trace = createHash('sha256');
  readonly lines: string[] = [];
  readonly #keep: boolean;
  readonly #taps = new WeakMap<Wire, Tap>();
  #violation: Violation | undefined;
  #statements = 0;
  #calls = 0;

  private constructor(seed: number, parts: Parts, keep: boolean) {
    this.#keep = keep;
    this.random = new Random(seed);
    time.begin();
    time.wall = () => Math.round(MORNING + time.now + this.hubSkew);
    seedEntropy(this.random.fork('entropy'));
    emptySalts();
    this.#folder = mkdtempSync(
      join(FOLDER.find((folder) => folder !== '/dev/shm' || process.platform === 'linux') ?? '/tmp', 'docket-sim-'),
    );
    this.checks = new Checks(TENANT, parts.projections);
    const { mutant } = parts;
    this.hub = new Hub(this.random.fork('hub'), parts.hub, {
      trace: (line) => this.trace(line),
      happened: (fault) => this.happened(fault),
      posted: (result) => {
        if ((result as PostResult).ok && (result as { duplicate?: boolean }).duplicate === true) this.happened('duplicate');
      },
      failed: (text) => this.fail('failed', text),
      ...(mutant?.statement === undefined ? {} : { statement: (kind, text) => mutant.statement?.(kind, text, this.#statements++) ?? text }),
      ...(mutant?.call === undefined ? {} : { call: (kind, method, args) => mutant.call?.(kind, method, args, this.#calls++) }),
    });
  }

  /** A world in which nothing has happened yet but the hub's master data and the nodes' keys. */
  static async open(seed: number, parts: Parts, keep = false): Promise<World> {
    const world = new World(seed, parts, keep);
    const places = [
      ['LYON', 'dock-1'],
      ['LYON', 'dock-2'],
      ['PARIS', 'dock-1'],
    ] as const;
    for (const [site, node] of places) world.#add(site, node);
    const registrations = world.members.map(({ node, keys }) => registration(node, keys.current));
    await world.append([...masterData(world.sites), ...registrations]);
    for (const { node } of world.members) node.start(true);
    return world;
  }

  get sites(): string[] {
    return [...new Set(this.members.map(({ node }) => node.address.site))];
  }

  #add(site: string, name: string): void {
    const keys: NodeKeys = { current: keyFrom(bytes(this.random, 32)), number: 1 };
    const node = new SimNode({
      address: { tenant: TENANT, site, node: name },
      random: this.random.fork(`${site}/${name}`),
      folder: join(this.#folder, site, name),
      far: this.hub,
      key: () => ({ id: keys.current.id, sign: keys.current.sign }),
      events: {
        trace: (line) => this.trace(line),
        happened: (fault) => this.happened(fault),
        failed: (text) => this.fail('failed', text),
        handed: (which, passage) => this.checks.oracle.handed(which.name, passage),
        arrived: (wire, length, older) => {
          this.trace(`${wire.node}#${wire.number} up ${length}`);
          if (older) this.happened('reorder');
        },
        dropped: (_wire, frames) => {
          if (frames > 0) this.happened('drop', frames);
        },
        split: () => this.happened('cutInside'),
        written: (wire, data) => this.#guard(() => this.#tap(wire).sent(data)),
        given: (wire, data) => {
          this.trace(`${wire.node}#${wire.number} down ${data.length}`);
          this.#guard(() => this.#tap(wire).got(data));
        },
      },
    });
    this.members.push({ node, keys, upAt: undefined, reboots: false, passages: 0 });
  }

  #tap(wire: Wire): Tap {
    let tap = this.#taps.get(wire);
    if (tap === undefined) {
      tap = new Tap((batch) => this.checks.acknowledged(this.hub.ledger.sql, wire.node, batch));
      this.#taps.set(wire, tap);
    }
    return tap;
  }

  /** A violation inside an event must not end in the code under test. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#violation ??= error instanceof Violation ? error : new Violation('broken', String((error as Error).stack));
    }
  }

  fail(rule: string, text: string): void {
    this.#violation ??= new Violation(rule, text);
  }

  happened(fault: string, times = 1): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + times);
  }

  trace(line: string): void {
    const text = `${time.now.toFixed(3)} ${line}`;
    this.#trace.update(`${text}\n`);
    if (this.#keep) this.lines.push(text);
  }

  /** A hash of everything that happened so far. */
  get digest(): string {
    return this.#trace.copy().digest('hex').slice(0, 16);
  }

  /** Appends entries as the API does, again and again until the hub has taken them. */
  async append(entries: readonly object[]): Promise<void> {
    for (;;) {
      const stub = this.hub.stub('LEDGER', TENANT, undefined);
      let answer: unknown;
      stub['append']?.(entries, time.wall()).then(
        (value) => {
          answer = value;
        },
        (error: unknown) => {
          answer = error;
        },
      );
      for (let i = 0; i < PATIENCE_STEPS && answer === undefined; i++) await time.advance(PATIENCE_STEP_MS);
      const { ok, code } = (answer ?? {}) as { ok?: boolean; code?: string };
      if (ok === true || code === 'DUPLICATE_NUMBER') return;
      if (code !== undefined) throw new Violation('failed', `the hub refuses ${JSON.stringify(entries).slice(0, 200)}: ${code}`);
    }
  }

  /** Asks the hub for its newest checkpoint, as an auditor does; gives up when the hub goes away. @throws Violation */
  async audit(): Promise<void> {
    let note: unknown;
    this.hub
      .stub('LEDGER', TENANT, undefined)
      ['checkpoint']?.()
      .then(
        (value) => {
          note = value;
        },
        () => {
          note = null;
        },
      );
    for (let i = 0; i < PATIENCE_STEPS && note === undefined; i++) await time.advance(PATIENCE_STEP_MS);
    if (typeof note !== 'string') return;
    this.checks.checkpoint(this.hub.ledger.sql, note);
    this.happened('checkpoint');
  }

  /** Checks everything. @throws Violation */
  check(): void {
    const violation = this.#violation;
    if (violation !== undefined) throw violation;
    const queues = this.members.map(({ node }) => ({ name: node.name, held: () => node.disk.observe(() => held(node)) }));
    this.checks.check(this.hub.ledger.sql, queues);
    this.trace(`log ${this.checks.size} ${this.checks.root(this.hub.ledger.sql)}`);
  }

  refold(): void {
    this.checks.refold(this.hub.ledger.sql);
  }

  async close(): Promise<void> {
    for (const { node } of this.members) await node.close();
    this.hub.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function registration(node: SimNode, key: Ed25519): object {
  const { site, node: name } = node.address;
  return { type: 'device', body: { v: 1, action: 'register', site, node: name, publicKey: toBase64url(key.publicKey), from: 0 } };
}

/** What a node's outbox holds and the hub has not acknowledged. */
function held(node: SimNode): ReturnType<Queue['held']> {
  if (!node.running) return undefined;
  const { outbox } = node;
  const passages = new Set<string>();
  const doubts = new Set(outbox.doubts(ALL_DOUBTS).map(({ passage, epc }) => `${passage} ${nameOf(epc)}`));
  for (let seq = outbox.acknowledged().seq, more = true; more; ) {
    const slice = outbox.after(seq, 256, 1_000_000);
    for (const { body } of slice?.records ?? []) {
      const seen = JSON.parse(Buffer.from(body).toString()) as SeenBody;
      if (seen.type === 'passage') passages.add(String(seen.passage));
      else if (seen.type === 'decision') for (const item of itemsOf(seen)) doubts.add(`${seen.passage} ${item}`);
    }
    seq += slice?.records.length ?? 0;
    more = slice !== undefined;
  }
  return { passages, doubts };
}

/** The outbox draws salts ahead, in a pool of the process: what a seed before drew must not reach this one. */
function emptySalts(): void {
  const before = fills();
  const body = new Uint8Array(1);
  while (fills() === before) seal(body);
  const perFill = 256;
  for (let i = 1; i < perFill; i++) seal(body);
}
