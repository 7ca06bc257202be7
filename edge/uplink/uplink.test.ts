import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { chainAfter, signedMessage } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { checkToken } from '../../protocol/token.ts';
import { clientId } from '../../protocol/topics.ts';
import { FakeHub } from './hub.fixture.ts';
import { ADDRESS, type Scene, scene } from './uplink.fixture.ts';

const open: Scene[] = [];
const begin = async (...args: Parameters<typeof scene>): Promise<Scene> => {
  const made = await scene(...args);
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const range = (from: number, to: number, epoch = 1): string[] => Array.from({ length: to - from + 1 }, (_, i) => `${epoch}.${from + i}`);
const verify = (publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean => {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) }, format: 'jwk' });
  return verifySignature(null, message, key, signature);
};

describe('sending', () => {
  it('sends one record at once when the line is quiet, in one frame, signed and chained', async () => {
    const { hub, uplink, commit, until, key } = await begin();
    uplink.start();
    await until(({ state }) => state === 'online');
    await hub.until(() => hub.statuses.length === 1);
    await commit(1);
    await hub.until(() => hub.committed.length === 1);
    const records = hub.frames.filter(({ packets }) => packets.some((packet) => packet.cmd === 'publish' && packet.qos === 1));
    expect(records).toHaveLength(1);
    expect(records[0]?.packets).toHaveLength(1);
    const batch = hub.batches[0];
    expect(batch?.header).toMatchObject({ ...ADDRESS, epoch: 1, first: 1, count: 1, key: key.id });
    expect(verify(key.publicKey, batch?.signature ?? new Uint8Array(), signedMessage(batch?.headerBytes ?? new Uint8Array()))).toBe(true);
    expect(chainAfter(batch?.header.before ?? new Uint8Array(), batch?.records ?? [])).toEqual(batch?.header.after);
  });

  it('puts a CONNECT, and what one turn writes, into one frame each', async () => {
    const { hub, uplink, until, commit } = await begin();
    await commit(3);
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.frames.every(({ packets }) => packets.length > 0)).toBe(true);
    expect(hub.frames[0]?.packets.map(({ cmd }) => cmd)).toEqual(['connect']);
  });

  it('sends many records in a batch when it is behind, keeps order and window', async () => {
    const { hub, uplink, commit, until } = await begin();
    await commit(2_000);
    hub.judge = () => ({ do: 'hold', ms: 3 });
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.committed).toEqual(range(1, 2_000));
    expect(hub.mostInFlight).toBe(4);
    expect(Math.max(...hub.batches.map(({ header }) => header.count))).toBeGreaterThan(100);
    expect(hub.batches.length).toBeLessThan(30);
  });

  it('uses a topic alias after the first publish', async () => {
    const { hub, uplink, commit, until } = await begin();
    uplink.start();
    await until(({ state }) => state === 'online');
    for (let i = 1; i <= 3; i++) {
      await commit(1);
      await hub.until(() => hub.committed.length === i);
    }
    const topics = hub.frames.flatMap(({ packets }) => packets.flatMap((p) => (p.cmd === 'publish' && p.qos === 1 ? [p.topic] : [])));
    expect(topics).toEqual(['docket/1/demo/LYON/dock-1/records', '', '']);
  });
});

describe('cuts', () => {
  it('resumes from where the hub stands after the line was cut at any batch', async () => {
    const { hub, uplink, commit, until } = await begin();
    await commit(1_200);
    // One batch in three is lost, or its answer is.
    hub.judge = (_batch, count) => (count % 3 === 0 ? { do: count % 2 === 0 ? 'cut' : 'commitAndCut' } : { do: 'hold', ms: 1 });
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.committed).toEqual(range(1, 1_200));
    expect(hub.connects.length).toBeGreaterThan(2);
  });

  it('goes on when the hub is back after it was away, with a new token each time', async () => {
    const { hub, uplink, commit, until, key } = await begin();
    uplink.start();
    await until(({ state }) => state === 'online');
    hub.cut();
    await until(({ state }) => state !== 'online');
    await commit(5);
    await until(({ queued }) => queued === 0);
    expect(hub.committed).toEqual(range(1, 5));
    expect(hub.tokens.length).toBeGreaterThanOrEqual(2);
    for (const token of hub.tokens) await checkToken(token, clientId(ADDRESS), key.publicKey, Date.now(), verify);
  });

  it('waits for a hub that is not there yet, and stops while it waits', async () => {
    const { hub, uplink, commit, until, outbox } = await begin();
    const { port } = new URL(hub.url);
    await hub.close();
    await commit(2);
    uplink.start();
    await until(({ state }) => state === 'offline');
    await uplink.stop();
    expect(uplink.state()).toMatchObject({ state: 'offline', queued: 2 });
    uplink.start();
    const later = await FakeHub.open(ADDRESS, Number(port));
    await until(({ queued }) => queued === 0);
    expect(later.committed).toEqual(range(1, 2));
    await uplink.stop();
    await later.close();
    expect(outbox.queued()).toBe(0);
  });

  it('cuts a line on which pings are not answered', async () => {
    const { hub, uplink, until, events } = await begin({ pingMs: 20 });
    hub.answersPings = false;
    uplink.start();
    await hub.until(() => hub.connects.length >= 3);
    expect(events.some(({ event, fields }) => event === 'uplink.offline' && fields['code'] === 'LINK_SILENT')).toBe(true);
    hub.answersPings = true;
    await until(({ state }) => state === 'online');
  });

  it('connects again when a batch gets no answer', async () => {
    const { hub, uplink, commit, until } = await begin({ answerMs: 30 });
    hub.judge = (_batch, count) => (count === 1 ? { do: 'silence' } : { do: 'commit' });
    uplink.start();
    await until(({ state }) => state === 'online');
    await commit(1);
    await until(({ queued, lastAcknowledged }) => queued === 0 && lastAcknowledged?.seq === 1);
    expect(hub.connects).toHaveLength(2);
  });
});

describe('refusals', () => {
  it('sends again from the head that a retryable refusal names', async () => {
    const { hub, uplink, commit, until, events } = await begin();
    await commit(1_000);
    hub.judge = (_batch, count) => (count === 2 || count === 9 ? { do: 'refuse', code: 'BUSY', reason: 0x97 } : { do: 'commit' });
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.committed).toEqual(range(1, 1_000));
    expect(hub.connects).toHaveLength(1);
    expect(events.some(({ event, fields }) => event === 'uplink.refused' && fields['code'] === 'BUSY')).toBe(true);
    expect(uplink.state()).toMatchObject({ state: 'online', refusal: null });
  });

  it('stops at a terminal refusal, keeps everything, and goes on when started again', async () => {
    const { hub, uplink, outbox, commit, until } = await begin();
    await commit(10);
    hub.judge = () => ({ do: 'refuse', code: 'SIGNATURE', reason: 0x87 });
    uplink.start();
    await until(({ state }) => state === 'refused');
    await hub.until(() => hub.goodbyes.length === 1);
    expect(uplink.state()).toMatchObject({ state: 'refused', queued: 10, refusal: { code: 'SIGNATURE' } });
    expect(hub.connects).toHaveLength(1);
    expect(outbox.queued()).toBe(10);
    hub.judge = () => ({ do: 'commit' });
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.committed).toEqual(range(1, 10));
  });

  it('keeps trying, and says why, while the hub does not know the node', async () => {
    const { hub, uplink, commit, until } = await begin({ refusedMs: 1 });
    hub.admit = (_token, count) => (count < 3 ? { code: 'KEY', reason: 0x86 } : undefined);
    await commit(1);
    uplink.start();
    await until(({ state, refusal }) => state === 'refused' && refusal?.code === 'KEY');
    await until(({ queued }) => queued === 0);
    expect(uplink.state().refusal).toBeNull();
  });

  it('connects anew when its key is revoked under way, and goes on once the hub takes the new one', async () => {
    const { hub, uplink, commit, until } = await begin({ refusedMs: 1 });
    hub.judge = () => (hub.connects.length < 3 ? { do: 'refuse', code: 'KEY', reason: 0x87 } : { do: 'commit' });
    await commit(3);
    uplink.start();
    await until(({ queued }) => queued === 0);
    expect(hub.connects.length).toBeGreaterThanOrEqual(3);
    expect(hub.committed).toEqual(range(1, 3));
  });

  it('does not wait for its pause when it is told to connect anew', async () => {
    const { hub, uplink, until } = await begin({ refusedMs: 3_600_000 });
    hub.admit = (_token, count) => (count < 2 ? { code: 'QUARANTINED', reason: 0x87 } : undefined);
    uplink.start();
    await until(({ state }) => state === 'refused');
    uplink.reconnect();
    await until(({ state }) => state === 'online');
  });

  it('mends its token when its clock is wrong by years', async () => {
    const wrong = 4 * 365 * 86_400_000;
    const { hub, uplink, until, key } = await begin({ now: () => Date.now() - wrong });
    const fits: boolean[] = [];
    hub.admit = (token) => {
      const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iat: number };
      fits.push(Math.abs(iat * 1000 - Date.now()) < 60_000);
      return fits.at(-1) ? undefined : { code: 'TOKEN_TIME', reason: 0x86 };
    };
    uplink.start();
    await until(({ state }) => state === 'online');
    expect(fits).toEqual([false, true]);
    expect(Math.abs((uplink.state().hubOffsetMs ?? 0) - wrong)).toBeLessThan(10_000);
    await checkToken(hub.tokens[1] ?? '', clientId(ADDRESS), key.publicKey, Date.now(), verify);
  });
});

describe('the clock', () => {
  it('keeps the hub time when the wall clock is set while online', async () => {
    let wrong = 60_000;
    const { uplink, until } = await begin({ now: () => Date.now() - wrong });
    uplink.start();
    await until(({ state }) => state === 'online');
    expect(Math.abs((uplink.state().hubOffsetMs ?? 0) - 60_000)).toBeLessThan(10_000);
    wrong = -3_600_000;
    expect(Math.abs((uplink.state().hubOffsetMs ?? 0) + 3_600_000)).toBeLessThan(10_000);
  });
});

describe('histories', () => {
  it('begins a new epoch that names the hub head when the hub is ahead', async () => {
    const { hub, uplink, commit, until } = await begin();
    await commit(3);
    hub.head = { epoch: 1, seq: 50, chain: 'A'.repeat(43) };
    uplink.start();
    await until(({ queued, lastAcknowledged }) => queued === 0 && lastAcknowledged !== null);
    expect(hub.committed).toEqual(range(1, 4, 2));
    const first = JSON.parse(new TextDecoder().decode(hub.batches[0]?.records[0]?.body)) as { type: string; previous: object };
    expect(first).toMatchObject({ type: 'epoch', previous: { epoch: 1, seq: 50, chain: 'A'.repeat(43) } });
  });

  it('begins a new epoch when the chain differs at the same number', async () => {
    const { hub, uplink, commit, until } = await begin();
    await commit(3);
    hub.head = { epoch: 1, seq: 2, chain: 'A'.repeat(43) };
    uplink.start();
    await until(({ queued, lastAcknowledged }) => queued === 0 && lastAcknowledged !== null);
    expect(hub.committed).toEqual(range(1, 4, 2));
  });

  it('stops when the hub has lost what it acknowledged and the node no longer keeps it', async () => {
    const { hub, uplink, commit, until } = await begin();
    await commit(3);
    hub.head = { epoch: 4, seq: 2, chain: 'A'.repeat(43) };
    uplink.start();
    await until(({ queued, lastAcknowledged }) => queued === 0 && lastAcknowledged !== null);
    await uplink.stop();
    hub.head = { epoch: 2, seq: 9, chain: `${'B'.repeat(42)}A` };
    uplink.start();
    await until(({ state }) => state === 'refused');
    expect(uplink.state().refusal?.code).toBe('HUB_BEHIND');
  });
});

describe('a hub that says what no hub says', () => {
  it('is believed only in a PUBACK: another answer to a publish costs the connection, never the records', async () => {
    const { hub, outbox, uplink, commit, until } = await begin();
    hub.judge = (_batch, count) => (count < 3 ? { do: 'pubcomp' } : { do: 'commit' });
    await commit(3);
    uplink.start();
    await until(() => outbox.queued() === 0);
    expect(hub.connects).toHaveLength(3);
    expect(hub.committed).toEqual(['1.1', '1.2', '1.3']);
  });

  it.each([
    ['an epoch that no batch can name', { epoch: 2 ** 53 - 1 }],
    ['an epoch before the first', { epoch: 0 }],
    ['a record before the first', { seq: -5 }],
    ['a chain value that is none', { chain: 'zz' }],
  ])('is no hub when its head has %s: no new epoch begins', async (_what, wrong) => {
    const { hub, outbox, uplink, commit, until } = await begin();
    const { head } = hub;
    await commit(2);
    hub.head = { ...head, ...wrong };
    uplink.start();
    await until(({ refusal }) => refusal?.code === 'NO_HUB');
    hub.head = head;
    await until(() => outbox.queued() === 0);
    expect(outbox.head()).toMatchObject({ epoch: 1, seq: 2 });
  });
});

describe('commands and status', () => {
  const expectCommand = (id: string): string =>
    JSON.stringify({ v: 1, id, type: 'expect', kind: 'order', number: 'PO-1', direction: 'in', partner: 'X', ssccs: [], lines: [] });

  it('acknowledges a command only after it is stored', async () => {
    let stored: () => void = () => undefined;
    const seen: string[] = [];
    const { hub, uplink, until } = await begin({
      onCommand: (command) =>
        new Promise<void>((resolve) => {
          seen.push(command.id);
          stored = resolve;
        }),
    });
    uplink.start();
    await until(({ state }) => state === 'online');
    await hub.until(() => hub.frames.some(({ packets }) => packets.some(({ cmd }) => cmd === 'subscribe')));
    hub.command(expectCommand('c1'), 7);
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(hub.acknowledged).toEqual([]);
    stored();
    await hub.until(() => hub.acknowledged.length === 1);
    expect(hub.acknowledged).toEqual([{ id: 7, reason: 0 }]);
    expect(seen).toEqual(['c1']);
  });

  it('refuses a command that it cannot read and leaves one unacknowledged that it could not store', async () => {
    const { hub, uplink, until, events } = await begin({ onCommand: () => Promise.reject(new Error('disk full')) });
    uplink.start();
    await until(({ state }) => state === 'online');
    hub.command('{', 1);
    hub.command(JSON.stringify({ v: 1, id: 'x', type: 'self-destruct' }), 2);
    await hub.until(() => hub.acknowledged.length === 2);
    expect(hub.acknowledged).toEqual([
      { id: 1, reason: 0x99 },
      { id: 2, reason: 0x83 },
    ]);
    hub.command(expectCommand('c2'), 3);
    // It comes again with the next connection, which a command that cannot be stored asks for.
    await hub.until(() => hub.connects.length === 2);
    expect(hub.acknowledged).toHaveLength(2);
    expect(events.some(({ fields }) => fields['code'] === 'COMMAND_NOT_STORED')).toBe(true);
  });

  it.each([
    ['without a document', { kind: undefined }],
    ['with a number that no record holds', { number: 'x'.repeat(81) }],
    ['without logistic units', { ssccs: undefined }],
    ['with a line that is none', { lines: [null] }],
    ['with lines that are no list', { lines: {} }],
  ])('refuses a command %s, which would stop the node at every start once it was stored', async (_what, wrong) => {
    const stored: string[] = [];
    const { hub, uplink, until } = await begin({ onCommand: ({ id }) => void stored.push(id) });
    uplink.start();
    await until(({ state }) => state === 'online');
    hub.command(JSON.stringify({ ...JSON.parse(expectCommand('c1')), ...wrong }), 4);
    hub.command(expectCommand('c2'), 5);
    await hub.until(() => hub.acknowledged.length === 2);
    expect(hub.acknowledged).toEqual([
      { id: 4, reason: 0x99 },
      { id: 5, reason: 0 },
    ]);
    expect(stored).toEqual(['c2']);
  });

  it('leaves a will, tells its status when it connects, and says goodbye as offline', async () => {
    const { hub, uplink, until } = await begin();
    uplink.start();
    await until(({ state }) => state === 'online');
    await hub.until(() => hub.statuses.length === 1);
    expect(hub.connects[0]).toMatchObject({
      will: { topic: 'docket/1/demo/LYON/dock-1/status', retain: true },
      clean: true,
      keepalive: 60,
    });
    expect(hub.statuses[0]).toMatchObject({ online: true, queued: 0 });
    await uplink.stop();
    await hub.until(() => hub.goodbyes.length === 1);
    expect(hub.statuses.at(-1)).toMatchObject({ online: false });
    expect(hub.goodbyes).toEqual([0]);
  });
});
