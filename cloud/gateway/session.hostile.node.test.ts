import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../protocol/bytes.ts';
import { topic } from '../../protocol/topics.ts';
import { badConnects, malformations } from './hostile.fixture.ts';
import { MAX_PACKET_BYTES } from './limits.ts';
import { ADDRESS, answers, bytesOf, CLIENT, connected, connectPacket, publishPacket, run } from './session.fixture.ts';
import { type Effect, Session } from './session.ts';

const reasonOf = (effects: readonly Effect[]): unknown => answers(effects)[0]?.['reasonCode'];
const raw = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const TOPIC = topic(ADDRESS, 'records');

describe('malformed packets', () => {
  it.each(malformations(ADDRESS))('names the reason of $what', ({ bytes, reason }) => {
    const effects = run(connected(5, { receiveMaximum: 8 }), bytes);
    expect(reasonOf(effects)).toBe(reason);
    expect(effects.at(-1)).toMatchObject({ do: 'close' });
  });

  it.each(malformations(ADDRESS))('ends a connection of MQTT 3.1.1 at $what or serves what it reads there', ({ bytes }) => {
    const session = connected(4);
    const effects = run(session, bytes);
    expect(effects.filter((effect) => effect.do === 'close').length).toBe(session.state.phase === 'closed' ? 1 : 0);
    expect(answers(effects, 4).every((packet) => packet.cmd !== 'disconnect')).toBe(true);
  });

  it.each(badConnects(CLIENT, topic(ADDRESS, 'status')))('answers a CONNECT with $what', ({ bytes, reason }) => {
    const session = new Session(ADDRESS);
    const effects = run(session, bytes);
    expect(session.state.phase).toBe('closed');
    expect(effects.at(-1)).toMatchObject({ do: 'close' });
    const [connack] = answers(effects);
    // Below level 4 the answer is one byte long, and where there is no MQTT there is no answer.
    if (reason === 0) expect([undefined, 1]).toContain(connack?.['reasonCode']);
    else expect(connack).toMatchObject({ cmd: 'connack', reasonCode: reason });
  });

  it('refuses a CONNECT over 8 KB before it is held', () => {
    expect(run(new Session(ADDRESS), raw(0x10, 0x81, 0x40))).toMatchObject([{ do: 'close', code: 1009 }]);
  });
});

/** A conversation that ends in all that a session can do. */
const CONVERSATION = concat(
  bytesOf(connectPacket({ properties: { sessionExpiryInterval: 60, receiveMaximum: 4 } })),
  bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topic(ADDRESS, 'commands'), qos: 1 }] }),
  bytesOf(publishPacket({ messageId: 2, properties: { topicAlias: 1, userProperties: { a: 'b' } } })),
  bytesOf(publishPacket({ messageId: 3, topic: '', properties: { topicAlias: 1 }, payload: 'x'.repeat(300) })),
  bytesOf({ cmd: 'pingreq' }),
  bytesOf({ cmd: 'puback', messageId: 1, reasonCode: 0 }),
  bytesOf({ cmd: 'disconnect', reasonCode: 4 }),
);

const plain = (effects: readonly Effect[]): unknown[] =>
  effects.map((effect) => JSON.parse(JSON.stringify(effect, (_key, value) => (value instanceof Uint8Array ? Array.from(value) : value))));

describe('any bytes', () => {
  it('does the same wherever a frame is cut', () => {
    const whole = plain(run(new Session(ADDRESS), CONVERSATION));
    for (let cut = 1; cut < CONVERSATION.length; cut++) {
      const session = new Session(ADDRESS);
      const effects = [...run(session, CONVERSATION.subarray(0, cut)), ...run(session, CONVERSATION.subarray(cut))];
      expect(plain(effects), `cut at ${cut}`).toEqual(whole);
    }
    const session = new Session(ADDRESS);
    const bytewise = [...CONVERSATION].flatMap((byte) => run(session, Uint8Array.of(byte)));
    expect(plain(bytewise)).toEqual(whole);
  });

  it('survives any change to a conversation: it goes on or ends, with at most one close', () => {
    const change = fc.record({ at: fc.nat(CONVERSATION.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(CONVERSATION.length), (changes, cut) => {
        const bytes = CONVERSATION.slice();
        for (const { at, to } of changes) bytes[at] = to;
        const session = new Session(ADDRESS);
        const effects = [...run(session, bytes.subarray(0, cut)), ...run(session, bytes.subarray(cut))];
        const closes = effects.filter((effect) => effect.do === 'close').length;
        expect(closes).toBeLessThanOrEqual(1);
        expect(closes === 1).toBe(session.state.phase === 'closed');
        expect(answers(effects).some((packet) => (packet.cmd as string) === 'error')).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('goes on or asks for all of it again, wherever it is put to sleep', () => {
    const whole = plain(run(new Session(ADDRESS), CONVERSATION)).filter((effect) => (effect as { do: string }).do !== 'send');
    for (let cut = 0; cut < CONVERSATION.length; cut++) {
      const before = new Session(ADDRESS);
      const first = run(before, CONVERSATION.subarray(0, cut));
      const after = new Session(ADDRESS, structuredClone(before.state));
      const effects = plain([...first, ...run(after, CONVERSATION.subarray(cut))]).filter(
        (effect) => (effect as { do: string }).do !== 'send',
      );
      // Inside a packet the connection ends; what was handed over is a beginning of what there was to hand over, never half a packet.
      if (!before.state.mid) expect(effects, `asleep at ${cut}`).toEqual(whole);
      else {
        expect(effects.at(-1), `asleep at ${cut}`).toMatchObject({ do: 'close', code: 1002 });
        expect(effects.slice(0, -1)).toEqual(whole.slice(0, effects.length - 1));
      }
    }
  });

  it('holds no more after twenty thousand hostile packets than before', { timeout: 60_000 }, () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const packets = [...malformations(ADDRESS), ...badConnects(CLIENT, topic(ADDRESS, 'status'))];
    const attack = (rounds: number): void => {
      for (let round = 0; round < rounds; round++) {
        const { bytes } = packets[round % packets.length] as { bytes: Uint8Array };
        run(round % 2 === 0 ? connected() : new Session(ADDRESS), bytes);
      }
    };
    attack(5_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    attack(20_000);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
  });

  it('takes a packet of the largest size byte by byte without a copy for each', () => {
    const session = connected();
    const bytes = bytesOf(publishPacket({ payload: 'x'.repeat(MAX_PACKET_BYTES - 200) }));
    const effects: Effect[] = [];
    for (const byte of bytes) effects.push(...run(session, Uint8Array.of(byte)));
    expect(effects).toMatchObject([{ do: 'records', id: 1 }]);
  });

  it('survives noise after a good login', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const session = connected();
        for (const chunk of chunks) run(session, chunk);
        expect(['open', 'closed']).toContain(session.state.phase);
      }),
      { numRuns: 1000 },
    );
  });

  it('never hands over a record of another topic', () => {
    expect(TOPIC).toBe('docket/1/demo/LYON/dock-1/records');
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (name) => {
        fc.pre(name !== TOPIC && name !== topic(ADDRESS, 'status'));
        const effects = run(connected(), bytesOf(publishPacket({ topic: name === '' ? 'x' : name })));
        expect(effects.some((effect) => effect.do === 'records' || effect.do === 'status')).toBe(false);
      }),
    );
  });
});
