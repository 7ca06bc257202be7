import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Intake } from '../../edge/outbox/intake.ts';
import { Outbox } from '../../edge/outbox/outbox.ts';
import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import { type NodeKey, Uplink } from '../../edge/uplink/uplink.ts';
import type { Command, NodeStatus } from '../../protocol/command.ts';
import type { NodeClock } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import type { Random } from '../random.ts';
import { Crash } from './crash.ts';
import { type CrashPlan, Disk, duplicate } from './disk.ts';
import { bytes } from './entropy.ts';
import { Life, time } from './time.ts';
import { type Far, type Line, type Listener, Wire } from './wire.ts';

/** As edge/uplink/stream.ts. */
const PING_MS = 15_000;
/** How often a full disk is asked again: much oftener than in the field, so that a short world sees the end of it. */
const RETRY_MS = 500;
/** A reserve of the real size would be most of what a seed costs. */
const RESERVE_BYTES = 16_384;

export interface NodeEvents extends Listener {
  trace(line: string): void;
  happened(fault: string): void;
  failed(text: string): void;
  /** The passage is on disk: from here on it must never be lost. */
  handed(node: SimNode, passage: string): void;
}

export interface NodeOptions {
  readonly address: NodeAddress;
  readonly random: Random;
  readonly folder: string;
  readonly far: Far;
  readonly events: NodeEvents;
  readonly key: () => NodeKey;
}

/** One node's machine: its disk, its clock and, while the program runs, the real outbox, intake and uplink. */
export class SimNode {
  readonly address: NodeAddress;
  readonly name: string;
  readonly line: Line;
  readonly #options: NodeOptions;
  readonly #random: Random;
  #disk: Disk;
  #life: Life | undefined;
  #outbox: Outbox | undefined;
  #uplink: Uplink | undefined;
  #intake: Intake | undefined;
  #wires: Wire[] = [];
  #opened = 0;
  #stopping = false;
  #starts = 0;
  #boot = '';
  #bootAt = 0;
  #offset: number | null = null;
  /** Wall clock minus true time, milliseconds. */
  skew = 0;
  /** What the wall clock says, when it has forgotten everything: counts from here since the boot. */
  #dead: number | undefined;
  synced = true;
  /** Passages that were closed at a door and are not committed as far as the door knows: its journal. */
  readonly #journal = new Map<string, ClosedPassage>();
  /** Where the next start finds its files. */
  #next: string;
  /** A copy of the disk from earlier. */
  #snapshot: { readonly path: string; readonly handed: ReadonlySet<string> } | undefined;
  readonly handed = new Set<string>();

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#random = options.random;
    this.address = options.address;
    this.name = `${options.address.site}/${options.address.node}`;
    this.line = { random: options.random.fork('line'), delay: 5, jitter: 5, downUntil: 0, fragments: 0, cutInside: false };
    this.#next = join(options.folder, '0', 'outbox.db');
    this.#disk = new Disk(this.#next, join(options.folder, 'copies'), this.#random.fork('disk'));
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  get outbox(): Outbox {
    if (this.#outbox === undefined) throw new TypeError(`${this.name} does not run`);
    return this.#outbox;
  }

  get uplink(): Uplink {
    if (this.#uplink === undefined) throw new TypeError(`${this.name} does not run`);
    return this.#uplink;
  }

  get held(): number {
    return this.#intake?.held ?? 0;
  }

  get disk(): Disk {
    return this.#disk;
  }

  /** Passages that the door still has to hand over. */
  get waiting(): number {
    return this.#journal.size;
  }

  get wall(): number {
    if (this.#dead !== undefined) return Math.round(this.#dead + time.now - this.#bootAt);
    return Math.max(0, Math.round(time.wall() + this.skew));
  }

  #clock(): NodeClock {
    const mono = Math.round(time.now - this.#bootAt) + 1;
    const offset = this.#offset === null ? {} : { offset: Math.round(this.#offset) };
    return { wall: this.wall, mono, boot: this.#boot, synced: this.synced, ...offset };
  }

  /** The clock's battery is empty: the next boot begins at `epoch`, milliseconds, and nobody has set it. */
  forgetTime(epoch: number): void {
    this.#dead = epoch;
    this.synced = false;
  }

  /** The clock is set right. */
  setTime(): void {
    this.#dead = undefined;
    this.skew = 0;
    this.synced = true;
  }

  /** Starts the program on the files that are there. A crash while it starts leaves it stopped. */
  start(reboot: boolean): void {
    const { address, events, key } = this.#options;
    this.#starts++;
    if (reboot || this.#boot === '') {
      this.#boot = Buffer.from(bytes(this.#random, 4)).toString('hex');
      this.#bootAt = time.now;
    }
    this.#offset = null;
    this.#stopping = false;
    const life = new Life(`${this.name} ${this.#starts}`);
    this.#life = life;
    const instance = Buffer.from(bytes(this.#random, 4)).toString('hex');
    const disk = this.#disk;
    disk.onCrash = (copy, torn) => {
      events.happened(torn ? 'tornWrite' : 'edgeCrash');
      events.trace(`${this.name} crashed${torn ? ' inside a commit' : ''}`);
      this.#end(copy);
    };
    disk.onFull = () => events.happened('diskFull');
    try {
      time.as(life, () => {
        const outbox = new Outbox({
          path: disk.path,
          address,
          clock: () => this.#clock(),
          ranBefore: this.#starts > 1,
          limits: { reserveBytes: RESERVE_BYTES },
        });
        if (disk.full) disk.setFull(true);
        disk.checkpointEvery(this.#random.pick([2, 8, 1000]));
        this.#outbox = outbox;
        this.#intake = new Intake({ outbox, clock: () => this.#clock(), log: () => undefined, retryMs: RETRY_MS });
        this.#uplink = new Uplink({
          address,
          url: 'ws://hub',
          key: () => ({ ...key(), instance }),
          outbox,
          status: () => this.#status(),
          onCommand: (command: Command) => outbox.obey(command),
          onState: ({ hubOffsetMs }) => {
            if (this.#life === life) this.#offset = hubOffsetMs;
          },
          log: (event, { code = '', epoch = '', seq = '', text = '' }) => {
            if (!life.ended) events.trace(`${this.name} ${event} ${code} ${epoch} ${seq} ${event === 'uplink.epoch' ? text : ''}`);
          },
          open: (_url, now) => this.#wire(life).readTime(now),
        });
        this.#uplink.start();
        // The doors play their journals back.
        for (const closed of this.#journal.values()) this.#take(closed, life);
      });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  #status(): NodeStatus {
    const { epoch, seq } = this.outbox.head();
    return { v: 1, online: true, at: this.wall, epoch, seq, queued: this.outbox.queued(), version: 'sim' };
  }

  #wire(life: Life): Wire['stream'] {
    const { far, events } = this.#options;
    const wire = new Wire(this.name, ++this.#opened, this.line, far, events, () => this.#opened, life, PING_MS);
    this.#wires = [...this.#wires.filter((one) => one.isOpen || one.flying > 0), wire];
    return wire.stream;
  }

  /** A door closed a passage. */
  pass(closed: ClosedPassage): void {
    this.#journal.set(closed.passage, closed);
    const life = this.#life;
    if (life !== undefined) time.as(life, () => this.#take(closed, life));
  }

  #take(closed: ClosedPassage, life: Life): void {
    this.#intake?.take(closed).then(
      () => {
        if (life.ended) return;
        this.#journal.delete(closed.passage);
        this.handed.add(closed.passage);
        this.#options.events.handed(this, closed.passage);
      },
      (error: unknown) => {
        // A stopped program leaves it in the journal, for its next start.
        if (!life.ended && !this.#stopping) this.#options.events.failed(`${this.name} did not take ${closed.passage}: ${String(error)}`);
      },
    );
  }

  /** A person decides all doubts of the oldest passage that has any. */
  decide(verdict: 'in' | 'out' | 'stray'): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#person(life, () => {
      const [first] = this.outbox.doubts(1);
      if (first === undefined) return;
      const epcs = this.outbox.doubts().flatMap(({ passage, epc }) => (passage === first.passage ? [epc] : []));
      // Refused while the disk is full, or when a click came twice: the list then stands as it was.
      this.outbox.decide({ passage: first.passage, epcs, verdict, by: 'sim' }).catch(() => undefined);
    });
  }

  /** A person chooses the first document that is due for a door. */
  choose(door: string): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#person(life, () => {
      const [due] = this.outbox.expectations();
      const choice = due === undefined ? null : { kind: due.kind, number: due.number };
      this.outbox.chooseDocument(door, choice).catch(() => undefined);
    });
  }

  /** Does what a person does at the panel; the machine may crash in the middle of it. */
  #person(life: Life, work: () => void): void {
    try {
      time.as(life, work);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  /** The next crash comes between two statements or inside a commit. */
  plan(plan: CrashPlan): void {
    this.#disk.plan(plan);
  }

  /** The power goes now. */
  cutPower(): void {
    if (this.#life !== undefined) this.#end(this.#disk.cutPower());
  }

  /** The program ends, and its machine with it; the next start finds `copy`. */
  #end(copy: string): void {
    const life = this.#life;
    if (life === undefined) return;
    time.end(life);
    this.#life = undefined;
    this.#next = copy;
    this.#outbox = undefined;
    this.#uplink = undefined;
    this.#intake = undefined;
    // Not on the stack of the statement that crashed.
    setImmediate(() => {
      for (const wire of this.#wires) if (wire.isOpen) wire.cut(this.#random.pick(['clean', 'late', 'silent'] as const));
    });
  }

  /** Puts the files of the next start in place, after a crash. */
  async recover(): Promise<void> {
    await this.#disk.leave();
    const full = this.#disk.full;
    const path = join(this.#options.folder, String(this.#starts), 'outbox.db');
    duplicate(this.#next, dirname(path));
    this.#disk = new Disk(path, join(this.#options.folder, 'copies'), this.#random.fork(`disk ${this.#starts}`));
    if (full) this.#disk.setFull(true);
  }

  /** Stops the program as an update does, and closes its file. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#stopping = true;
    this.#intake?.stop();
    const stopped = time.as(life, () =>
      (async () => {
        await this.#outbox?.flush();
        await this.#uplink?.stop();
        await this.#outbox?.close();
      })(),
    );
    let done = false;
    stopped.then(
      () => {
        done = true;
      },
      () => {
        done = true;
      },
    );
    for (let waited = 0; waited < 100 && !done && !life.ended; waited++) await time.advance(100);
    if (!done && !life.ended) this.#options.events.failed(`${this.name} does not stop`);
    if (this.#life === life) this.#end(this.#disk.copy());
  }

  /** Keeps a copy of the disk as it is. */
  snapshot(): void {
    if (this.#life !== undefined) this.#snapshot = { path: this.#disk.copy(), handed: new Set(this.handed) };
  }

  /** Makes the next start find the older copy. Returns what had been handed over since, undefined without a copy. */
  restore(): readonly string[] | undefined {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || this.#life !== undefined) return undefined;
    this.#next = snapshot.path;
    const since = [...this.handed].filter((passage) => !snapshot.handed.has(passage));
    for (const passage of since) this.handed.delete(passage);
    return since;
  }

  get hasSnapshot(): boolean {
    return this.#snapshot !== undefined;
  }

  /** Connections of which something is open or on the way. */
  get wires(): readonly Wire[] {
    return this.#wires;
  }

  async close(): Promise<void> {
    if (this.#life !== undefined) this.#end(this.#next);
    await this.#disk.leave();
    rmSync(this.#options.folder, { recursive: true, force: true });
  }
}
