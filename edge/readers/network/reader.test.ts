import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { NETWORK } from '../open.ts';
import type { ReaderHealth } from '../reader.ts';
import { NetworkReader } from './reader.ts';

const NOW = 1_790_000_000_000;
const TOPIC = 'docket/readers/dock-1/data';
const EPC = '3034257BF7194E4000001A85';
let reads: Read[] = [];
const told: ReaderHealth[] = [];
let reader: NetworkReader;

function made(model: 'r700' | 'zebra'): NetworkReader {
  const settings = { id: 'r1', model, link: 'mqtt://dock-1', password: 'a-good-password', region: 'EU3', powerCdbm: 2_700, session: 1 };
  return new NetworkReader(settings, NETWORK[model], {
    reads: (_id, list) => void reads.push(...list),
    health: (_id, health) => void told.push(health),
  });
}
const say = (value: unknown, dup = false): void => reader.take({ topic: TOPIC, payload: Buffer.from(JSON.stringify(value)), dup });
const tag = (more: object = {}, at: string | undefined = new Date(Date.now()).toISOString()): object => ({
  ...(at === undefined ? {} : { timestamp: at }),
  tagInventoryEvent: { epcHex: EPC, antennaPort: 1, peakRssiCdbm: -5_000, ...more },
});

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'Date', 'performance'] });
  reads = [];
  reader = made('r700');
  reader.start();
});
afterEach(async () => {
  await reader.stop();
  vi.useRealTimers();
});

describe('a reader that publishes', () => {
  it('is said to be missing when it does not connect, with what it needs for that', () => {
    expect(reader.health().state).toBe('connecting');
    vi.advanceTimersByTime(20_000);
    expect(reader.health()).toMatchObject({
      state: 'failed',
      message: { code: 'READER_OFFLINE', text: expect.stringContaining('user dock-1') },
    });
    reader.connected('10.0.0.9');
    expect(reader.health()).toMatchObject({ state: 'starting', link: 'mqtt://dock-1 10.0.0.9' });
    say(tag());
    expect(reader.health().state).toBe('reading');
  });

  it('is silent when three heartbeats are missing, however often they come, and back with the next word', async () => {
    await reader.stop();
    reader = made('zebra');
    reader.start();
    reader.connected('10.0.0.9');
    const beat = { type: 'heartbeat', data: { radio_control: { radioActivity: 'active' } } };
    for (let i = 0; i < 4; i++) {
      say(beat);
      vi.advanceTimersByTime(20_000);
    }
    vi.advanceTimersByTime(30_000);
    expect(reader.health().state).toBe('reading');
    vi.advanceTimersByTime(15_000);
    expect(reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_SILENT' } });
    say(beat);
    vi.advanceTimersByTime(2_000);
    expect(reader.health()).toMatchObject({ state: 'reading' });
    expect(reader.health().message).toBeUndefined();
  });

  it('takes nothing before its start and after its stop, so that it is sent again', async () => {
    const other = made('zebra');
    expect(() => other.take({ topic: TOPIC, payload: Buffer.from('{}'), dup: false })).toThrow(
      expect.objectContaining({ code: 'READER_STOPPED' }),
    );
    await reader.stop();
    expect(() => say(tag())).toThrow(expect.objectContaining({ code: 'READER_STOPPED' }));
  });

  it('without times and numbers counts twice what it sends twice, but not what it sends again', () => {
    const bare = tag({}, undefined);
    delete (bare as { timestamp?: string }).timestamp;
    say([bare, bare]);
    say([bare, bare]);
    say([bare, bare], true);
    expect(reads).toHaveLength(4);
    expect(reads.every(({ at }) => at === NOW)).toBe(true);
  });

  it('puts the events of a message into the order of their time', () => {
    const times = [5, 1, 3].map((ms) => new Date(NOW - 100 + ms).toISOString());
    say(times.map((time) => tag({ lastSeenTime: time })));
    expect(reads.map(({ at }) => at - NOW)).toEqual([-99, -97, -95]);
  });

  it('tells for ten seconds what it refuses, and counts it', () => {
    reader.connected('10.0.0.9');
    say(tag());
    say(tag({ peakRssiCdbm: -500 }));
    expect(reader.health()).toMatchObject({ errors: { tagCrc: 1 }, message: { code: 'READER_IMPLAUSIBLE' } });
    vi.advanceTimersByTime(12_000);
    expect(reader.health().message).toBeUndefined();
    say({ overflowEvent: {} });
    expect(reader.health()).toMatchObject({ errors: { bufferFull: 1, lost: 1 }, message: { code: 'READER_OVERFLOW' } });
    say(tag({ antennaPort: undefined }));
    expect(reader.health()).toMatchObject({ message: { code: 'READER_FIELDS', text: expect.stringContaining('antennaPort') } });
  });

  it('has its wrong clock told, and what waits in it', async () => {
    reader.connected('10.0.0.9');
    say(tag({}, '2001-01-01T00:00:00Z'));
    vi.advanceTimersByTime(1_000);
    expect(reader.health()).toMatchObject({ message: { code: 'READER_CLOCK', text: expect.stringContaining('behind') } });
    expect(reads[0]?.at).toBe(NOW);
    await reader.stop();
    reader = made('zebra');
    reader.start();
    reader.connected('10.0.0.9');
    say({ type: 'heartbeat', data: { reader_gateway: { numDataMessagesRetained: 4 } } });
    vi.advanceTimersByTime(1_000);
    expect(reader.health()).toMatchObject({ message: { code: 'READER_BACKLOG' } });
  });

  it('holds the passages of its doors while it is waited for, and as far as its reads are late', () => {
    expect(reader.horizon(Date.now())).toBe(Number.NEGATIVE_INFINITY);
    vi.advanceTimersByTime(11_000);
    expect(reader.horizon(Date.now())).toBe(Date.now());
    reader.connected('10.0.0.9');
    say(tag({}, new Date(Date.now() - 60_000).toISOString()));
    expect(reader.horizon(Date.now())).toBe(Date.now() - 60_000);
    say(tag({}, new Date(Date.now()).toISOString()));
    expect(reader.horizon(Date.now())).toBe(Date.now());
    reader.gone();
    reader.connected('10.0.0.9');
    expect(reader.horizon(Date.now())).toBe(Number.NEGATIVE_INFINITY);
    vi.advanceTimersByTime(11_000);
    expect(reader.horizon(Date.now())).toBe(Date.now());
  });
});
