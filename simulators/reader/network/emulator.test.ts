import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Aedes, type PublishPacket } from 'aedes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NetworkEmulator, type NetworkOptions } from './emulator.ts';

const EPC = '3034257BF7194E4000001A85';
const NOW = 1_790_000_000_000;
const seen = (antenna: number) => ({ epc: EPC, antenna, rssi: -57.4, at: NOW });

let port = 0;
let heard: { text: string; dup: boolean; topic: string }[] = [];
/** What the broker does with a publish: acknowledge it, break the connection, or leave it unanswered. */
let answer: 'acknowledge' | 'refuse' | 'wait' = 'acknowledge';
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  heard = [];
  answer = 'acknowledge';
  const broker = await Aedes.createBroker({
    authorizePublish: (_client, packet: PublishPacket, done) => {
      heard.push({ text: String(packet.payload), dup: packet.dup, topic: packet.topic });
      if (answer === 'acknowledge') done(null);
      else if (answer === 'refuse') done(new Error('no'));
    },
  });
  broker.on('clientError', () => undefined);
  const server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  ends.push(async () => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    server.close();
  });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function reader(model: 'r700' | 'zebra', more: Partial<NetworkOptions> = {}): NetworkEmulator {
  const made = new NetworkEmulator({
    model,
    port,
    user: 'dock-1',
    password: 'secret',
    retryMs: 20,
    now: () => NOW,
    random: () => 0.5,
    ...more,
  });
  ends.push(() => made.close());
  return made;
}
const data = (): { dup: boolean; text: string }[] => heard.filter(({ topic }) => topic === 'docket/readers/dock-1/data');
const numbers = (): number[] => data().map(({ text }) => (JSON.parse(text) as { data: { eventNum: number } }).data.eventNum);

describe('an emulated reader that publishes', () => {
  it('says what it reads as an R700 or a Zebra does, with the time of its own clock', async () => {
    const [impinj, zebra] = [reader('r700'), reader('zebra')];
    impinj.clockOffsetMs = 3_600_000;
    impinj.push([seen(2)]);
    await expect.poll(() => impinj.acknowledged).toBe(1);
    zebra.push([seen(3)]);
    await expect.poll(() => zebra.acknowledged).toBe(1);
    expect(data().map(({ text }) => JSON.parse(text) as unknown)).toMatchObject([
      {
        eventType: 'tagInventory',
        tagInventoryEvent: {
          epc: 'MDQle/cZTkAAABqF',
          antennaPort: 2,
          peakRssiCdbm: -5740,
          lastSeenTime: new Date(NOW + 3_600_000).toISOString(),
        },
      },
      {
        type: 'CUSTOM',
        timestamp: new Date(NOW).toISOString().replace('Z', '+0000'),
        data: { eventNum: 1_000, idHex: EPC.toLowerCase(), antenna: 3 },
      },
    ]);
  });

  it('has only so much on its way, and sends again in order and marked what was not acknowledged', async () => {
    answer = 'wait';
    const one = reader('zebra', { window: 2 });
    one.push([1, 2, 3].map(seen));
    await expect.poll(() => numbers()).toEqual([1_000, 1_001]);
    answer = 'acknowledge';
    one.cut();
    await expect.poll(() => one.kept).toBe(0);
    expect(numbers()).toEqual([1_000, 1_001, 1_000, 1_001, 1_002]);
    expect(data().map(({ dup }) => dup)).toEqual([false, false, true, true, false]);
    expect(one.connections).toBe(2);
    expect(heard.some(({ topic }) => topic === 'docket/readers/dock-1/will')).toBe(true);
  });

  it('throws the oldest away when nobody takes them, and tells', async () => {
    const [zebra, impinj] = [reader('zebra', { buffer: 2 }), reader('r700', { buffer: 2 })];
    for (const one of [zebra, impinj]) {
      one.faults = { silent: true };
      one.push([1, 2, 3, 4].map(seen));
      expect([one.kept, one.dropped]).toEqual([2, 2]);
      one.faults = {};
      one.heartbeat();
    }
    impinj.push([seen(1)]);
    await expect.poll(() => zebra.kept + impinj.kept).toBe(0);
    const texts = data().map(({ text }) => text);
    expect(texts.some((text) => text.includes('"numDataMessagesDropped":2'))).toBe(true);
    expect(texts.some((text) => text.includes('overflowEvent'))).toBe(true);
  });

  it('puts several objects into one message without a separator, and sends one twice, when it is told to', async () => {
    const one = reader('zebra');
    one.faults = { silent: true };
    one.push([1, 2, 3].map(seen));
    one.faults = { concatenate: 1, duplicate: 1 };
    one.push([seen(4)]);
    await expect.poll(() => data().length).toBe(2);
    expect(data()[0]?.text.match(/\}\{/g)).toHaveLength(3);
    expect(data()[1]).toEqual({ ...data()[0], dup: true });
  });

  it('counts from 1 after it was switched off and on, and has lost what it kept', async () => {
    const one = reader('zebra');
    one.push([seen(1)]);
    await expect.poll(() => one.acknowledged).toBe(1);
    one.reboot();
    one.push([seen(1)]);
    await expect.poll(() => numbers()).toEqual([1_000, 1]);
  });
});
