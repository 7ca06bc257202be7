import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { chainNext, commitment } from '../../protocol/chain.ts';
import * as native from './hash.ts';
import { confirmNotices, notices } from './notice.ts';
import { Bench, CLOCK, passageBody, verify } from './outbox.fixture.ts';
import type { Outbox } from './outbox.ts';

const bench = new Bench();
afterEach(() => bench.clean());

const EXPECT = {
  v: 1,
  id: 'c',
  type: 'expect',
  kind: 'order',
  number: 'O-1',
  direction: 'in',
  partner: 'P',
  ssccs: [],
  lines: [],
} as const;
const NOTE = { epc: '30340BF2C87A1B40000003E9', reason: 'few-reads', reads: 2, d: null };
const names = (bodies: unknown[]): string[] => bodies.map((body) => (body as { passage: string }).passage);
const long = (name: string) =>
  passageBody(name, { items: [{ gtin: '03453120000011', serials: Array.from({ length: 120 }, (_, i) => i + 7) }] });

/** An outbox with 40 records, 10 of them acknowledged, a doubt and an expectation; closed, or copied while it is open. */
async function filled({ open = false } = {}): Promise<string> {
  const path = bench.path();
  const outbox = bench.open(path);
  await outbox.expect(EXPECT);
  for (let i = 1; i <= 40; i++) await outbox.append({ body: long(`p${i}`), doubts: i === 25 ? [NOTE] : [] });
  outbox.acknowledge(1, 10);
  await outbox.flush();
  await outbox.append({ body: long('p41') });
  if (!open) {
    await bench.close(outbox);
    return path;
  }
  const copy = bench.path();
  for (const suffix of ['', '-wal', '.trace']) copyFileSync(path + suffix, copy + suffix);
  await bench.close(outbox);
  return copy;
}

/** Where a text stands in a file. */
function find(path: string, text: string): number {
  const at = readFileSync(path).indexOf(text);
  if (at < 0) throw new RangeError(`${text} is not in ${path}`);
  return at;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x01;
  writeFileSync(path, bytes);
}

async function reopened(path: string): Promise<{ outbox: Outbox; carried: string[] }> {
  const outbox = bench.open(path);
  return { outbox, carried: names(await verify(outbox, outbox.acknowledged().seq)) };
}

const LEFT = Array.from({ length: 31 }, (_, i) => `p${i + 11}`);

describe('an outbox with a flipped byte in the body of a record', () => {
  it('is set aside as it is; all other records, doubts and documents are carried over, the lost one is named and may come again', async () => {
    const path = await filled();
    flip(path, find(path, '"passage":"p20"') + 12);
    const before = readFileSync(path);
    const { outbox, carried } = await reopened(path);
    expect(carried).toEqual(LEFT.filter((name) => name !== 'p20'));
    const [notice, ...more] = outbox.health().notices;
    expect(more).toEqual([]);
    expect(notice).toMatchObject({ kind: 'damaged', why: 'record 20 does not fit the chain', saved: 30, lost: 1 });
    expect(notice?.names).toEqual(['record 20: passage p20, door D1']);
    expect(readFileSync(notice?.file ?? '').equals(before)).toBe(true);
    expect(outbox.doubts()).toHaveLength(1);
    expect(outbox.expectations()).toEqual([EXPECT]);
    expect(outbox.knows('p19')).toBe(true);
    expect(await outbox.append({ body: long('p20') })).toMatchObject({ seq: 41, fresh: true });
    expect(outbox.health().space.items).toBe(120 * 31);
  });

  it('is told of at every start until somebody confirms it; what was set aside stays', async () => {
    const path = await filled();
    flip(path, find(path, '"passage":"p20"') + 12);
    await bench.close(bench.open(path));
    const again = bench.open(path);
    expect(again.health().notices).toHaveLength(1);
    await bench.close(again);
    expect(confirmNotices(path)).toBe(1);
    expect(bench.open(path).health().notices).toEqual([]);
    expect(existsSync(`${path}.corrupt-${CLOCK.wall}`)).toBe(true);
  });
});

describe('an outbox whose damaged record is the one that opened its epoch', () => {
  it('carries the others over into an epoch that the hub has left, so that a new one begins at the next connect', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: passageBody('a') });
    await outbox.newEpoch('restored', { epoch: 4, seq: 9, chain: 'x' });
    await bench.close(outbox);
    flip(path, find(path, '"reason":"restored"') + 12);
    const { outbox: again, carried } = await reopened(path);
    expect(carried).toEqual(['a']);
    expect(again.head()).toMatchObject({ epoch: 1, seq: 1 });
    expect(again.health().notices).toMatchObject([{ saved: 1, lost: 1 }]);
    expect(await again.newEpoch('restored', { epoch: 4, seq: 9, chain: 'x' })).toMatchObject({ epoch: 5, seq: 2 });
    expect(await verify(again)).toMatchObject([{ type: 'epoch' }, { passage: 'a' }]);
  });
});

describe('an outbox file', () => {
  it('that was deleted does not pass for a first start', async () => {
    const path = await filled();
    rmSync(path);
    const { outbox, carried } = await reopened(path);
    expect(carried).toEqual([]);
    expect(outbox.health().notices).toMatchObject([{ kind: 'missing', lost: 31 }]);
  });

  it('that was deleted with its trace is still missed when something else shows that the node ran', () => {
    expect(bench.open(undefined, { ranBefore: true }).health().notices).toMatchObject([{ kind: 'missing', lost: null }]);
    expect(bench.open().health().notices).toEqual([]);
  });

  it('of length 0 is damaged, not new', async () => {
    const path = await filled();
    truncateSync(path, 0);
    const { outbox } = await reopened(path);
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', saved: 0, lost: 31 }]);
  });

  it('that was replaced by an older copy is told, and what the copy holds is kept', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: passageBody('a') });
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, `${path}.copy${suffix}`);
    for (const name of ['b', 'c']) await outbox.append({ body: passageBody(name) });
    await bench.close(outbox);
    for (const suffix of ['', '-wal']) copyFileSync(`${path}.copy${suffix}`, path + suffix);
    const again = await reopened(path);
    expect(again.carried).toEqual(['a']);
    expect(again.outbox.health().notices).toMatchObject([{ kind: 'older', lost: 3 }]);
  });

  it('whose copy is opened elsewhere while it is open, without its trace, is whole', async () => {
    const path = await filled({ open: true });
    rmSync(`${path}.trace`);
    const { outbox, carried } = await reopened(path);
    expect(carried).toEqual(LEFT);
    expect(outbox.health().notices).toEqual([]);
  });

  it('with a rescue that was cut short at any step is rescued at the next start', async () => {
    const path = await filled();
    flip(path, find(path, '"passage":"p20"') + 12);
    writeFileSync(`${path}.rescue`, 'half');
    const first = await reopened(path);
    expect(first.carried).toHaveLength(30);
    await bench.close(first.outbox);
    // After the damaged file was moved, before the new one took its place.
    copyFileSync(path, `${path}.rescue`);
    rmSync(path);
    const second = await reopened(path);
    expect(second.carried).toEqual(first.carried);
    expect(readdirSync(dirname(path)).some((name) => name.endsWith('.rescue'))).toBe(false);
  });
});

describe('a flipped bit that SQLite does not mind', () => {
  /** Changes one byte of a text that stands once in the file; the rest of the file stays valid to SQLite. */
  async function changed(text: string, offset: number): Promise<string> {
    const path = await filled();
    flip(path, find(path, text) + offset);
    return path;
  }

  it.each([
    ['the name of a column of the head', 'acknowledged_items INTEGER', 3],
    ['the name of a column of the passages', 'direction TEXT NOT NULL,\n    opened', 2],
  ])('in %s does not stop the node: the file is set aside', async (_what, text, offset) => {
    const { outbox } = await reopened(await changed(text, offset));
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', why: 'its tables are not those of version 3' }]);
    expect(await outbox.append({ body: long('new') })).toMatchObject({ fresh: true });
  });

  it('in a document due drops that document alone', async () => {
    const { outbox, carried } = await reopened(await changed('"ssccs":[]', 1));
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', why: 'a command in expectations is not what it was', lost: 0 }]);
    expect(outbox.expectations()).toEqual([]);
    expect(carried).toEqual(LEFT);
  });

  it('in the write format does not leave an outbox that takes nothing', async () => {
    const path = await filled();
    const bytes = readFileSync(path);
    bytes[18] = 0x12;
    writeFileSync(path, bytes);
    const { outbox, carried } = await reopened(path);
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', why: 'its head names the formats 18 and 2', saved: 31, lost: 0 }]);
    expect(carried).toEqual(LEFT);
    expect(await outbox.append({ body: long('new') })).toMatchObject({ fresh: true });
  });
});

describe('a write-ahead log', () => {
  it('that is torn at its end is no damage: what was committed before is there', async () => {
    const path = await filled({ open: true });
    truncateSync(`${path}-wal`, readFileSync(`${path}-wal`).length - 100);
    const { carried } = await reopened(path);
    expect(carried).toEqual(carried.map((_, i) => `p${i + (carried.length === 41 || carried[0] === 'p1' ? 1 : 11)}`));
  });

  it('that two power cuts have torn, one after the other, is no damage either', async () => {
    const cut = async (outbox: Outbox, from: string, records: number): Promise<string> => {
      const before = existsSync(`${from}-wal`) ? readFileSync(`${from}-wal`) : Buffer.alloc(0);
      await Promise.all(Array.from({ length: records }, (_, i) => outbox.append({ body: long(`${records}-${i}`) })));
      const copy = bench.path();
      for (const suffix of ['', '-wal', '.trace']) copyFileSync(from + suffix, copy + suffix);
      // The commit's first frame never reached the disk, its last did.
      const written = readFileSync(`${copy}-wal`).findIndex((byte, at) => at >= 32 && byte !== before[at]);
      flip(`${copy}-wal`, written + 100);
      return copy;
    };
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: long('first') });
    const once = await cut(outbox, path, 60);
    const again = bench.open(once);
    expect(again.health().notices).toEqual([]);
    await again.append({ body: long('second') });
    const twice = bench.open(await cut(again, once, 2));
    expect(twice.health().notices).toEqual([]);
    expect(names(await verify(twice))).toEqual(['first', 'second']);
  });

  it('with a flipped byte far from its end is damage, although SQLite reads over it', async () => {
    const path = await filled({ open: true });
    flip(`${path}-wal`, Math.floor(readFileSync(`${path}-wal`).length / 2));
    const { outbox } = await reopened(path);
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', why: expect.stringContaining('write-ahead log') }]);
    expect(existsSync(`${path}.corrupt-${CLOCK.wall}-wal`)).toBe(true);
  });
});

describe('whatever happens to one byte or page of the files', () => {
  it('records that wait are all there as they were, or it is told; what is carried over fits the chain', async () => {
    const source = await filled();
    const live = await filled({ open: true });
    const bytes = readFileSync(source);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          log: fc.boolean(),
          at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          how: fc.constantFrom('flip', 'zero page', 'cut'),
        }),
        async ({ log, at, how }) => {
          const path = bench.path();
          for (const suffix of log ? ['', '-wal', '.trace'] : ['', '.trace']) copyFileSync((log ? live : source) + suffix, path + suffix);
          const file = log ? `${path}-wal` : path;
          const content = readFileSync(file);
          const place = Math.floor(at * content.length);
          if (how === 'flip') flip(file, place);
          else if (how === 'cut') truncateSync(file, place);
          else writeFileSync(file, content.fill(0, place - (place % 4_096), Math.min(content.length, place - (place % 4_096) + 4_096)));
          const { outbox, carried } = await reopened(path);
          const told = outbox.health().notices;
          if (told.length === 0 && !log) expect(carried).toEqual(LEFT);
          // All that is carried over is what was written, each once, in its order.
          const all = ['p1', ...LEFT, ...Array.from({ length: 41 }, (_, i) => `p${i + 1}`)];
          expect(carried.every((name) => all.includes(name))).toBe(true);
          expect(new Set(carried).size).toBe(carried.length);
          expect([...carried].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(carried);
          for (const { file: aside } of told) if (aside !== undefined) expect(basename(aside)).toContain('corrupt');
          expect(await outbox.append({ body: long('new') })).toMatchObject({ fresh: true });
          await bench.close(outbox);
          expect(notices(path)).toEqual(told);
        },
      ),
      { numRuns: 60 },
    );
    expect(readFileSync(source).equals(bytes)).toBe(true);
  }, 120_000);
});

describe('the hashes by the C code', () => {
  it('are those of the protocol', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ maxLength: 6_000, size: 'max' }), (salt, body) => {
        const c = commitment(salt, body);
        expect(Buffer.compare(native.commitment(salt, body), c)).toBe(0);
        expect(Buffer.compare(native.chainNext(c, c), chainNext(c, c))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
