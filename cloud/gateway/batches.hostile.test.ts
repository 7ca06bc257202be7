import { runInDurableObject } from 'cloudflare:test';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../protocol/bytes.ts';
import { canonical, type Json } from '../../protocol/canonical.ts';
import { DICTIONARY } from '../../protocol/dictionary.ts';
import { MAX_BODY_BYTES } from '../../protocol/record.ts';
import { records, TestClient } from './client.fixture.ts';
import { passage, SigningNode } from './node.fixture.ts';
import { neighbour, type Place, place } from './place.fixture.ts';

/** Where the parts of a batch begin (protocol/batch.ts). */
function parts(bytes: Uint8Array): { count: number; salts: number; bodies: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const salts = 67 + view.getUint16(65);
  let count = 68;
  for (let name = 0; name < 3; name++) count += 1 + (bytes[count] as number);
  count += 12;
  return { count, salts, bodies: salts + view.getUint16(count) * 16 };
}

function counted(bytes: Uint8Array, count: number): Uint8Array {
  const lie = bytes.slice();
  new DataView(lie.buffer).setUint16(parts(bytes).count, count);
  return lie;
}

const deflate = (plain: Uint8Array): Uint8Array => deflateSync(plain, { level: 9, dictionary: DICTIONARY });
const withBodies = (bytes: Uint8Array, plain: Uint8Array): Uint8Array => concat(bytes.subarray(0, parts(bytes).bodies), deflate(plain));

/** A batch, rightly signed, of one record of these bytes. */
function ofBody(node: SigningNode, body: Uint8Array): Promise<Uint8Array> {
  const twin = node.twin();
  twin.add(body);
  return twin.batch(1, 1);
}

const ofPassage = (node: SigningNode, more: object): Promise<Uint8Array> =>
  ofBody(node, utf8(canonical({ ...passage(1, 3), ...more } as unknown as Json)));
const ofSerials = (node: SigningNode, serials: readonly unknown[]): Promise<Uint8Array> =>
  ofPassage(node, { items: [{ gtin: '03400000000017', serials }] });

type Make = (node: SigningNode, good: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const FLIPPED: Make = (_node, good) => {
  const bytes = good.slice();
  bytes[parts(good).salts] = (bytes[parts(good).salts] as number) ^ 1;
  return bytes;
};
const OVERSIZED = utf8(JSON.stringify({ ...passage(1, 1), note: 'x'.repeat(MAX_BODY_BYTES) }));

const CASES: readonly [what: string, code: string, reason: number, make: Make][] = [
  ['a salt that was changed on the way', 'CHAIN', 0x83, FLIPPED],
  ['a signature of nobody', 'SIGNATURE', 0x87, (node) => node.batch(1, 1, { sign: async () => new Uint8Array(64) })],
  [
    'a key that is not the node’s',
    'KEY',
    0x87,
    async (node) => {
      const stranger = await SigningNode.make(node.address);
      stranger.record(1);
      return stranger.batch(1, 1);
    },
  ],
  ['another tenant', 'ADDRESS', 0x87, (node) => node.batch(1, 1, { address: { ...node.address, tenant: 'other' } })],
  ['another site', 'ADDRESS', 0x87, (node) => node.batch(1, 1, { address: { ...node.address, site: 'PARIS' } })],
  ['another node', 'ADDRESS', 0x87, (node) => node.batch(1, 1, { address: { ...node.address, node: 'dock-9' } })],
  ['an epoch far ahead', 'EPOCH', 0x83, (node) => node.batch(1, 1, { header: { epoch: 7 } })],
  ['a bomb of 32 MB in 32 KB', 'BATCH_INVALID', 0x99, (_node, good) => withBodies(good, new Uint8Array(33_554_432))],
  ['bytes after its end', 'BATCH_INVALID', 0x99, (_node, good) => concat(good, Uint8Array.of(0))],
  ['no record by its count', 'BATCH_INVALID', 0x99, (_node, good) => counted(good, 0)],
  ['257 records by its count', 'BATCH_INVALID', 0x99, (_node, good) => counted(good, 257)],
  ['65,535 records by its count', 'BATCH_INVALID', 0x99, (_node, good) => counted(good, 65_535)],
  ['one record more by its count', 'BATCH_INVALID', 0x99, (_node, good) => counted(good, 3)],
  ['one record less by its count', 'BATCH_INVALID', 0x99, (_node, good) => counted(good, 1)],
  ['a body that is longer than all', 'BATCH_INVALID', 0x99, (_node, good) => withBodies(good, Uint8Array.of(0xff, 0xff, 0xff, 0xff))],
  ['a body over the limit', 'BATCH_INVALID', 0x99, (node) => ofBody(node, OVERSIZED)],
  ['nothing at all', 'BATCH_INVALID', 0x99, () => new Uint8Array()],
  ['a later envelope', 'VERSION', 0x99, (_node, good) => concat(Uint8Array.of(9), good.subarray(1))],
  ['a later record', 'VERSION', 0x99, (node) => ofPassage(node, { v: 2 })],
  ['a body that is no JSON', 'RECORD_INVALID', 0x99, (node) => ofBody(node, utf8('{"type":'))],
  ['a body that is not UTF-8', 'RECORD_INVALID', 0x99, (node) => ofBody(node, Uint8Array.of(0x7b, 0xc0, 0x80, 0x7d))],
  ['a serial twice', 'RECORD_INVALID', 0x99, (node) => ofSerials(node, [5, 0])],
  ['serials that fall', 'RECORD_INVALID', 0x99, (node) => ofSerials(node, [5, -2])],
  ['a serial over 38 bits', 'RECORD_INVALID', 0x99, (node) => ofSerials(node, [2 ** 38])],
  ['serials that add up to over 38 bits', 'RECORD_INVALID', 0x99, (node) => ofSerials(node, [2 ** 38 - 1, 1])],
  ['a serial that is no number', 'RECORD_INVALID', 0x99, (node) => ofSerials(node, ['7'])],
  ['a passage without a name', 'RECORD_INVALID', 0x99, (node) => ofPassage(node, { passage: '' })],
  [
    'a clock before time itself',
    'RECORD_INVALID',
    0x99,
    (node) => ofPassage(node, { clock: { wall: -1, mono: 0, boot: '00c0ffee', synced: true } }),
  ],
];

async function connected(at: Place): Promise<TestClient> {
  const client = await TestClient.open(at.gateway, at.node.address);
  expect(await client.connect(at.node)).toMatchObject({ reasonCode: 0 });
  return client;
}

const quarantine = ({ ledger, node }: Place): Promise<readonly { code: string }[]> =>
  runInDurableObject(ledger, (_object, { storage }) =>
    storage.sql.exec<{ code: string }>('SELECT code FROM quarantine WHERE node = ? ORDER BY id', node.address.node).toArray(),
  );

describe('a batch with', () => {
  it('any of these is refused with its code and reason, kept as evidence, and disturbs nobody', { timeout: 60_000 }, async () => {
    const tenant = await place();
    const other = await connected(tenant);
    for (const [what, code, reasonCode, make] of CASES) {
      const at = await neighbour(tenant);
      const client = await connected(at);
      at.node.record(2);
      client.packet(records(at.node, await make(at.node, await at.node.batch(1, 2)), 7));
      expect(await client.next(), what).toMatchObject({
        cmd: 'puback',
        messageId: 7,
        reasonCode,
        properties: { userProperties: { code, epoch: '1', seq: '0' } },
      });
      expect(
        (await quarantine(at)).map((row) => row.code),
        what,
      ).toEqual([code]);
      // The same connection goes on, and so does the node's chain.
      client.packet(records(at.node, await at.node.batch(1, 2), 8));
      expect(await client.next(), what).toMatchObject({ cmd: 'puback', messageId: 8, reasonCode: 0 });
      client.close();
    }
    tenant.node.record(1);
    other.packet(records(tenant.node, await tenant.node.batch(1, 1), 1));
    expect(await other.next()).toMatchObject({ cmd: 'puback', messageId: 1, reasonCode: 0 });
  });

  it('its end cut off anywhere is refused', async () => {
    const at = await place();
    at.node.record(1);
    const whole = await at.node.batch(1, 1);
    for (let length = 1; length < whole.length; length += Math.ceil(whole.length / 24)) {
      const client = await connected(at);
      client.packet(records(at.node, whole.subarray(0, length), 1));
      const answer = await client.next();
      expect([answer['reasonCode'], answer.properties?.userProperties?.['code']], `${length} bytes`).toEqual([0x99, 'BATCH_INVALID']);
    }
    expect(await at.head()).toBe(0);
  });

  it('clocks far in the future counts at the latest when it was received', async () => {
    const at = await place();
    const client = await connected(at);
    const far = Date.now() + 50 * 365 * 86_400_000;
    const clock = { wall: far, mono: 1, boot: '00c0ffee', synced: true };
    at.node.record(1, 2, { opened: far - 1000, closed: far, clock });
    at.node.record(1, 2, { opened: far - 1000, closed: far, clock: { ...clock, synced: false } });
    at.node.record(1, 2, { opened: far - 1000, closed: far, clock: { ...clock, offset: far } });
    const before = (await at.ledger.head()).size;
    client.packet(records(at.node, await at.node.batch(1, 3, { header: { sentAt: far } }), 1));
    expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
    for (let index = before; index < before + 3; index++) {
      const entry = await at.ledger.entry(index);
      expect(entry?.effectiveAt).toBeLessThanOrEqual(entry?.at ?? 0);
      expect(entry?.at).toBeLessThanOrEqual(Date.now());
    }
  });

  it('a passage that was handed over under the same name before moves nothing more', async () => {
    const at = await place();
    const client = await connected(at);
    at.node.record(1, 3);
    at.node.record(1, 4, { passage: 'p1' });
    client.packet(records(at.node, await at.node.batch(1, 2), 1));
    expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
    const { data } = await at.ledger.stock({});
    expect(data.map(({ quantity }) => quantity)).toEqual([3]);
  });
});

describe('a node that goes on after its batches were refused', () => {
  it('is cut off for its rate, its evidence stays bounded, and its neighbour goes on', async () => {
    const at = await place();
    const next = await neighbour(at);
    const other = await connected(next);
    const client = await connected(at);
    let refused = 0;
    for (let id = 1; id < 200; id++) {
      client.packet(records(at.node, Uint8Array.of(2, id, ...new Uint8Array(100)), id));
      const answer = await client.next();
      if (answer.cmd === 'disconnect') {
        expect(answer['reasonCode']).toBe(0x96);
        break;
      }
      refused++;
    }
    expect(refused).toBeLessThan(60);
    expect((await client.closed).code).toBe(1013);
    expect((await quarantine(at)).length).toBeLessThanOrEqual(32);
    next.node.record(1);
    other.packet(records(next.node, await next.node.batch(1, 1), 1));
    expect(await other.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
  });
});
