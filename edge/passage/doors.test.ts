import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Doors } from './doors.ts';
import { Journal } from './journal.ts';
import type { ClosedPassage } from './tracker.ts';
import { ANTENNAS, epcsOf, readsOf, standing, through } from './walk.fixture.ts';

const START = 1_700_000_000_000;
const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'docket-journal-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** Standing tags for a while, then two pallets, in chunks as a serial line brings them. */
function chunks(): { reader: string; reads: ReturnType<typeof readsOf> }[] {
  const bodies = [
    { epcs: epcsOf(1, 20), at: through(1, 1.5, 4) },
    { epcs: epcsOf(2, 20), at: through(-1, 1.5, 18) },
    { epcs: epcsOf(3, 5), at: standing(1.5, 2.2) },
  ];
  const reads = readsOf(bodies, 30, 5, START);
  return Array.from({ length: Math.ceil(reads.length / 25) }, (_, i) => ({ reader: 'r1', reads: reads.slice(i * 25, (i + 1) * 25) }));
}

function doorsIn(dir: string, closed: ClosedPassage[], commit: () => Promise<void> = () => Promise.resolve()): Doors {
  const doors = new Doors({
    doors: [{ door: 'D1', antennas: ANTENNAS }],
    dir,
    onClosed: (passage) => {
      closed.push(passage);
      return commit();
    },
  });
  doors.recover();
  return doors;
}

describe('doors whose journals can no longer be written', () => {
  it('go on and hand on the same passages', async () => {
    const expected = await run(folder());
    const dir = folder();
    const closed: ClosedPassage[] = [];
    const doors = doorsIn(dir, closed);
    rmSync(dir, { recursive: true });
    for (const { reader, reads } of chunks()) doors.push(reader, reads);
    doors.tick(START + 60_000);
    await Promise.resolve();
    doors.close();
    expect(closed).toEqual(expected);
  });
});

async function run(dir: string): Promise<ClosedPassage[]> {
  const closed: ClosedPassage[] = [];
  const doors = doorsIn(dir, closed);
  for (const { reader, reads } of chunks()) doors.push(reader, reads);
  doors.tick(START + 60_000);
  await Promise.resolve();
  doors.close();
  return closed;
}

describe('doors', () => {
  it('give the same passages when they stop at any instant without notice and go on, each under the same name', async () => {
    const all = chunks();
    const whole = await run(folder());
    expect(whole.map((passage) => passage.direction)).toEqual(['in', 'out']);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: all.length - 1 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (stops, committed) => {
          const dir = folder();
          const closed: ClosedPassage[] = [];
          // Uncommitted passages must come again, committed ones may.
          const commit = (): Promise<void> => (committed ? Promise.resolve() : new Promise(() => undefined));
          let doors = doorsIn(dir, closed, commit);
          all.forEach(({ reader, reads }, i) => {
            if (stops.includes(i)) doors = doorsIn(dir, closed, commit);
            doors.push(reader, reads);
          });
          doors.tick(START + 60_000);
          const byName = new Map(closed.map((passage) => [passage.passage, passage]));
          expect([...byName.values()].sort((a, b) => a.opened - b.opened)).toEqual(whole);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('hand a passage that was not committed to the next run', async () => {
    const dir = folder();
    const first: ClosedPassage[] = [];
    const doors = doorsIn(dir, first, () => Promise.reject(new Error('the disk is full')));
    for (const { reader, reads } of chunks()) doors.push(reader, reads);
    doors.tick(START + 60_000);
    await Promise.resolve();
    doors.close();
    const again: ClosedPassage[] = [];
    doorsIn(dir, again).close();
    expect(again).toEqual(first);
    expect(again).toHaveLength(2);
  });

  it('keep one small journal when everything is committed', async () => {
    const dir = folder();
    const doors = doorsIn(dir, []);
    for (let round = 0; round < 20; round++) {
      for (const { reader, reads } of chunks())
        doors.push(
          reader,
          reads.map((read) => ({ ...read, at: read.at + round * 100_000 })),
        );
      doors.tick(START + round * 100_000 + 60_000);
      await Promise.resolve();
    }
    const files = readdirSync(dir);
    expect(files).toHaveLength(1);
    expect(readFileSync(join(dir, files[0] ?? '')).length).toBeLessThan(100_000);
    doors.close();
  });
});

describe('a journal', () => {
  const snapshot = { passages: 3, swept: 0, tracks: [] };
  const reads = readsOf([{ epcs: epcsOf(1, 3), at: standing(1, 1) }], 1, 1, START);

  it('reads what is whole when its end is torn at any byte, and goes on behind it', () => {
    const dir = folder();
    const journal = new Journal(dir, 'D1');
    journal.begin(snapshot);
    journal.reads('r1', reads.slice(0, 2));
    const whole = journal.size;
    journal.reads('reader-2', reads.slice(2, 4));
    journal.close();
    const path = join(dir, 'D1.1.journal');
    const bytes = readFileSync(path);
    for (let length = whole; length < bytes.length; length++) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      const torn = new Journal(dir, 'D1');
      expect([...torn.replay()]).toEqual([
        { kind: 'snapshot', snapshot },
        { kind: 'reads', reader: 'r1', reads: reads.slice(0, 2) },
      ]);
      torn.tick(START);
      torn.close();
      expect([...new Journal(dir, 'D1').replay()].at(-1)).toEqual({ kind: 'tick', now: START });
    }
  });

  it('stops at a damaged entry and does not read what lies behind it', () => {
    const dir = folder();
    const journal = new Journal(dir, 'D1');
    journal.begin(snapshot);
    const first = journal.size;
    journal.reads('r1', reads.slice(0, 2));
    journal.tick(START);
    journal.close();
    const path = join(dir, 'D1.1.journal');
    const bytes = readFileSync(path);
    bytes[first + 20] = (bytes[first + 20] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect([...new Journal(dir, 'D1').replay()]).toEqual([{ kind: 'snapshot', snapshot }]);
  });

  it('does not take the journal of another door whose name begins alike', () => {
    const dir = folder();
    const other = new Journal(dir, 'D1.2');
    other.begin(snapshot);
    other.close();
    expect([...new Journal(dir, 'D1').replay()]).toEqual([]);
    appendFileSync(join(dir, 'D1.x.journal'), 'no journal');
    expect([...new Journal(dir, 'D1').replay()]).toEqual([]);
  });
});
