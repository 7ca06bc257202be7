import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { HubClient } from '../erp/hub.ts';
import { openHub, type TestHub } from '../interop/hub.fixture.ts';
import { EdgeProcess } from '../stack/edge.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';
import { Warehouse } from '../warehouse.ts';
import { differences, ledgerJourneys, trueJourneys } from './ledger.ts';

/** Less distance between pallets than at a real dock. */
const PASSAGE = { quietMs: 800, settleMs: 1_000 };
const WAIT_MS = 30_000;

export const READERS = {
  r700: { user: 'dock-1', password: 'a-good-password' },
  zebra: { user: 'dock-2', password: 'another-password' },
} as const;

/** A real node with an R700 at door D1 and a Zebra at door D2, which log in to its broker; with a real hub unless said otherwise. */
export interface NetworkDock {
  readonly edge: EdgeProcess;
  readonly client: HubClient;
  readonly brokerPort: number;
  readonly warehouse: Warehouse;
  readonly log: string[];
  /** Nothing is in a door, nothing waits for the hub. */
  calm(): Promise<void>;
  /** A person who saw what moved decides what the node asks; then the ledger must be the truth. Resolves with the number of items asked. */
  settle(): Promise<number>;
  close(): Promise<void>;
}

export async function openNetworkDock(name: string, seed: number): Promise<NetworkDock> {
  const folder = mkdtempSync(join(tmpdir(), 'docket-network-'));
  const hub: TestHub = await openHub();
  const leash = new Leash();
  const log: string[] = [];
  const [panelPort, brokerPort] = [await freePort(), await freePort()];
  const site = name.toUpperCase();
  const antennas = (reader: string): object[] => [1, 2, 3, 4].map((port) => ({ reader, port, side: port <= 2 ? 'outside' : 'inside' }));
  const edge = new EdgeProcess({
    ...{ root: fileURLToPath(new URL('../..', import.meta.url)), dataDir: join(folder, 'edge'), panelPort, leash, watch: false },
    settings: {
      ...{ tenant: 'interop', site, node: name, timeZone: 'Europe/Paris' },
      hub: { url: `ws://127.0.0.1:${hub.port}` },
      broker: { host: '127.0.0.1', port: brokerPort },
      readers: [
        { id: 'r1', model: 'r700', link: `mqtt://${READERS.r700.user}`, password: READERS.r700.password },
        { id: 'r2', model: 'zebra', link: `mqtt://${READERS.zebra.user}`, password: READERS.zebra.password },
      ],
      doors: [
        { id: 'D1', name: 'Quai 1', antennas: antennas('r1'), passage: PASSAGE },
        { id: 'D2', name: 'Quai 2', antennas: antennas('r2'), passage: PASSAGE },
      ],
    },
    line: (line) => void log.push(line),
  });
  await hub.client.call('PUT', `/v1/sites/${site}`, { name: site, timeZone: 'Europe/Paris' });
  const { body } = await hub.client.call<{ token: string }>('POST', '/v1/enrolments', { site, node: name });
  await edge.enrol(body.token);
  await edge.start();
  const warehouse = new Warehouse({ seed, doors: ['D1', 'D2'], strays: 2, plan: { direction: () => 'in', pallets: 2, hard: 0 } });
  const dock: NetworkDock = {
    ...{ edge, client: hub.client, brokerPort, warehouse, log },
    calm: async () => {
      const met = async (): Promise<boolean> => {
        const { queued, doors, link } = await edge.panel.state();
        return queued === 0 && link.state === 'online' && doors.every(({ state }) => state !== 'occupied');
      };
      await expect.poll(() => met().catch(() => false), { timeout: WAIT_MS, interval: 100, message: 'the dock comes to rest' }).toBe(true);
    },
    settle: async () => {
      await dock.calm();
      const { doubts } = await edge.panel.state();
      for (const { passage, epc, door } of doubts) await edge.panel.decide(passage, [epc], warehouse.truthOf(epc, door) ?? 'stray', 'test');
      await dock.calm();
      expect(differences(trueJourneys(warehouse.crossings), await ledgerJourneys(hub.client))).toEqual([]);
      return doubts.length;
    },
    close: async () => {
      await edge.stop();
      await hub.close();
      leash.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return dock;
}
