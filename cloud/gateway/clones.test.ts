import { describe, expect, it } from 'vitest';
import { sealBatch } from '../../protocol/batch.ts';
import { encodeBody } from '../../protocol/record.ts';
import { makeToken } from '../../protocol/token.ts';
import { clientId } from '../../protocol/topics.ts';
import { connectOf, type Received, records, TestClient } from './client.fixture.ts';
import type { SigningNode } from './node.fixture.ts';
import { type Place, place } from './place.fixture.ts';

const CLOCK = { wall: 1_795_507_200_000, mono: 1, boot: '00c0ffee', synced: true };
const NONE = { epoch: 1, seq: 0, chain: '' };

/** A process that runs with the node's key: it tells who it is, and the turn it heard last. */
class Machine {
  static #made = 0;
  readonly #place: Place;
  readonly #instance: string;
  #turn: number | undefined;
  client: TestClient | undefined;

  constructor(at: Place) {
    Machine.#made += 1;
    this.#place = at;
    this.#instance = (0xabc000 + Machine.#made).toString(16).padStart(8, '0');
  }

  /** Connects as after a cut; the connection it had is left to the hub. */
  async connect(): Promise<Received> {
    const { node, gateway } = this.#place;
    const process = { instance: this.#instance, ...(this.#turn === undefined ? {} : { turn: this.#turn }) };
    const password = await makeToken(clientId(node.address), node.id, Date.now(), node.sign, process);
    this.client = await TestClient.open(gateway, node.address);
    this.client.packet(await connectOf(node, { password }));
    const connack = await this.client.next();
    const turn = connack.properties?.userProperties?.['turn'];
    if (turn !== undefined) this.#turn = Number(turn);
    return connack;
  }
}

const codeOf = (connack: Received): string | undefined => connack.properties?.userProperties?.['code'];

const quarantined = async ({ ledger }: Place): Promise<string | undefined> => (await ledger.node('LYON', 'dock-1')).quarantine?.reason;

async function revoke({ ledger, node }: Place): Promise<void> {
  await ledger.revoke('LYON', 'dock-1', node.id, Date.now());
}

/** Record 1 of the same key with another chain before it. */
async function forkOf(node: SigningNode): Promise<Uint8Array> {
  const record = { salt: new Uint8Array(16), body: encodeBody({ type: 'epoch', v: 1, reason: 'restored', previous: NONE, clock: CLOCK }) };
  return sealBatch(
    { ...node.address, epoch: 1, first: 1, before: node.chain[0] as Uint8Array, key: node.id, sentAt: 1 },
    [record],
    node.sign,
  );
}

const next = (client: TestClient | undefined): Promise<Received> => (client as TestClient).next();

describe('a node alone with its key', () => {
  it('restarts, crashes, loses its line and connects before its old socket died', async () => {
    const here = await place();
    const first = new Machine(here);
    for (let i = 0; i < 4; i++) expect(await first.connect()).toMatchObject({ reasonCode: 0 });
    for (let i = 0; i < 3; i++) expect(await new Machine(here).connect()).toMatchObject({ reasonCode: 0 });
    expect(await quarantined(here)).toBeUndefined();
  });

  it('is not judged by a client that does not say which process it is', async () => {
    const here = await place();
    for (let i = 0; i < 3; i++) expect(await new Machine(here).connect()).toMatchObject({ reasonCode: 0 });
    const client = await TestClient.open(here.gateway, here.node.address);
    expect(await client.connect(here.node)).toMatchObject({ reasonCode: 0 });
    expect(await quarantined(here)).toBeUndefined();
  });
});

describe('two machines with one key', () => {
  it('are shut out once both are known to live: the one that connects, the session that stands, and what they post', async () => {
    const here = await place();
    const [a, b] = [new Machine(here), new Machine(here)];
    await a.connect();
    await b.connect();
    expect(await next(a.client)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    expect(codeOf(await a.connect())).toBe('SUPERSEDED');
    expect(await quarantined(here)).toBeUndefined();
    expect(codeOf(await a.connect())).toBe('QUARANTINED');
    expect(await next(b.client)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect(codeOf(await b.connect())).toBe('QUARANTINED');
    expect(await quarantined(here)).toBe('CLONE');
  });

  it('are let in again when a person has seen to it, and one alone goes on', async () => {
    const here = await place();
    const [a, b] = [new Machine(here), new Machine(here)];
    for (const machine of [a, b, a, a]) await machine.connect();
    await here.ledger.release('LYON', 'dock-1', Date.now());
    for (let i = 0; i < 3; i++) expect(await b.connect()).toMatchObject({ reasonCode: 0 });
    here.node.record(1);
    b.client?.packet(records(here.node, await here.node.batch(1, 1), 1));
    expect(await next(b.client)).toMatchObject({ cmd: 'puback', reasonCode: 0 });
  });

  it('are shut out by the first record that contradicts one of before', async () => {
    const here = await place();
    const client = await TestClient.open(here.gateway, here.node.address);
    await client.connect(here.node);
    here.node.record(2);
    client.packet(records(here.node, await here.node.batch(1, 2), 1));
    await client.next();
    client.packet(records(here.node, await forkOf(here.node), 2));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2, properties: { userProperties: { code: 'FORK' } } });
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect(await quarantined(here)).toBe('FORK');
    const again = await TestClient.open(here.gateway, here.node.address);
    expect(codeOf(await again.connect(here.node))).toBe('QUARANTINED');
  });
});

describe('a revoked key', () => {
  it('loses its live session and cannot log in, nor post what it still holds', async () => {
    const here = await place();
    const machine = new Machine(here);
    await machine.connect();
    await revoke(here);
    expect(await next(machine.client)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect(codeOf(await machine.connect())).toBe('KEY');
  });
});
