import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../protocol/fault.ts';
import { Erp } from '../erp/erp.ts';
import { HubClient } from '../erp/hub.ts';
import type { PlanOptions } from '../warehouse/delivery.ts';
import { type Pass, Warehouse } from '../warehouse.ts';
import type { Child } from './child.ts';
import { Dock, type DockFamily } from './dock.ts';
import { type EdgeEvent, EdgeProcess } from './edge.ts';
import { HubProcess } from './hub.ts';
import { Leash } from './leash.ts';

export const TENANT = 'demo';
export const SITE = { id: 'LYON', name: 'Entrepôt de Lyon', timeZone: 'Europe/Paris' } as const;
const NODE = 'dock-1';
/** Company of the story, tenant and site are made once; their key is shown once. A kept stack reads it here. */
const STATE_FILE = 'stack.json';

export interface StackOptions {
  /** The repository. */
  readonly root: string;
  /** State of hub and edge; made here, and emptied unless `keep`. */
  readonly dataDir: string;
  readonly keep: boolean;
  readonly seed: number;
  readonly hubPort: number;
  readonly panelPort: number;
  readonly doors: readonly string[];
  readonly strays: number;
  readonly plan: PlanOptions;
  /** What the doors are read by; ThingMagic. */
  readonly family?: DockFamily;
  /** 1 plays in real time, 2 twice as fast. */
  readonly pace: number;
  /** Passage settings of each door; the edge's own when empty. */
  readonly passage?: Readonly<Record<string, number>>;
  /** Zones to count, and the readers that no door has. */
  readonly counts?: { readonly zones: readonly object[]; readonly readers: readonly object[] };
  /** Restarts the edge when one of its files changes. */
  readonly watch: boolean;
  /** Every line that a child writes. */
  readonly line?: (from: 'hub' | 'edge', line: string) => void;
  /** Every event of the edge's log. */
  readonly event?: (event: EdgeEvent) => void;
  /** A child ended that nobody asked to end. */
  readonly crashed?: (name: string, how: string, lines: readonly string[]) => void;
}

/** A passage closes after its quiet interval, at most a few seconds after the pallet; an edge that was killed meanwhile needs its start, too. */
const CLOSE_MS = 20_000;

interface State {
  readonly bootstrapToken: string;
  readonly key: string | null;
  /** Deliveries planned so far: a kept world goes on after them. */
  readonly deliveries: number;
  /** The process that uses the directory; null when none does. */
  readonly pid: number | null;
}

/** The whole path on one machine: hub, edge, simulated readers, warehouse and ERP. Each part can be stopped, killed and started again. */
export class Stack {
  readonly options: StackOptions;
  readonly hub: HubProcess;
  readonly edge: EdgeProcess;
  readonly warehouse: Warehouse;
  readonly dock: Dock;
  readonly #leash = new Leash();
  readonly #listeners = new Set<(event: EdgeEvent) => void>();
  #state: State;
  #client: HubClient | undefined;
  #erp: Erp | undefined;

  private constructor(options: StackOptions, dock: Dock, warehouse: Warehouse, state: State) {
    const { root, dataDir, hubPort, panelPort, line } = options;
    const crashed = (child: Child): void => options.crashed?.(child.name, child.over ?? '', child.lines);
    this.options = options;
    this.dock = dock;
    this.warehouse = warehouse;
    this.#state = state;
    this.hub = new HubProcess({
      root,
      dataDir: join(dataDir, 'hub'),
      port: hubPort,
      bootstrapToken: state.bootstrapToken,
      leash: this.#leash,
      line: (text) => line?.('hub', text),
      crashed,
    });
    this.edge = new EdgeProcess({
      root,
      dataDir: join(dataDir, 'edge'),
      settings: settings(options, dock),
      panelPort,
      leash: this.#leash,
      watch: options.watch,
      line: (text) => line?.('edge', text),
      crashed,
      event: (event) => {
        options.event?.(event);
        for (const listener of this.#listeners) listener(event);
      },
    });
  }

  /** Brings everything up: hub, master data, node key, edge, readers. Stops what it started when a part fails. */
  static async start(options: StackOptions): Promise<Stack> {
    const state = openState(options);
    const { seed, doors, strays, plan } = options;
    const warehouse = new Warehouse({ seed, doors, strays, plan });
    for (let i = 0; i < state.deliveries; i++) warehouse.nextDelivery();
    const dock = await Dock.open(warehouse, doors, options.pace, options.family);
    const stack = new Stack(options, dock, warehouse, state);
    try {
      await stack.#begin();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  /** The hub's API with the tenant's first key. */
  get client(): HubClient {
    if (this.#client === undefined) throw new Fault('NOT_STARTED', 'the stack has no tenant yet: await Stack.start');
    return this.#client;
  }

  get erp(): Erp {
    if (this.#erp === undefined) throw new Fault('NOT_STARTED', 'the stack has no tenant yet: await Stack.start');
    return this.#erp;
  }

  /** The API key that signs in to the dashboard. */
  get key(): string {
    return this.#state.key ?? '';
  }

  /** Calls `listener` with every event of the edge's log; returns the unsubscription. */
  onEdge(listener: (event: EdgeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next delivery of the world, remembered for a run that keeps its state. */
  nextDelivery(): ReturnType<Warehouse['nextDelivery']> {
    const delivery = this.warehouse.nextDelivery();
    this.#save({ ...this.#state, deliveries: delivery.number });
    return delivery;
  }

  /** Drives a pass; resolves when the pallet has left the field, and notes it as the truth. */
  async drive(pass: Pass): Promise<void> {
    await this.dock.play(pass);
    this.warehouse.drove(pass);
  }

  /**
   * Drives a pass and waits until the edge has closed its passage: the next forklift waits for a green light. False when the edge
   * said nothing in time, as when it is down.
   */
  async cross(pass: Pass): Promise<boolean> {
    const half = Date.now() + pass.ms / this.options.pace / 2;
    const closed = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => finish(false), pass.ms / this.options.pace + CLOSE_MS).unref();
      const off = this.onEdge((event) => {
        // A passage that ended before the pallet stood in the door is another one, such as a stray that was nudged.
        if (event.event === 'passage.closed' && event['door'] === pass.door && Number(event['closed']) >= half) finish(true);
      });
      const finish = (result: boolean): void => {
        clearTimeout(timer);
        off();
        resolve(result);
      };
    });
    await this.drive(pass);
    return closed;
  }

  /** Stops edge, readers and hub in this order, so that the edge can hand over what it has. */
  async stop(): Promise<void> {
    await this.edge.stop();
    await this.dock.close();
    await this.hub.stop();
    this.#leash.close();
    this.#save({ ...this.#state, pid: null });
  }

  async #begin(): Promise<void> {
    await this.hub.migrate();
    await this.hub.start();
    if (this.#state.key === null) await this.#enrol();
    else this.#connect(this.#state.key);
    await this.edge.start();
    this.dock.start();
  }

  async #enrol(): Promise<void> {
    const { name, vat, siren } = this.warehouse.catalog.company;
    const bootstrap = new HubClient(this.hub.address, this.#state.bootstrapToken);
    const tenant = { tenant: TENANT, name, company: { name, vat, siren } };
    const { body } = await bootstrap.call<{ key: string }>('POST', '/v1/tenants', tenant);
    this.#connect(body.key);
    await this.erp.sendMasterData();
    const enrolment = await this.client.call<{ token: string }>('POST', '/v1/enrolments', { site: SITE.id, node: NODE });
    await this.edge.enrol(enrolment.body.token);
    this.#save({ ...this.#state, key: body.key });
  }

  #connect(key: string): void {
    this.#client = new HubClient(this.hub.address, key);
    const { catalog, random } = this.warehouse;
    this.#erp = new Erp({ hub: this.#client, catalog, random, site: SITE });
  }

  #save(state: State): void {
    this.#state = state;
    writeState(this.options.dataDir, state);
  }
}

function settings(options: StackOptions, dock: Dock): Record<string, unknown> {
  return {
    tenant: TENANT,
    site: SITE.id,
    node: NODE,
    timeZone: SITE.timeZone,
    hub: { url: `ws://127.0.0.1:${options.hubPort}` },
    broker: null,
    readers: [
      ...dock.readers.map(({ id, model, link }) => ({ id, model, link, region: 'EU3', powerCdbm: 2700, session: 1 })),
      ...(options.counts?.readers ?? []),
    ],
    ...(options.counts === undefined ? {} : { zones: options.counts.zones }),
    doors: dock.readers.map(({ id, door }) => ({
      id: door,
      name: `Quai ${door.replace(/^\D+/, '')}`,
      antennas: [1, 2, 3, 4].map((port) => ({ reader: id, port, side: port <= 2 ? 'outside' : 'inside' })),
      ...(options.passage === undefined ? {} : { passage: options.passage }),
    })),
  };
}

/**
 * Opens the data directory: with `keep` as it was left, else empty. Only a directory that a stack made is ever emptied.
 * @throws Fault DATA_DIR when something else made it, or another stack uses it
 */
function openState({ dataDir, keep }: StackOptions): State {
  const file = join(dataDir, STATE_FILE);
  const made = existsSync(file);
  if (!made && existsSync(dataDir)) {
    throw new Fault('DATA_DIR', `${dataDir} exists and holds no ${STATE_FILE}: it is not emptied; name another directory`);
  }
  const old = made ? (JSON.parse(readFileSync(file, 'utf8')) as State) : undefined;
  if (old !== undefined && old.pid !== null && old.pid !== process.pid && runs(old.pid)) {
    throw new Fault('DATA_DIR', `${dataDir} is used by process ${old.pid}: stop that one first, or name another directory with --data-dir`);
  }
  if (old !== undefined && !keep) rmSync(dataDir, { recursive: true });
  const fresh = { bootstrapToken: randomBytes(32).toString('base64url'), key: null, deliveries: 0 };
  const state = { ...(keep && old !== undefined ? old : fresh), pid: process.pid };
  mkdirSync(dataDir, { recursive: true });
  writeState(dataDir, state);
  return state;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function writeState(dataDir: string, state: State): void {
  // It holds a key of this demonstration: for its owner only.
  writeFileSync(join(dataDir, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}
