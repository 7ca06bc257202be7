import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, expect, it, vi } from 'vitest';
import type { Sighting } from '../simulators/reader/device.ts';
import { ReaderEmulator } from '../simulators/reader/emulator.ts';
import type { DoorSign } from './broker/broker.ts';
import { NodeKeys } from './identity.ts';
import { runNode } from './main.ts';
import { checkSettings } from './settings.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const free = async (): Promise<number> => {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
};
const within = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });

it('a door drives its stack light and tells its photo-eye, without a pause in the stream', async () => {
  let seen: Sighting[] = [];
  const emulator = await ReaderEmulator.open({ transport: { kind: 'pty' }, source: () => seen });
  ends.push(() => emulator.close());
  const dataDir = mkdtempSync(join(tmpdir(), 'docket-'));
  ends.push(() => rmSync(dataDir, { recursive: true }));
  const settings = checkSettings(
    {
      ...{ tenant: 'demo', site: 'LYON', node: 'dock-1', timeZone: 'Europe/Paris', dataDir, hub: { url: 'ws://127.0.0.1:1' } },
      panel: { port: 0 },
      broker: { port: await free() },
      readers: [{ id: 'r1', model: 'thingmagic', link: emulator.path }],
      doors: [
        {
          ...{ id: 'D1', name: 'Quai 1', light: { reader: 'r1', amber: 3, red: 4 }, eye: { reader: 'r1', pin: 1, active: 'low' } },
          antennas: [
            { reader: 'r1', port: 1, side: 'outside' },
            { reader: 'r1', port: 2, side: 'inside' },
          ],
        },
      ],
    },
    'settings.json',
  );
  new NodeKeys(dataDir).identity();
  const log: unknown[] = [];
  const node = await runNode(settings, (event, fields) => void log.push([event, fields]));
  ends.push(() => node.stop());
  const display = await mqtt.connectAsync(`mqtt://127.0.0.1:${settings.broker?.port ?? 0}`, { reconnectPeriod: 0 });
  ends.push(() => display.endAsync(true));
  const signs: DoorSign[] = [];
  display.on('message', (_topic, payload) => void signs.push(JSON.parse(payload.toString()) as DoorSign));
  await display.subscribeAsync('docket/local/doors/D1');

  emulator.module.input(1, true);
  await within(() => expect(signs.at(-1)).toMatchObject({ state: 'free', light: 'off', eye: false }));
  await within(() =>
    expect([...emulator.module.outputs].sort()).toEqual([
      [3, false],
      [4, false],
    ]),
  );
  emulator.module.input(1, false);
  await within(() => expect(signs.at(-1)).toMatchObject({ eye: true }));
  expect(log).toContainEqual(['door.eye', { door: 'D1', blocked: true }]);

  // A tag that comes nearer: the door is occupied.
  const from = Date.now();
  const near = (): number => Math.min(-40, -75 + (Date.now() - from) / 40);
  seen = [];
  const timer = setInterval(() => {
    seen = [1, 2].map((antenna) => ({ epc: '3034257BF7194E4000001A85', antenna, rssi: Math.round(near()) }));
  }, 10);
  ends.push(() => clearInterval(timer));
  await within(() => expect(signs.at(-1)).toMatchObject({ state: 'occupied', light: 'amber' }));
  await within(() => expect(emulator.module.outputs.get(3)).toBe(true));
  expect(emulator.module.streaming).toBe(true);

  emulator.silent = true;
  await within(() => expect(signs.at(-1)).toMatchObject({ eye: null }));
  emulator.silent = false;
  emulator.reboot();
  expect(emulator.module.outputs.size).toBe(0);
  await within(() => expect(emulator.module.outputs.size).toBe(2));
});
