import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ExpectCommand } from '../../protocol/command.ts';
import { topic } from '../../protocol/topics.ts';
import { PersistentNode, STRIKES, Strike } from './eviction.fixture.ts';
import { neighbour, online, type Place, place } from './place.fixture.ts';

const LASTING = { clean: false, properties: { sessionExpiryInterval: 3600 } };

const command = (id: string): ExpectCommand => ({
  v: 1,
  id,
  type: 'expect',
  kind: 'order',
  number: `PO-${id}`,
  direction: 'in',
  partner: 'X',
  ssccs: [],
  lines: [],
});

/** What the ledger does: it sends a command again until the gateway has kept it. */
async function order(at: Place, id: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await at.gateway.send(command(id));
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
}

const size = async ({ ledger }: Place): Promise<number> => (await ledger.head()).size;
const kept = ({ gateway }: Place): Promise<number> =>
  runInDurableObject(gateway, (_object, { storage }) => storage.sql.exec('SELECT count(*) AS n FROM commands').one()['n'] as number);

interface Scenario {
  readonly name: string;
  /** Runs the conversation and checks what must hold at its end, whatever struck where; returns how many records the log then has more. */
  run(at: Place, strike: Strike): Promise<number>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'records, one after the other and pipelined',
    async run(at, strike) {
      const node = new PersistentNode(at, strike);
      await node.up();
      at.node.record(5);
      await node.post(1, 1);
      await node.post(2, 5);
      await node.goodbye();
      expect(await at.head()).toBe(5);
      return 5;
    },
  },
  {
    name: 'records by topic alias',
    async run(at, strike) {
      const node = new PersistentNode(at, strike);
      await node.up();
      at.node.record(3);
      await node.post(1, 2, true);
      await node.post(3, 3, true);
      expect(await at.head()).toBe(3);
      return 3;
    },
  },
  {
    name: 'a gap that is refused and filled',
    async run(at, strike) {
      const node = new PersistentNode(at, strike);
      await node.up();
      at.node.record(3);
      expect(await node.refused(2, 3)).toMatchObject({ code: 'GAP', epoch: '1', seq: '0' });
      await node.post(1, 3);
      expect(await at.head()).toBe(3);
      return 3;
    },
  },
  {
    name: 'commands in flight in both directions of a session that lasts',
    async run(at, strike) {
      await order(at, 'c1');
      const node = new PersistentNode(at, strike, 5, LASTING);
      await node.up();
      await node.subscribe('commands');
      await order(at, 'c2');
      at.node.record(1);
      await node.post(1, 1);
      await node.take(['c1', 'c2']);
      await node.cut();
      await order(at, 'c3');
      await node.up();
      await node.take(['c1', 'c2', 'c3']);
      await node.ping();
      // In order, each at least once; what comes twice comes because its acknowledgement was lost.
      const first = [...new Set(node.commands)];
      expect(first).toEqual(['c1', 'c2', 'c3']);
      // An acknowledgement that a strike took away stands out still: it comes again at the next connection.
      if ((await kept(at)) > 0) {
        await node.up();
        await node.subscribe('commands');
        await node.ping();
        await expect.poll(() => kept(at)).toBe(0);
      }
      return 1;
    },
  },
  {
    name: 'a status that stays, and the will when the line breaks',
    async run(at, strike) {
      const node = new PersistentNode(at, strike);
      await node.up();
      await node.status(online({ queued: 7 }));
      expect(await at.status()).toMatchObject({ v: 1 });
      await node.status(online({ queued: 3 }));
      await node.cut();
      // What a restart took away is found by the alarm that the connection left behind.
      await runDurableObjectAlarm(at.gateway);
      await expect.poll(at.status).toMatchObject({ online: false });
      return 0;
    },
  },
  {
    name: 'a goodbye that drops the will',
    async run(at, strike) {
      const node = new PersistentNode(at, strike);
      await node.up();
      await node.status(online({ queued: 3 }));
      const heard = await node.goodbye();
      await runDurableObjectAlarm(at.gateway);
      // A goodbye that was lost, or half of which was, is a line that broke.
      if (heard) await expect.poll(at.status).toMatchObject({ online: true, queued: 3 });
      return 0;
    },
  },
  {
    name: 'a session taken over with a batch on its way',
    async run(at, strike) {
      const older = new PersistentNode(at, strike);
      await older.up();
      at.node.record(3);
      await older.post(1, 2);
      const newer = new PersistentNode(at, strike);
      await newer.up();
      const reason = await older.ended();
      expect([0x8e, 0x80, undefined]).toContain(reason);
      await newer.post(3, 3);
      expect(await at.head()).toBe(3);
      const held = await runInDurableObject(at.gateway, (_object, { storage }) => storage.sql.exec('SELECT connected FROM session').one());
      expect(held).toEqual({ connected: 1 });
      return 3;
    },
  },
  {
    name: 'MQTT 3.1.1',
    async run(at, strike) {
      const will = { topic: topic(at.node.address, 'status'), payload: '{"v":1,"online":false}', qos: 0, retain: true };
      const node = new PersistentNode(at, strike, 4, { will });
      await node.up();
      expect(await node.hello()).toMatchObject({ v: 1, type: 'hello', head: { epoch: 1, seq: 0 } });
      at.node.record(2);
      await node.post(1, 1);
      await node.post(2, 2);
      await node.goodbye();
      expect(await at.head()).toBe(2);
      return 2;
    },
  },
];

describe.each(SCENARIOS)('$name', ({ run }) => {
  it.each(STRIKES)('comes to the same end wherever a %s falls', { timeout: 180_000 }, async (kind) => {
    const tenant = await place();
    const once = async (strike: Strike): Promise<void> => {
      const at = await neighbour(tenant);
      const before = await size(at);
      const records = await run(at, strike);
      expect((await size(at)) - before).toBe(records);
    };
    const calm = new Strike(-1, kind);
    await once(calm);
    expect(calm.moments).toBeGreaterThan(8);
    for (let moment = 0; moment < calm.moments; moment++) {
      try {
        await once(new Strike(moment, kind));
      } catch (error) {
        throw new Error(`${kind} at moment ${moment} of ${calm.moments}: ${String(error)}`, { cause: error });
      }
    }
  });
});
