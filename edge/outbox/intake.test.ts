import { afterEach, describe, expect, it } from 'vitest';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { Fault } from '../../protocol/fault.ts';
import type { ClosedPassage } from '../passage/tracker.ts';
import { Intake } from './intake.ts';
import { Bench, CLOCK, verify } from './outbox.fixture.ts';
import type { Outbox } from './outbox.ts';

const bench = new Bench();
afterEach(() => bench.clean());

const pallet = (more: Partial<ClosedPassage> = {}): ClosedPassage => ({
  passage: 'D1-loyw3v3m-1025',
  door: 'D1',
  opened: 1_700_000_000_000,
  closed: 1_700_000_004_000,
  direction: 'in',
  confidence: 0.99,
  moved: [encodeSgtin96('03453120000011', 1, 7)],
  doubts: [],
  strays: [],
  ssccs: ['034531200000000011'],
  ...more,
});

function intake(
  outbox: Pick<Outbox, 'append' | 'doorDocument' | 'knows' | 'recognise'>,
  retryMs = 1,
): { intake: Intake; events: string[] } {
  const events: string[] = [];
  const log = (event: string, fields: object): void => void events.push(`${event} ${JSON.stringify(fields)}`);
  return { intake: new Intake({ outbox, clock: () => CLOCK, log, retryMs }), events };
}

const due = { v: 1, id: 'c', type: 'expect', kind: 'despatchAdvice', number: 'DA-1', direction: 'in', partner: 'P', lines: [] } as const;

describe('the intake of closed passages', () => {
  it('logs the passage and its record once, however often the passage comes', async () => {
    const outbox = bench.open();
    const { intake: one, events } = intake(outbox);
    await one.take(pallet());
    await one.take(pallet());
    expect(events.map((event) => event.split(' ')[0])).toEqual(['passage.closed', 'record.committed']);
    expect(events[1]).toBe('record.committed {"epoch":1,"seq":1,"passage":"D1-loyw3v3m-1025"}');
    expect(await verify(outbox)).toHaveLength(1);
  });

  it('takes the document a person chose, else the one an SSCC belongs to, else the SSCC', async () => {
    const outbox = bench.open();
    const { intake: one } = intake(outbox);
    await one.take(pallet({ passage: 'a' }));
    await outbox.expect({ ...due, ssccs: ['034531200000000011'] });
    await outbox.expect({ ...due, kind: 'order', number: 'O-1', ssccs: [] });
    await one.take(pallet({ passage: 'b' }));
    await outbox.chooseDocument('D1', { kind: 'order', number: 'O-1' });
    await one.take(pallet({ passage: 'c' }));
    await one.take(pallet({ passage: 'd', door: 'D2', ssccs: [] }));
    const bodies = await verify(outbox);
    expect(bodies.map((body) => (body as { document?: object }).document)).toEqual([
      { kind: 'sscc', number: '034531200000000011', how: 'sscc' },
      { kind: 'despatchAdvice', number: 'DA-1', how: 'sscc' },
      { kind: 'order', number: 'O-1', how: 'chosen' },
      undefined,
    ]);
  });

  it('commits a passage of 2,500 items as three records of one commit', async () => {
    const outbox = bench.open();
    const { intake: one, events } = intake(outbox);
    await one.take(pallet({ moved: Array.from({ length: 2_500 }, (_, i) => encodeSgtin96('03453120000011', i, 7)) }));
    expect((await verify(outbox)).map((body) => (body as { part: number }).part)).toEqual([1, 2, 3]);
    expect(outbox.passages(1)).toMatchObject([{ in: 2_500 }]);
    expect(events.filter((event) => event.startsWith('record.committed'))).toHaveLength(3);
  });

  it('tries again while the disk is full, and gives up only when it is stopped', async () => {
    const real = bench.open();
    let failures = 3;
    const { intake: one, events } = intake({
      append: (records) => (failures-- > 0 ? Promise.reject(new Fault('OUTBOX_FULL', 'no space')) : real.append(records)),
      doorDocument: () => null,
      knows: () => false,
      recognise: () => undefined,
    });
    await one.take(pallet());
    expect(events.map((event) => event.split(' ')[0])).toEqual(['passage.closed', 'outbox.failed', 'record.committed']);
    expect(real.head().seq).toBe(1);
    failures = Number.POSITIVE_INFINITY;
    const waiting = one.take(pallet({ passage: 'b' }));
    expect(one.held).toBe(1);
    one.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect(one.held).toBe(0);
  });
});
