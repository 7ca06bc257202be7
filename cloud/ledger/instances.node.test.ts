import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quarantineOf } from './devices.ts';
import { nextDrop } from './drops.ts';
import { login, release } from './instances.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { entryView, logHead } from './log.ts';
import type { LoginResult } from './rpc.ts';
import { MORNING as T, TestNode } from './warehouse.fixture.ts';

/** A process of the node: random instance, and the turn the hub told it last. */
class Process {
  static #made = 0;
  readonly instance: string;
  turn = 0;
  readonly #open: ReturnType<typeof ledgerInMemory>;

  constructor(open: ReturnType<typeof ledgerInMemory>) {
    this.#open = open;
    Process.#made += 1;
    this.instance = Process.#made.toString(16).padStart(8, '0');
  }

  /** `heard` false: the hub's answer was lost on the way. */
  connect(heard = true): LoginResult {
    const asked = { instance: this.instance, turn: this.turn, token: `token of ${this.instance} at ${this.turn}` };
    const result = login(this.#open.ledger, 'LYON', 'dock-1', asked, T);
    if (heard) this.turn = result.turn;
    return result;
  }
}

function place(): ReturnType<typeof ledgerInMemory> {
  const open = ledgerInMemory();
  open.ledger.append([new TestNode('LYON', 'dock-1').registration()], T);
  return open;
}

const isQuarantined = (open: ReturnType<typeof ledgerInMemory>): boolean => quarantineOf(open.sql, 'LYON', 'dock-1') !== undefined;

describe('one machine', () => {
  it('connects, restarts and crashes as often as it likes, whatever answers it misses', () => {
    const step = fc.record({ restart: fc.boolean(), heard: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const open = place();
        let process = new Process(open);
        for (const { restart, heard } of steps) {
          if (restart) process = new Process(open);
          expect(process.connect(heard)).toMatchObject({ ok: true });
        }
        expect(isQuarantined(open)).toBe(false);
        expect(Number(open.sql.exec('SELECT count(*) AS n FROM superseded')[0]?.['n'])).toBeLessThanOrEqual(64);
      }),
      { numRuns: 50 },
    );
  });

  it('may be overtaken by its own successor on the way: a late CONNECT of a dead process is turned away and proves nothing', () => {
    const open = place();
    const first = new Process(open);
    first.connect();
    const second = new Process(open);
    expect(second.connect()).toEqual({ ok: true, turn: 2 });
    for (let late = 0; late < 3; late++) expect(first.connect(false)).toMatchObject({ ok: false, code: 'SUPERSEDED', turn: 2 });
    expect(second.connect()).toEqual({ ok: true, turn: 2 });
    expect(isQuarantined(open)).toBe(false);
  });

  it('writes nothing when the same process connects again', () => {
    const open = place();
    const process = new Process(open);
    process.connect();
    const changes = (): unknown => open.sql.exec('SELECT total_changes() AS n')[0]?.['n'];
    const before = changes();
    for (let i = 0; i < 5; i++) process.connect();
    expect(changes()).toBe(before);
  });
});

describe('two machines with one key', () => {
  it('are found however they alternate, and shut out both', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), fc.boolean(), (turns, begins) => {
        const open = place();
        const [a, b] = [new Process(open), new Process(open)];
        // Each lives through the other's take-over and comes again: a, b, a is the least that shows it.
        for (const who of [begins, !begins, ...turns, begins, begins, !begins, !begins]) (who ? a : b).connect();
        expect(isQuarantined(open)).toBe(true);
        expect(a.connect()).toMatchObject({ ok: false, code: 'QUARANTINED' });
        expect(b.connect()).toMatchObject({ ok: false, code: 'QUARANTINED' });
      }),
      { numRuns: 100 },
    );
  });

  it('leave both tokens in the log as the proof, and a session to end', () => {
    const open = place();
    const [a, b] = [new Process(open), new Process(open)];
    a.connect();
    b.connect();
    expect(a.connect()).toMatchObject({ code: 'SUPERSEDED' });
    const before = logHead(open.sql).size;
    expect(a.connect()).toMatchObject({ code: 'QUARANTINED' });
    const body = JSON.parse(entryView(open.sql, before)?.body ?? '{}') as Record<string, unknown>;
    expect(body).toMatchObject({ action: 'quarantine', reason: 'CLONE', site: 'LYON', node: 'dock-1' });
    expect(body['tokens']).toEqual([`token of ${b.instance} at 0`, `token of ${a.instance} at 2`]);
    expect(nextDrop(open.sql, T)).toBe(0);
  });

  it('are let in again by a person, found again while both live, and one alone stays in', () => {
    const open = place();
    const [a, b] = [new Process(open), new Process(open)];
    for (const process of [a, b, a, a]) process.connect();
    expect(release(open.ledger, 'LYON', 'dock-1', T)).toMatchObject({ ok: true, entry: expect.any(Number) });
    expect(release(open.ledger, 'LYON', 'dock-1', T)).toMatchObject({ ok: true, entry: null });
    expect(release(open.ledger, 'LYON', 'dock-9', T)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    for (const process of [a, b, a, a]) process.connect();
    expect(isQuarantined(open)).toBe(true);
    release(open.ledger, 'LYON', 'dock-1', T);
    for (let i = 0; i < 5; i++) expect(b.connect()).toMatchObject({ ok: true });
    expect(new Process(open).connect()).toMatchObject({ ok: true });
  });
});
