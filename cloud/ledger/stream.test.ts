import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../protocol/bytes.ts';
import type { EntryNews } from './log.ts';
import { MAX_STREAMS, STALLED_MS, Streams } from './stream.ts';

/** A log of entries without effects, and a clock that stands until it is moved. */
class Source {
  size = 0;
  time = 0;

  newsAfter(after: number, limit: number): EntryNews[] {
    const count = Math.max(0, Math.min(limit, this.size - after - 1));
    return Array.from({ length: count }, (_, i) => ({ index: after + 1 + i, type: 'record', at: 7, effects: '{}' }));
  }

  now(): number {
    return this.time;
  }
}

type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

const ids = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

async function take(reader: ByteReader): Promise<string> {
  const { value } = await reader.read();
  return value === undefined ? 'ended' : fromUtf8(value);
}

describe('the event stream', () => {
  it('costs a slow reader nothing in memory: it reads on from where it was', async () => {
    const source = new Source();
    const streams = new Streams(source);
    source.size = 10;
    const reader: ByteReader = streams.open(-1).getReader();
    expect(ids(await take(reader))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (source.size = 11; source.size < 1000; source.size += 1) streams.wake();
    const rest: number[] = [];
    while (rest.at(-1) !== 999) rest.push(...ids(await take(reader)));
    expect(rest).toEqual(Array.from({ length: 990 }, (_, i) => 10 + i));
    await reader.cancel();
    expect(streams.size).toBe(0);
  });

  it('says something now and then to a reader that waits', async () => {
    const source = new Source();
    const streams = new Streams(source);
    const reader: ByteReader = streams.open(-1).getReader();
    expect(await take(reader)).toBe('retry: 1000\n\n');
    const next = take(reader);
    await Promise.resolve();
    streams.beat();
    expect(await next).toMatch(/^: /);
    await reader.cancel();
  });

  it('shows the newest report of each node, and none of those that a reader slept through', async () => {
    const source = new Source();
    const streams = new Streams(source);
    const reader: ByteReader = streams.open(-1).getReader();
    await take(reader);
    const report = (node: string, queued: number) => ({ site: 'LYON', node, status: { v: 1, online: true, queued } as const, at: queued });
    for (let n = 1; n <= 100; n++) streams.report(report('dock-1', n));
    streams.report(report('dock-2', 5));
    const text = await take(reader);
    expect([...text.matchAll(/"queued":(\d+)/g)].map(([, n]) => Number(n))).toEqual([100, 5]);
    await reader.cancel();
  });

  it('sends an entry that grew after its commit once more, to those who have seen it', async () => {
    const source = new Source();
    const streams = new Streams(source);
    source.size = 3;
    const reader: ByteReader = streams.open(-1).getReader();
    const resumed: ByteReader = streams.open(2, 2).getReader();
    expect(ids(await take(reader))).toEqual([0, 1, 2]);
    expect(ids(await take(resumed))).toEqual([2]);
    streams.again(2);
    expect([ids(await take(reader)), ids(await take(resumed))]).toEqual([[2], [2]]);
    await reader.cancel();
    await resumed.cancel();
  });

  it('drops a reader that takes nothing, and the longest idle one when there are too many', async () => {
    const source = new Source();
    const streams = new Streams(source);
    source.size = 1;
    const stalled: ByteReader = streams.open(-1).getReader();
    await take(stalled);
    source.time = STALLED_MS + 1;
    streams.beat();
    expect(streams.size).toBe(0);
    const readers: ByteReader[] = [];
    for (let n = 0; n <= MAX_STREAMS; n++) {
      source.time += 1;
      readers.push(streams.open(0).getReader());
      await take(readers[n] as ByteReader);
    }
    expect(streams.size).toBe(MAX_STREAMS);
    for (const reader of readers.slice(1)) await reader.cancel();
    expect(streams.size).toBe(0);
  });
});
