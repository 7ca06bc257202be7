import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../protocol/bytes.ts';
import { topic } from '../../protocol/topics.ts';
import { ADDRESS, answers, bytesOf, connected, connectPacket, publishPacket, run } from './session.fixture.ts';
import { type Effect, Session } from './session.ts';

const reasonOf = (effects: readonly Effect[]): unknown => answers(effects)[0]?.['reasonCode'];
const raw = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const TOPIC = topic(ADDRESS, 'records');

describe('malformed packets', () => {
  it.each([
    ['a remaining length of 5 bytes', raw(0x30, 0xff, 0xff, 0xff, 0xff, 0x01), 0x81],
    ['a remaining length far over the limit', raw(0x30, 0xff, 0xff, 0xff, 0x7f), 0x95],
    ['QoS 3', raw(0x36, 3, 0, 1, 0x61), 0x81],
    ['DUP with QoS 0', raw(0x38, 4, 0, 1, 0x61, 0), 0x81],
    ['a topic longer than the packet', raw(0x32, 4, 0xff, 0xff, 0, 1), 0x81],
    ['a PUBLISH without a packet identifier', raw(0x32, 3, 0, 1, 0x61), 0x81],
    ['a PUBLISH without properties', raw(0x32, 5, 0, 1, 0x61, 0, 1), 0x81],
    ['properties longer than the packet', raw(0x32, 6, 0, 1, 0x61, 0, 1, 9), 0x81],
    ['a user property that runs over its end', raw(0x32, 12, 0, 1, 0x61, 0, 1, 5, 0x26, 0, 9, 0x61, 0, 0), 0x81],
    ['an unknown property', raw(0x32, 8, 0, 1, 0x61, 0, 1, 2, 0x7e, 0), 0x81],
    ['a property that may not stand there', raw(0x32, 11, 0, 1, 0x61, 0, 1, 5, 0x11, 0, 0, 0, 1), 0x82],
    ['a property twice', raw(0x32, 12, 0, 1, 0x61, 0, 1, 6, 0x23, 0, 1, 0x23, 0, 1), 0x82],
    ['a payload format of 2', raw(0x32, 8, 0, 1, 0x61, 0, 1, 2, 0x01, 2), 0x82],
    ['reserved header flags', raw(0x80, 3, 0, 1, 0), 0x81],
    ['a PINGREQ with a body', raw(0xc0, 1, 0), 0x81],
    ['packet type 0', raw(0x00, 0), 0x81],
    ['a SUBSCRIBE that ends inside a filter', raw(0x82, 6, 0, 1, 0, 0, 9, 0x61), 0x81],
    ['a SUBSCRIBE with reserved option bits', raw(0x82, 7, 0, 1, 0, 0, 1, 0x61, 0xc1), 0x81],
    ['a SUBSCRIBE with QoS 3', raw(0x82, 7, 0, 1, 0, 0, 1, 0x61, 3), 0x81],
    ['a PUBACK of one byte', raw(0x40, 1, 0), 0x81],
    ['a DISCONNECT with an unknown reason', raw(0xe0, 1, 0x77), 0x81],
  ])('names the reason of %s', (_what, bytes, reason) => {
    const effects = run(connected(), bytes);
    expect(reasonOf(effects)).toBe(reason);
    expect(effects.at(-1)).toMatchObject({ do: 'close' });
  });

  it.each([
    ['the reserved connect flag', 9, 0x01],
    ['a will with QoS 3', 9, 0x1c],
    ['will flags without a will', 9, 0x20],
  ])('refuses a CONNECT with %s', (_what, at, bits) => {
    const bytes = bytesOf(connectPacket()).slice();
    bytes[at] = (bytes[at] as number) | bits;
    const session = new Session(ADDRESS);
    expect(run(session, bytes)).toMatchObject([{ do: 'close' }]);
    expect(session.state.phase).toBe('closed');
  });

  it('refuses a CONNECT whose lengths do not add up, and one over 8 KB before it is held', () => {
    const bytes = concat(bytesOf(connectPacket()), raw(0, 0)).slice();
    bytes[1] = (bytes[1] as number) + 2;
    expect(run(new Session(ADDRESS), bytes)).toMatchObject([{ do: 'close', code: 1002 }]);
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
