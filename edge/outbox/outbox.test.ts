import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { decodeBody } from '../../protocol/record.ts';
import { ADDRESS, Bench, CLOCK, passageBody, verify } from './outbox.fixture.ts';

const bench = new Bench();
afterEach(() => bench.clean());

const EPCS = [1, 2, 3].map((serial) => encodeSgtin96('03453120000011', serial, 7)).sort();
const NOTES = EPCS.map((epc) => ({ epc, reason: 'few-reads', reads: 2, d: -0.25 }));

describe('the chain', () => {
  it('starts where the node and the epoch say, numbers from 1 without gaps and goes on after a restart', async () => {
    const path = bench.path();
    const one = bench.open(path);
    expect(one.head()).toEqual({ epoch: 1, seq: 0, chain: toBase64url(chainStart(ADDRESS, 1)) });
    expect(await one.append({ body: passageBody('a') })).toEqual({ epoch: 1, seq: 1, fresh: true });
    const head = one.head();
    await bench.close(one);
    const two = bench.open(path);
    expect(two.head()).toEqual(head);
    expect(await two.append({ body: passageBody('b') })).toMatchObject({ seq: 2 });
    expect(await verify(two)).toMatchObject([{ passage: 'a' }, { passage: 'b' }]);
    expect(two.queued()).toBe(2);
  });

  it('holds whatever is appended at once, each passage once, in one gapless order that a hub can verify', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }), { maxLength: 6 }), async (turns) => {
        const outbox = bench.open();
        const seqs = new Map<number, Set<number>>();
        for (const turn of turns) {
          const appended = await Promise.all(turn.map((n) => outbox.append({ body: passageBody(`p${n}`) })));
          appended.forEach(({ seq }, i) => {
            const n = turn[i] ?? 0;
            seqs.set(n, (seqs.get(n) ?? new Set()).add(seq));
          });
        }
        const bodies = (await verify(outbox)) as { passage: string }[];
        const distinct = new Set(turns.flat());
        expect(bodies.length).toBe(distinct.size);
        expect(outbox.head().seq).toBe(distinct.size);
        for (const [n, found] of seqs) {
          expect(found.size).toBe(1);
          expect(bodies[([...found][0] ?? 0) - 1]?.passage).toBe(`p${n}`);
        }
        await bench.close(outbox);
      }),
      { numRuns: 15 },
    );
  });

  it('gives slices bounded by records and by bytes, but at least one record', async () => {
    const outbox = bench.open();
    await Promise.all(Array.from({ length: 10 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    expect(outbox.after(3, 4, 1_000_000)?.records.map((record) => record.seq)).toEqual([4, 5, 6, 7]);
    expect(outbox.after(0, 10, 1)?.records).toHaveLength(1);
    expect(outbox.after(10, 10, 1_000)).toBeUndefined();
    expect(outbox.after(11, 10, 1_000)).toBeUndefined();
  });

  it('refuses the file of another node', async () => {
    const path = bench.path();
    await bench.close(bench.open(path));
    expect(() => bench.open(path, { address: { ...ADDRESS, node: 'dock-2' } })).toThrow(
      expect.objectContaining({ code: 'OUTBOX_ADDRESS' }),
    );
  });

  it('refuses a body that is not canonical, and nothing else in the same turn with it', async () => {
    const outbox = bench.open();
    const [bad, good] = await Promise.allSettled([
      outbox.append({ body: passageBody('a', { confidence: 0.5 }) }),
      outbox.append({ body: passageBody('b') }),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'NOT_CANONICAL' } });
    expect(good).toMatchObject({ status: 'fulfilled', value: { seq: 1 } });
  });
});

describe('acknowledgement', () => {
  it('deletes up to the record, keeps the chain value there, and survives a restart', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await Promise.all(Array.from({ length: 5 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    const third = outbox.chainAt(3);
    outbox.acknowledge(1, 3);
    expect(outbox.queued()).toBe(2);
    await outbox.append({ body: passageBody('p5') });
    expect(outbox.chainAt(2)).toBeUndefined();
    expect(outbox.chainAt(3)).toEqual(third);
    await bench.close(outbox);
    const again = bench.open(path);
    expect(again.queued()).toBe(3);
    expect(again.acknowledged()).toMatchObject({ epoch: 1, seq: 3 });
    expect(await verify(again, 3)).toMatchObject([{ passage: 'p3' }, { passage: 'p4' }, { passage: 'p5' }]);
  });

  it('deletes a long queue in short commits', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await Promise.all(Array.from({ length: 4_500 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    outbox.acknowledge(1, 4_400);
    const left = (): number => {
      // A copy: the outbox lets nobody else open its file.
      for (const suffix of ['', '-wal']) copyFileSync(path + suffix, `${path}.copy${suffix}`);
      const db = new DatabaseSync(`${path}.copy`);
      const { n } = db.prepare('SELECT count(*) AS n FROM records').get() as { n: number };
      db.close();
      return n;
    };
    await outbox.append({ body: passageBody('x') });
    expect(left()).toBe(2_501);
    await expect.poll(left, { timeout: 10_000 }).toBe(101);
    expect(outbox.queued()).toBe(101);
    expect(await verify(outbox, 4_400)).toHaveLength(101);
  });

  it('ignores another epoch, an old number and a number that does not exist', async () => {
    const outbox = bench.open();
    await outbox.append([{ body: passageBody('a') }]);
    outbox.acknowledge(2, 1);
    outbox.acknowledge(1, 9);
    expect(outbox.queued()).toBe(1);
    outbox.acknowledge(1, 1);
    outbox.acknowledge(1, 0);
    expect(outbox.queued()).toBe(0);
  });

  it('still knows a passage whose record is gone', async () => {
    const outbox = bench.open();
    await outbox.append({ body: passageBody('a') });
    outbox.acknowledge(1, 1);
    await outbox.append({ body: passageBody('b') });
    expect(await outbox.append({ body: passageBody('a') })).toEqual({ epoch: 1, seq: 1, fresh: false });
    expect(outbox.head().seq).toBe(2);
  });
});

describe('a new epoch', () => {
  it('names the head it leaves and carries on with all that the hub does not have', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await Promise.all(Array.from({ length: 1_203 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    outbox.acknowledge(1, 3);
    const hub = { epoch: 4, seq: 77, chain: toBase64url(new Uint8Array(32).fill(7)) };
    expect(await outbox.newEpoch('restored', hub)).toMatchObject({ epoch: 5, seq: 1_201 });
    const bodies = await verify(outbox);
    expect(bodies[0]).toEqual({ type: 'epoch', v: 1, reason: 'restored', previous: hub, clock: CLOCK });
    expect(bodies.slice(1)).toMatchObject(Array.from({ length: 1_200 }, (_, i) => ({ passage: `p${i + 3}` })));
    expect(await outbox.append({ body: passageBody('p5') })).toEqual({ epoch: 5, seq: 4, fresh: false });
    expect(await outbox.append({ body: passageBody('new') })).toMatchObject({ epoch: 5, seq: 1_202 });
    await bench.close(outbox);
    expect(bench.open(path).head()).toMatchObject({ epoch: 5, seq: 1_202 });
  });
});

describe('undecided items', () => {
  const doubtful = () => passageBody('a', { items: [], direction: 'unknown', doubts: [{ gtin: '03453120000011', serials: [1, 1, 1] }] });

  it('stand on the list with their passage and leave it with the decision, which is a record', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: { ...doubtful(), document: { kind: 'order', number: 'O-1', how: 'chosen' } }, doubts: NOTES });
    expect(outbox.doubts()).toMatchObject(EPCS.map((epc) => ({ passage: 'a', epc, reason: 'few-reads', reads: 2, d: -250 })));
    expect(await outbox.decide({ passage: 'a', epcs: EPCS.slice(0, 2), verdict: 'in', by: 'Ana', reason: 'seen' })).toMatchObject({
      seq: 2,
      decided: 2,
    });
    expect(outbox.doubtsTotal()).toBe(1);
    expect(outbox.passages(10)).toMatchObject([{ passage: 'a', in: 2, out: 0, strays: 3, undecided: 1 }]);
    const record = outbox.after(1, 1, 9_999)?.records[0];
    expect(decodeBody(record?.body ?? new Uint8Array())).toMatchObject({
      type: 'decision',
      passage: 'a',
      door: 'D1',
      verdict: 'in',
      by: 'Ana',
      reason: 'seen',
      document: { number: 'O-1' },
      items: [{ gtin: '03453120000011', serials: [1, 1] }],
    });
    await bench.close(outbox);
    expect(bench.open(path).doubts()).toHaveLength(1);
  });

  it('are decided once, by whoever is first, and nothing else fails with the second', async () => {
    const outbox = bench.open();
    await outbox.append({ body: doubtful(), doubts: NOTES });
    const decide = (epcs: string[], by: string) => outbox.decide({ passage: 'a', epcs, verdict: 'stray', by });
    const [first, second, other] = await Promise.allSettled([
      decide(EPCS, 'Ana'),
      decide(EPCS.slice(0, 1), 'Bob'),
      outbox.append({ body: passageBody('b') }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { decided: 3 } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'DOUBT_UNKNOWN' } });
    expect(other).toMatchObject({ status: 'fulfilled' });
    expect(await verify(outbox)).toHaveLength(3);
  });
});

describe('documents', () => {
  const expect1 = {
    v: 1,
    id: 'c1',
    type: 'expect',
    kind: 'despatchAdvice',
    number: 'DA-1',
    direction: 'in',
    partner: 'Moulin',
    ssccs: ['034531200000000011'],
    lines: [{ gtin: '03453120000011', quantity: 12, name: 'Flour' }],
  } as const;
  const chosen = { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' };

  it('are kept, recognised by an SSCC, and counted as their items are accepted', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.expect(expect1);
    await outbox.expect(expect1);
    expect(outbox.expectations()).toEqual([expect1]);
    expect(outbox.recognise(['034531200000000011'])).toEqual({ kind: 'despatchAdvice', number: 'DA-1', how: 'sscc' });
    expect(outbox.recognise(['034531200000000028'])).toEqual({ kind: 'sscc', number: '034531200000000028', how: 'sscc' });
    expect(outbox.recognise([])).toBeUndefined();
    await outbox.append({ body: passageBody('a', { document: { kind: 'despatchAdvice', number: 'DA-1', how: 'sscc' } }) });
    await bench.close(outbox);
    const again = bench.open(path);
    expect(again.accepted('despatchAdvice', 'DA-1')).toEqual(new Map([['03453120000011', 2]]));
    expect(again.expectations()).toEqual([expect1]);
  });

  it('stay chosen for a door until changed or forgotten', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await expect(outbox.chooseDocument('D1', chosen as { kind: 'despatchAdvice'; number: string })).rejects.toMatchObject({
      code: 'DOCUMENT_UNKNOWN',
    });
    await outbox.expect(expect1);
    await outbox.chooseDocument('D1', { kind: 'despatchAdvice', number: 'DA-1' });
    await bench.close(outbox);
    const again = bench.open(path);
    expect(again.doorDocument('D1')).toEqual(chosen);
    expect(again.doorDocument('D2')).toBeNull();
    await again.forget({ v: 1, id: 'c2', type: 'forget', kind: 'despatchAdvice', number: 'DA-1' });
    expect(again.doorDocument('D1')).toBeNull();
    expect(again.expectations()).toEqual([]);
    expect(again.recognise(['034531200000000011'])).toMatchObject({ kind: 'sscc' });
  });

  it('are bounded: the oldest gives way to the 2,001st', async () => {
    const outbox = bench.open();
    await Promise.all(Array.from({ length: 2_001 }, (_, i) => outbox.expect({ ...expect1, number: `DA-${i}`, ssccs: [] })));
    const due = outbox.expectations();
    expect(due).toHaveLength(2_000);
    expect(due[0]?.number).toBe('DA-1');
  });
});

describe('a bad disk', () => {
  it('rejects with OUTBOX_FULL, shows it, loses nothing, and goes on when there is space', async () => {
    const path = bench.path();
    const outbox = bench.open(path, { maxPages: 40 });
    const accepted: string[] = [];
    let fault: unknown;
    for (let i = 0; i < 500 && fault === undefined; i++) {
      const serials = Array.from({ length: 900 }, (_, k) => 1 + ((k * 7919) % 100_000_000));
      await outbox.append({ body: passageBody(`p${i}`, { items: [{ gtin: '03453120000011', serials }] }) }).then(
        () => accepted.push(`p${i}`),
        (error: unknown) => {
          fault = error;
        },
      );
    }
    expect(fault).toMatchObject({ code: 'OUTBOX_FULL' });
    expect(outbox.health().fault).toMatchObject({ code: 'OUTBOX_FULL' });
    expect(await verify(outbox)).toMatchObject(accepted.map((passage) => ({ passage })));
    await bench.close(outbox);
    const again = bench.open(path);
    await again.append({ body: passageBody('after') });
    expect(again.health().fault).toBeUndefined();
    expect(await verify(again)).toMatchObject([...accepted, 'after'].map((passage) => ({ passage })));
  });

  it('sets a damaged file aside, starts an empty one and says so', async () => {
    for (const damage of [Buffer.from('this is no database, but long enough to be read as one'.repeat(100)), undefined]) {
      const path = bench.path();
      const outbox = bench.open(path);
      await Promise.all(Array.from({ length: 300 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
      await bench.close(outbox);
      const bytes = damage ?? readFileSync(path);
      if (damage === undefined) bytes.fill(0xaa, 4_096, bytes.length - 4_096);
      writeFileSync(path, bytes);
      const again = bench.open(path);
      expect(again.head().seq).toBe(0);
      expect(again.health().notices).toMatchObject([{ kind: 'damaged', file: `${path}.corrupt-${CLOCK.wall}` }]);
      expect(readFileSync(`${path}.corrupt-${CLOCK.wall}`).equals(bytes)).toBe(true);
      expect(await again.append({ body: passageBody('a') })).toMatchObject({ seq: 1 });
    }
  });

  it('refuses a file that another outbox has open, and leaves that one as it is', async () => {
    const path = bench.path();
    const first = bench.open(path);
    expect(() => bench.open(path)).toThrow(expect.objectContaining({ code: 'OUTBOX_IN_USE', message: expect.stringContaining('dataDir') }));
    expect(await first.append({ body: passageBody('a') })).toMatchObject({ seq: 1 });
    await bench.close(first);
    expect(bench.open(path).head().seq).toBe(1);
  });

  it('refuses a file of a later version and leaves it as it is', async () => {
    const path = bench.path();
    await bench.close(bench.open(path));
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => bench.open(path)).toThrow(expect.objectContaining({ code: 'OUTBOX_VERSION' }));
    expect(readdirSync(dirname(path)).some((name) => name.includes('corrupt'))).toBe(false);
  });
});

describe('the file', () => {
  it('is synced in full, and its log is copied back at the end', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: passageBody('a') });
    await bench.close(outbox);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    db.close();
  });

  it('tells its listeners once for many changes, after they are on disk', async () => {
    const outbox = bench.open();
    let told = 0;
    const leave = outbox.subscribe(() => told++);
    await Promise.all(Array.from({ length: 50 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    await pause(1);
    expect(told).toBe(1);
    leave();
    await outbox.append({ body: passageBody('x') });
    await pause(1);
    expect(told).toBe(1);
  });
});
