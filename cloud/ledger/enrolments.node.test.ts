import { describe, expect, it } from 'vitest';
import { keyId } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { deviceKeys } from './devices.ts';
import { drainDrops, nextDrop } from './drops.ts';
import { enrol, OVERLAP_MS, offer, revoke, rotate } from './enrolments.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { entryView, logHead } from './log.ts';
import { MORNING as T, TestNode } from './warehouse.fixture.ts';

const HOUR = 3_600_000;
const key = (n: number): string => toBase64url(new Uint8Array(32).fill(n));
const idOf = (n: number): string => keyId(new Uint8Array(32).fill(n));
const asked = (hash: string, n: number, node = 'dock-1') => ({ site: 'LYON', node, hash, publicKey: key(n), proof: `proof ${n}` });
const turn = (by: number, n: number) => ({
  ...{ site: 'LYON', node: 'dock-1', publicKey: key(n), proof: `new ${n}`, by: idOf(by), signature: `old ${by}` },
});

function place(): ReturnType<typeof ledgerInMemory> {
  const open = ledgerInMemory();
  offer(open.sql, { site: 'LYON', node: 'dock-1', hash: 'h1', expiresAt: T + HOUR }, T);
  return open;
}

describe('a token', () => {
  it('lets one key in once; the same key again changes nothing, another is refused', () => {
    const { ledger, sql } = place();
    expect(enrol(ledger, asked('h1', 1), T)).toEqual({ ok: true, keyId: idOf(1), entry: 0 });
    expect(JSON.parse(entryView(sql, 0)?.body ?? '')).toMatchObject({
      action: 'register',
      proof: { how: 'enrolment', token: 'h1', signature: 'proof 1' },
    });
    expect(enrol(ledger, asked('h1', 1), T + 2 * HOUR)).toEqual({ ok: true, keyId: idOf(1), entry: null });
    expect(enrol(ledger, asked('h1', 2), T)).toMatchObject({ ok: false, code: 'ENROLMENT_USED' });
    expect(logHead(sql).size).toBe(1);
    expect(deviceKeys(sql, 'LYON', 'dock-1')).toMatchObject([{ id: idOf(1), from: T, to: null }]);
  });

  it('is refused when it has expired, was replaced, or is of another node', () => {
    const { ledger, sql } = place();
    expect(enrol(ledger, asked('h1', 1), T + HOUR)).toMatchObject({ ok: false, code: 'ENROLMENT_EXPIRED' });
    expect(enrol(ledger, asked('h1', 1, 'dock-2'), T)).toMatchObject({ ok: false, code: 'ENROLMENT_INVALID' });
    offer(sql, { site: 'LYON', node: 'dock-1', hash: 'h2', expiresAt: T + HOUR }, T);
    expect(enrol(ledger, asked('h1', 1), T)).toMatchObject({ ok: false, code: 'ENROLMENT_INVALID' });
    expect(logHead(sql).size).toBe(0);
    expect(enrol(ledger, asked('h2', 1), T)).toMatchObject({ ok: true });
  });

  it('is not burnt by a key that is refused', () => {
    const { ledger, sql } = place();
    const other = new TestNode('LYON', 'dock-2');
    ledger.append([other.registration()], T);
    expect(enrol(ledger, { ...asked('h1', 1), publicKey: toBase64url(other.publicKey) }, T)).toMatchObject({ code: 'DEVICE_INVALID' });
    expect(logHead(sql).size).toBe(1);
    expect(enrol(ledger, asked('h1', 1), T)).toMatchObject({ ok: true, entry: 1 });
  });

  it('of a node that has keys ends them with the new one, and the sessions they hold', () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    expect(nextDrop(sql, T)).toBeNull();
    offer(sql, { site: 'LYON', node: 'dock-1', hash: 'h2', expiresAt: T + HOUR }, T);
    enrol(ledger, asked('h2', 2), T + 5);
    expect(deviceKeys(sql, 'LYON', 'dock-1')).toMatchObject([
      { id: idOf(1), to: T + 5 },
      { id: idOf(2), from: T + 5, to: null },
    ]);
    expect(nextDrop(sql, T + 5)).toBe(0);
  });
});

describe('a rotation', () => {
  it('is refused while sixteen keys are valid, and does not wear the name of the node out', () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    for (let n = 1; n < 16; n++) expect(rotate(ledger, turn(n, n + 1), T), String(n)).toMatchObject({ ok: true });
    expect(rotate(ledger, turn(16, 17), T)).toMatchObject({ ok: false, code: 'DEVICE_INVALID' });
    offer(sql, { site: 'LYON', node: 'dock-1', hash: 'h2', expiresAt: T + HOUR }, T);
    expect(enrol(ledger, asked('h2', 20), T)).toMatchObject({ ok: false, code: 'DEVICE_INVALID' });
    revoke(ledger, 'LYON', 'dock-1', idOf(16), T);
    expect(enrol(ledger, asked('h2', 20), T)).toMatchObject({ ok: true });
    const valid = deviceKeys(sql, 'LYON', 'dock-1').filter(({ to }) => to === null || to > T);
    expect(valid.map(({ id }) => id)).toEqual([idOf(20)]);
    for (let n = 20; n < 60; n++) expect(rotate(ledger, turn(n, n + 1), T + (n - 19) * OVERLAP_MS), String(n)).toMatchObject({ ok: true });
  });

  it('gives the old key a day yet, and changes nothing when it is asked for again', async () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    expect(rotate(ledger, turn(1, 2), T + 1)).toEqual({ ok: true, keyId: idOf(2), entry: 1 });
    expect(rotate(ledger, turn(1, 2), T + 2)).toEqual({ ok: true, keyId: idOf(2), entry: null });
    expect(deviceKeys(sql, 'LYON', 'dock-1')).toMatchObject([
      { id: idOf(1), to: T + 1 + OVERLAP_MS },
      { id: idOf(2), from: T + 1, to: null },
    ]);
    expect(JSON.parse(entryView(sql, 1)?.body ?? '')).toMatchObject({
      proof: { how: 'rotation', by: idOf(1), bySignature: 'old 1', signature: 'new 2' },
    });
    // The session goes now, to come back with the new key, and once more when the old key ends.
    const dropped: string[] = [];
    const drop = async (site: string, node: string): Promise<void> => void dropped.push(`${site}/${node}`);
    expect(await drainDrops(sql, T + 1, drop)).toBe(OVERLAP_MS);
    expect(await drainDrops(sql, T + 1 + OVERLAP_MS, drop)).toBeNull();
    expect(dropped).toEqual(['LYON/dock-1', 'LYON/dock-1']);
  });

  it('is refused to a key that was revoked, never known, or replaced by another already', () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    expect(rotate(ledger, turn(9, 2), T)).toMatchObject({ ok: false, code: 'KEY_UNUSABLE' });
    rotate(ledger, turn(1, 2), T);
    expect(rotate(ledger, turn(1, 3), T)).toMatchObject({ ok: false, code: 'KEY_UNUSABLE' });
    revoke(ledger, 'LYON', 'dock-1', idOf(2), T);
    expect(rotate(ledger, turn(2, 4), T)).toMatchObject({ ok: false, code: 'KEY_UNUSABLE' });
    expect(rotate(ledger, turn(1, 2), T)).toMatchObject({ ok: false });
    expect(logHead(sql).size).toBe(4);
  });

  it('is refused while the node is in quarantine: a thief must not shut the owner out', () => {
    const { ledger } = place();
    enrol(ledger, asked('h1', 1), T);
    const body = { v: 1, action: 'quarantine', site: 'LYON', node: 'dock-1', reason: 'CLONE', text: 'two' };
    ledger.append([{ type: 'device', body }], T);
    expect(rotate(ledger, turn(1, 2), T)).toMatchObject({ ok: false, code: 'QUARANTINED' });
  });
});

describe('a revocation', () => {
  it('ends a key at once, also the last, also one that ends anyway, and says when there is none', () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    rotate(ledger, turn(1, 2), T);
    expect(revoke(ledger, 'LYON', 'dock-1', idOf(1), T + 7)).toMatchObject({ ok: true, entry: 3 });
    expect(revoke(ledger, 'LYON', 'dock-1', idOf(2), T + 7)).toMatchObject({ ok: true, entry: 4 });
    expect(revoke(ledger, 'LYON', 'dock-1', idOf(2), T + 9)).toMatchObject({ ok: true, entry: null });
    expect(revoke(ledger, 'LYON', 'dock-1', idOf(5), T)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    expect(deviceKeys(sql, 'LYON', 'dock-1').map(({ to }) => to)).toEqual([T + 7, T + 7]);
  });
});

describe('a session to be ended', () => {
  it('is tried again while its gateway fails', async () => {
    const { ledger, sql } = place();
    enrol(ledger, asked('h1', 1), T);
    revoke(ledger, 'LYON', 'dock-1', idOf(1), T);
    const fails = (): Promise<void> => Promise.reject(new Error('deploying'));
    expect(await drainDrops(sql, T, fails)).toBe(5_000);
    expect(nextDrop(sql, T)).toBe(0);
    expect(await drainDrops(sql, T, async () => undefined)).toBeNull();
  });
});
