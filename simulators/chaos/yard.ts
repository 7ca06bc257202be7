import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../protocol/fault.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { Dock } from '../stack/dock.ts';
import { type EdgeEvent, EdgeProcess } from '../stack/edge.ts';
import type { Leash } from '../stack/leash.ts';
import { type Pass, Warehouse } from '../warehouse.ts';
import type { ChaosNode } from './node.ts';
import type { WireProxy } from './proxy.ts';

const DOOR = 'D1';
/** Forklifts at twice their speed, with less distance than at a real dock. */
const PACE = 2;
const PASSAGE = { quietMs: 800, settleMs: 1_000 };
/** What the reader heard last is on its way through the serial line for a moment. */
const TAIL_MS = 150;
const CALM_MS = 60_000;

export interface YardOptions {
  readonly root: string;
  readonly dataDir: string;
  readonly seed: number;
  readonly panelPort: number;
  readonly leash: Leash;
  readonly line?: (line: string) => void;
}

/** The whole edge program with an emulated reader at one door, pallets driven through it one by one. */
export class Yard implements ChaosNode {
  readonly address: NodeAddress;
  readonly proxy: WireProxy;
  readonly outbox: string;
  readonly edge: EdgeProcess;
  readonly warehouse: Warehouse;
  readonly #dock: Dock;
  readonly #listeners = new Set<(event: EdgeEvent) => void>();
  readonly #waiting: Pass[] = [];
  #driven = 0;

  private constructor(address: NodeAddress, proxy: WireProxy, options: YardOptions, warehouse: Warehouse, dock: Dock) {
    const { root, dataDir, panelPort, leash, line } = options;
    this.address = address;
    this.proxy = proxy;
    this.warehouse = warehouse;
    this.#dock = dock;
    this.outbox = join(dataDir, 'outbox.db');
    this.edge = new EdgeProcess({
      ...{ root, dataDir, panelPort, leash, watch: false },
      settings: settings(address, proxy, dock),
      ...(line === undefined ? {} : { line }),
      event: (event) => {
        for (const listener of this.#listeners) listener(event);
      },
    });
  }

  static async open(address: NodeAddress, proxy: WireProxy, options: YardOptions): Promise<Yard> {
    const plan = { direction: (number: number): 'in' | 'out' => (number % 2 === 1 ? 'in' : 'out'), pallets: 1, hard: 0 };
    const warehouse = new Warehouse({ seed: options.seed, doors: [DOOR], strays: 0, plan });
    return new Yard(address, proxy, options, warehouse, await Dock.open(warehouse, [DOOR], PACE));
  }

  async start(): Promise<void> {
    await this.edge.start();
    this.#dock.start();
  }

  async kill(): Promise<void> {
    await this.edge.kill();
  }

  on(listener: (event: EdgeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  underWay(known: ReadonlySet<string>): number {
    return Math.max(0, this.#driven - known.size);
  }

  /** Drives the next pallet; resolves when it has left the field and all of it has been heard. */
  async drive(): Promise<void> {
    if (this.#waiting.length === 0) this.#waiting.push(...this.warehouse.passes(this.warehouse.nextDelivery(), DOOR));
    const pass = this.#waiting.shift();
    if (pass === undefined) return;
    await this.#dock.play(pass);
    this.warehouse.drove(pass);
    this.#driven += 1;
    await pause(TAIL_MS);
  }

  /** Resolves when the reader reads, the door is free and the hub has everything. @throws Fault NOT_CALM */
  async calm(): Promise<void> {
    const until = Date.now() + CALM_MS;
    let last = '';
    while (Date.now() < until) {
      try {
        const { queued, doors, readers, link } = await this.edge.panel.state();
        if (
          queued === 0 &&
          link.state === 'online' &&
          readers.every(({ state }) => state === 'reading') &&
          doors.every(({ state }) => state === 'free')
        )
          return;
        last = JSON.stringify({ queued, doors, readers, link });
      } catch (error) {
        last = String(error);
      }
      await pause(20);
    }
    throw new Fault('NOT_CALM', `the dock did not come to rest within ${CALM_MS / 1000} s: ${last}`);
  }

  /** A person who saw what moved decides what the edge was not sure of. Resolves with the number of items. */
  async decideAll(): Promise<number> {
    const { doubts } = await this.edge.panel.state();
    for (const { passage, epc, door } of doubts)
      await this.edge.panel.decide(passage, [epc], this.warehouse.truthOf(epc, door) ?? 'stray', 'chaos');
    return doubts.length;
  }

  async stop(): Promise<void> {
    await this.edge.stop();
    await this.#dock.close();
  }
}

function settings(address: NodeAddress, proxy: WireProxy, dock: Dock): Record<string, unknown> {
  return {
    ...address,
    timeZone: 'Europe/Paris',
    hub: { url: `ws://127.0.0.1:${proxy.port}` },
    broker: null,
    readers: dock.readers.map(({ id, link }) => ({ id, model: 'thingmagic', link, region: 'EU3', powerCdbm: 2700, session: 1 })),
    doors: dock.readers.map(({ id, door }) => ({
      id: door,
      name: 'Quai 1',
      antennas: [1, 2, 3, 4].map((port) => ({ reader: id, port, side: port <= 2 ? 'outside' : 'inside' })),
      passage: PASSAGE,
    })),
  };
}
