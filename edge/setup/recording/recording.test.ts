import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { ANTENNAS, type Walk, walkBytes } from '../../../simulators/bench/stream.ts';
import { ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { type ClosedPassage, DoorTracker } from '../../passage/tracker.ts';
import { DEFAULT_TUNING } from '../../passage/tuning.ts';
import { openLink } from '../../readers/link/open.ts';
import { openReader } from '../../readers/open.ts';
import type { Reader, ReaderEvents } from '../../readers/reader.ts';
import { ThingMagicDecoder } from '../../readers/thingmagic/decoder.ts';
import { readTape, writeTape } from './file.ts';
import { Player } from './player.ts';
import { recording } from './recorder.ts';
import { serveTape } from './serve.ts';
import { Tap } from './tap.ts';
import { entryLine, headerLine, MAX_LINE, parseEntry, parseHeader, type TapeEntry, type TapeHeader } from './tape.ts';

let folder = '';
const toClose: (() => Promise<unknown> | unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-'));
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

const START = 1_764_000_000_000;
const header: TapeHeader = {
  ...{ v: 1, what: 'bytes', reader: 'r1', model: 'thingmagic', link: '/dev/rfid/dock-1', start: START },
  doors: [{ id: 'D1', antennas: [...ANTENNAS], passage: DEFAULT_TUNING }],
};
const never = new AbortController().signal;

const entry = fc.oneof(
  fc.record({ kind: fc.constantFrom('reader', 'host'), t: fc.nat(), bytes: fc.uint8Array({ maxLength: 80 }) }),
  fc.record({ kind: fc.constant('open'), t: fc.nat(), baud: fc.nat(921_600) }),
  fc.record({ kind: fc.constant('close'), t: fc.nat(), reason: fc.string() }),
  fc.record({
    kind: fc.constant('reads'),
    t: fc.nat(),
    reads: fc.array(
      fc.record(
        { epc: fc.constant('3034ABCD'), antenna: fc.nat(64), rssi: fc.integer(), at: fc.nat(), phase: fc.nat(180), kHz: fc.nat() },
        { requiredKeys: ['epc', 'antenna', 'rssi', 'at'] },
      ),
      { maxLength: 5 },
    ),
  }),
) as fc.Arbitrary<TapeEntry>;

/** A recording of a walk as bytes. */
function tapeOf(walk: Walk): string {
  return (
    headerLine(header) +
    walk.chunks.map(({ at, bytes }) => entryLine({ kind: 'reader', t: at - START, bytes })).join('') +
    entryLine({ kind: 'end', t: 60_000, reason: 'stopped' })
  );
}

async function replayed(text: string): Promise<{ reads: Read[]; passages: ClosedPassage[]; damaged: number; end: string | undefined }> {
  const file = join(folder, 'one.tape');
  writeFileSync(file, text);
  const tape = await readTape(file);
  const player = new Player(tape.header);
  const reads: Read[] = [];
  const passages: ClosedPassage[] = [];
  const take = (played: ReturnType<Player['end']>): void => {
    reads.push(...played.reads);
    passages.push(...played.passages);
  };
  for await (const one of tape.entries) take(player.play(one));
  take(player.end());
  return { reads, passages, damaged: tape.damaged(), end: tape.end() };
}

describe('a recording as text', () => {
  it('gives back what went in, line by line', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const line = entryLine(one);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const { bytes, ...rest } = parseEntry(line.slice(0, -1)) as TapeEntry & { bytes?: Uint8Array };
        const { bytes: before, ...expected } = one as typeof rest & { bytes?: Uint8Array };
        expect([rest, bytes && [...bytes]]).toEqual([expected, before && [...before]]);
      }),
      { numRuns: 300 },
    );
    expect(parseHeader(headerLine(header).slice(0, -1))).toEqual(header);
  });

  it('refuses a line with any byte changed', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.integer({ min: 1, max: 127 }), (one, place, bits) => {
        const line = Buffer.from(entryLine(one).slice(0, -1));
        const at = place % line.length;
        line[at] = (line[at] as number) ^ bits;
        expect(parseEntry(line.toString('latin1'))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('is no recording without its first line, or of another version', () => {
    for (const line of ['', 'docket-tape {} 00000000', entryLine({ kind: 'open', t: 1, baud: 1 }).trim()]) {
      expect(() => parseHeader(line)).toThrow(expect.objectContaining({ code: 'TAPE_HEADER' }));
    }
    expect(() => parseHeader(headerLine({ ...header, v: 2 as 1 }).trim())).toThrow(/version 2/);
  });
});

describe('the file of a recording', () => {
  it('is read up to the byte where a power cut has torn it', async () => {
    const text = tapeOf(walkBytes(1, 2, 60));
    const lines = text.split('\n');
    for (let i = 0; i < 60; i++) {
      const cut = headerLine(header).length + Math.floor((i / 60) * (text.length - headerLine(header).length));
      const torn = text.slice(0, cut);
      const whole = torn.split('\n').length - 2;
      const file = join(folder, `cut${i}`);
      writeFileSync(file, torn);
      const tape = await readTape(file);
      let read = 0;
      for await (const _ of tape.entries) read++;
      // A cut at the very end of a line loses nothing but its line end.
      expect(read - whole).toBe(torn.split('\n').at(-1) === lines[whole + 1] ? 1 : 0);
      expect(tape.end()).toBeUndefined();
    }
  });

  it('goes on behind damage in its middle, and says how much was lost', async () => {
    const text = tapeOf(walkBytes(1, 2, 60));
    const at = Math.floor(text.length / 2);
    const { damaged, end } = await replayed(`${text.slice(0, at)}\0\0\n\nnoise${text.slice(at + 9)}`);
    expect(damaged).toBeGreaterThanOrEqual(2);
    expect(damaged).toBeLessThanOrEqual(4);
    expect(end).toBe('stopped');
  });

  it('is never written over, and a line without an end takes no memory', async () => {
    const file = join(folder, 'kept');
    writeFileSync(file, 'mine');
    const stream = recording(new Tap(), header, { maxBytes: 1_000, maxMs: 1_000 });
    await expect(writeTape(file, stream, never)).rejects.toMatchObject({ code: 'RECORD_EXISTS' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const long = join(folder, 'long');
    writeFileSync(long, headerLine(header));
    for (let i = 0; i < 20; i++) appendFileSync(long, 'x'.repeat(MAX_LINE));
    const tape = await readTape(long);
    for await (const _ of tape.entries) expect.fail('a line of noise is no entry');
    expect(tape.damaged()).toBe(1);
  });

  it('ends at its size, its time or the wish of a person, and says which', async () => {
    const tap = new Tap();
    const link = await tap.through(async () => ({
      ...{ name: 'x', hasBaud: true, write: async () => undefined, setBaud: async () => undefined, close: async () => undefined },
    }))('x', 9_600, { data: () => undefined, lost: () => undefined });
    const made = async (name: string, limits: { maxBytes: number; maxMs: number }, stop = never) => {
      const file = join(folder, name);
      const done = writeTape(file, recording(tap, { ...header, start: Date.now() }, limits), stop);
      const writing = setInterval(() => void link.write(new Uint8Array(50)), 1);
      const { bytes, end } = await done.finally(() => clearInterval(writing));
      expect(statSync(file).size).toBe(bytes);
      const tape = await readTape(file);
      const kinds = new Set<string>();
      for await (const one of tape.entries) kinds.add(one.kind);
      expect([...kinds]).toEqual(['open', 'host', 'end']);
      expect(tape.end()).toBe(end);
      return { bytes, end };
    };
    const size = await made('size', { maxBytes: 5_000, maxMs: 60_000 });
    expect(size.end).toBe('size');
    expect(size.bytes).toBeLessThanOrEqual(5_000 + 50);
    expect((await made('time', { maxBytes: 1e9, maxMs: 50 })).end).toBe('time');
    expect((await made('stop', { maxBytes: 1e9, maxMs: 60_000 }, AbortSignal.timeout(50))).end).toBe('stopped');
  });

  it('is given up, with the reason, when nobody takes it as fast as it comes', async () => {
    const tap = new Tap();
    const stream = recording(tap, { ...header, what: 'reads' }, { maxBytes: 1e9, maxMs: 60_000 });
    const read: Read = { epc: '3034257BF7194E4000000001', antenna: 1, rssi: -60, at: START };
    for (let i = 0; i < 10_000; i++) tap.reads(Array<Read>(100).fill(read));
    let text = '';
    for await (const chunk of stream) text = Buffer.from(chunk).toString('latin1');
    expect(text).toContain(' e "slow" ');
  });
});

describe('a recording that is played', () => {
  it('gives the reads and passages that the doors gave when it was made', async () => {
    const walk = walkBytes(3, 20, 120);
    const decoder = new ThingMagicDecoder();
    const door = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    const reads: Read[] = [];
    const passages: ClosedPassage[] = [];
    for (const { at, bytes } of walk.chunks) {
      const some = decoder.push(at, bytes);
      passages.push(...door.tick(at), ...door.push('r1', some));
      reads.push(...some);
    }
    passages.push(...door.tick(START + 600_000));
    const played = await replayed(tapeOf(walk));
    expect(played.reads).toEqual(reads);
    expect(played.passages).toEqual(passages);
    expect(played.passages.map(({ direction, moved }) => [direction, moved.length])).toEqual(Array(3).fill(['in', 20]));
    expect(await replayed(tapeOf(walk))).toEqual(played);
  });

  it('gives the same passages from its reads alone', async () => {
    const walk = walkBytes(2, 10, 120);
    const bytes = await replayed(tapeOf(walk));
    const lines = walk.chunks.flatMap(({ at }) => {
      const due = bytes.reads.filter((read) => read.at > at - 50 && read.at <= at);
      return due.length === 0 ? [] : [entryLine({ kind: 'reads', t: at - START, reads: due })];
    });
    const reads = await replayed(headerLine({ ...header, what: 'reads' }) + lines.join(''));
    expect(reads.reads.length).toBe(bytes.reads.length);
    expect(reads.passages).toEqual(bytes.passages);
  });

  it('needs a codec for its bytes', () => {
    expect(() => new Player({ ...header, model: 'unheard-of' })).toThrow(expect.objectContaining({ code: 'REPLAY_FAMILY' }));
  });
});

describe('a reader that is recorded while it reads', () => {
  const epcs = Array.from({ length: 8 }, (_, i) => `3034257BF7194E40000000${(i + 16).toString(16).toUpperCase()}`);

  async function reader(path: string, tap: Tap): Promise<{ reader: Reader; reads: Read[] }> {
    const reads: Read[] = [];
    const events: ReaderEvents = {
      reads: (_, some) => {
        tap.reads(some);
        reads.push(...some);
      },
      health: () => undefined,
    };
    const settings = { id: 'r1', model: 'thingmagic', link: path, region: 'EU3', powerCdbm: 2_700, session: 1 };
    const made = openReader(settings, events, { open: tap.through(openLink) });
    toClose.push(() => made.stop());
    made.start();
    return { reader: made, reads };
  }

  it('gives its reads again from its bytes, and serves as a reader for another driver', async () => {
    const emulator = await ReaderEmulator.open({
      transport: { kind: 'pty' },
      source: () => epcs.map((epc, i) => ({ epc, antenna: (i % 4) + 1, rssi: -50 - i })),
    });
    toClose.push(() => emulator.close());
    const tap = new Tap();
    const file = join(folder, 'live.tape');
    const stop = new AbortController();
    const done = writeTape(
      file,
      recording(tap, { ...header, start: Date.now(), doors: [] }, { maxBytes: 1e7, maxMs: 60_000 }),
      stop.signal,
    );
    const { reads } = await reader(emulator.path, tap);
    await vi.waitFor(() => expect(reads.length).toBeGreaterThan(300), { timeout: 15_000 });
    stop.abort();
    await done;
    const tape = await readTape(file);
    const player = new Player(tape.header);
    const again: Read[] = [];
    for await (const one of tape.entries) again.push(...player.play(one).reads);
    expect(again.length).toBeGreaterThan(300);
    const said = ({ epc, antenna, rssi }: Read): string => `${epc} ${antenna} ${rssi}`;
    expect(again.map(said)).toEqual(reads.slice(0, again.length).map(said));

    const served = await serveTape((await readTape(file)).entries, 0, false);
    toClose.push(() => served.stop());
    const other = await reader(served.link, new Tap());
    await vi.waitFor(() => expect(other.reads.length).toBeGreaterThanOrEqual(again.length - 8), { timeout: 15_000 });
    expect(other.reads.slice(0, 100).map(said)).toEqual(again.slice(0, 100).map(said));
  });
});
