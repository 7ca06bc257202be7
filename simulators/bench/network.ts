import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import mqtt from 'mqtt';
import { Broker } from '../../edge/broker/broker.ts';
import { Doors } from '../../edge/passage/doors.ts';
import { impinjEvents } from '../../edge/readers/network/impinj.ts';
import { eventsOf } from '../../edge/readers/network/payload.ts';
import { NetworkReader } from '../../edge/readers/network/reader.ts';
import { zebraEvents } from '../../edge/readers/network/zebra.ts';
import { impinjTag } from '../reader/network/impinj.ts';
import { zebraTag } from '../reader/network/zebra.ts';
import { type Measure, median, percentile, round } from './measure.ts';
import { ANTENNAS } from './stream.ts';

const EVENTS = 50_000;
const REPEATS = 5;
/** What a reader brings at a busy door, one read a message. */
const RATE = 400;
const SECONDS = 10;
/** Messages on their way: the default of mosquitto's and many other clients, and one that never waits. */
const WINDOWS = [20, 1_000] as const;
const BURST = 20_000;

const epcOf = (i: number): string => `3034257BF7194E40${(i % 50).toString(16).padStart(8, '0')}`.toUpperCase();
const sighting = (i: number) => ({ epc: epcOf(i), antenna: 1 + (i % 4), rssi: -50 - (i % 20), phase: i % 180, kHz: 866_300 });

function decoding(): Measure[] {
  const start = Date.now();
  const kinds = [
    { model: 'r700', read: impinjEvents, of: (i: number) => impinjTag(sighting(i), start + i) },
    { model: 'zebra', read: zebraEvents, of: (i: number) => zebraTag(sighting(i), i, start + i) },
  ];
  return kinds.map(({ model, read, of }) => {
    const payloads = Array.from({ length: EVENTS }, (_, i) => Buffer.from(JSON.stringify(of(i))));
    const rates = Array.from({ length: REPEATS }, () => {
      const from = performance.now();
      let found = 0;
      for (const payload of payloads) found += eventsOf(payload, read).events.length;
      if (found !== EVENTS) throw new RangeError(`${found} of ${EVENTS} events`);
      return EVENTS / ((performance.now() - from) / 1_000);
    });
    return { name: `edge.decode.${model}`, value: round(median(rates)), unit: 'events/s', params: { events: EVENTS, repeats: REPEATS } };
  });
}

interface Site {
  readonly port: number;
  /** Syncs of files and folders since the start. */
  readonly syncs: () => number;
  readonly close: () => Promise<void>;
}

/** Broker, reader and doors of a node, with journals on the disk. */
async function site(): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
  let syncs = 0;
  const doors = new Doors({
    doors: [{ door: 'D1', antennas: ANTENNAS }],
    dir,
    onClosed: () => Promise.resolve(),
    acknowledged: ['r1'],
    sync: async (path) => {
      syncs++;
      await using file = await open(path, 'r');
      await file.datasync();
      return true;
    },
  });
  doors.recover();
  const settings = {
    id: 'r1',
    model: 'zebra',
    link: 'mqtt://dock-1',
    password: 'a-good-password',
    region: 'EU3',
    powerCdbm: 2_700,
    session: 1,
  };
  const events = { reads: (id: string, reads: Parameters<Doors['push']>[1]) => doors.push(id, reads), health: () => undefined };
  const reader = new NetworkReader(settings, { events: zebraEvents, commands: false }, events);
  const broker = new Broker({ host: '127.0.0.1', port: 0, inlets: [reader], settled: () => doors.settled() });
  await broker.start();
  reader.start();
  return {
    port: broker.port,
    syncs: () => syncs,
    close: async () => {
      await reader.stop();
      await broker.stop();
      doors.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

let number = 0;
const message = (): string => JSON.stringify(zebraTag(sighting(number), number++, Date.now()));

/** At the rate of a reader: how long an acknowledgement takes, and what that costs the disk. */
async function paced(): Promise<Measure[]> {
  const here = await site();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${here.port}`, { username: 'dock-1', password: 'a-good-password' });
  const waits: number[] = [];
  const before = here.syncs();
  const from = performance.now();
  const waiting: Promise<unknown>[] = [];
  for (let sent = 0; sent < RATE * SECONDS; ) {
    const due = Math.floor(((performance.now() - from) * RATE) / 1_000);
    for (; sent < Math.min(due, RATE * SECONDS); sent++) {
      const at = performance.now();
      waiting.push(client.publishAsync('docket/readers/dock-1/data', message(), { qos: 1 }).then(() => waits.push(performance.now() - at)));
    }
    await pause(5);
  }
  await Promise.all(waiting);
  const seconds = (performance.now() - from) / 1_000;
  const syncs = (here.syncs() - before) / seconds;
  await client.endAsync();
  await here.close();
  const params = { messagesPerSecond: RATE, seconds: SECONDS, readsPerMessage: 1 };
  return [
    { name: 'edge.network.puback.p50', value: round(percentile(waits, 0.5)), unit: 'ms', params },
    { name: 'edge.network.puback.p99', value: round(percentile(waits, 0.99)), unit: 'ms', params },
    { name: 'edge.network.syncs', value: round(syncs), unit: 'syncs/s', params },
  ];
}

/** As fast as it goes with so many messages on their way. */
async function flatOut(window: number): Promise<Measure> {
  const here = await site();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${here.port}`, { username: 'dock-1', password: 'a-good-password' });
  const total = Math.min(BURST, window * 100);
  const before = here.syncs();
  const from = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent++ < total) await client.publishAsync('docket/readers/dock-1/data', message(), { qos: 1 });
  };
  await Promise.all(Array.from({ length: window }, lane));
  const seconds = (performance.now() - from) / 1_000;
  const syncs = round((here.syncs() - before) / seconds);
  await client.endAsync();
  await here.close();
  const params = { window, messages: total, readsPerMessage: 1, syncsPerSecond: syncs };
  return { name: `edge.network.window${window}`, value: round(total / seconds), unit: 'reads/s', params };
}

/** Readers that publish JSON: its decoding, and reads to PUBACK through broker, dedupe, journal and sync; client and node share the core. */
export async function run(): Promise<Measure[]> {
  const measures = [...decoding(), ...(await paced())];
  for (const window of WINDOWS) measures.push(await flatOut(window));
  return measures;
}
