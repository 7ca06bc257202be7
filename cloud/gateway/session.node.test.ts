import { describe, expect, it } from 'vitest';
import { concat } from '../../protocol/bytes.ts';
import { topic } from '../../protocol/topics.ts';
import { MAX_PACKET_BYTES } from './limits.ts';
import { ADDRESS, answers, bytesOf, CLIENT, connected, connectPacket, HEAD, publishPacket, run } from './session.fixture.ts';
import { type Effect, Session } from './session.ts';

const kinds = (effects: readonly Effect[]): string[] => effects.map((effect) => effect.do);
const close = (effects: readonly Effect[]): { code: number; reason: string } | undefined => {
  const found = effects.find((effect) => effect.do === 'close');
  return found?.do === 'close' ? { code: found.code, reason: found.reason } : undefined;
};

describe('CONNECT', () => {
  it('asks its owner to judge the token, then tells limits, time and head', () => {
    const session = new Session(ADDRESS);
    const will = {
      topic: topic(ADDRESS, 'status'),
      payload: '{"v":1,"online":false}',
      qos: 0,
      retain: true,
      properties: { willDelayInterval: 5 },
    };
    const effects = run(session, bytesOf(connectPacket({ will, keepalive: 10 })));
    const login = effects.find((effect) => effect.do === 'login');
    expect(login).toMatchObject({ login: { token: 'a.b.c', clean: true, expiry: 0, will: { delay: 5 } } });
    expect(answers(effects)).toMatchObject([
      {
        cmd: 'connack',
        reasonCode: 0,
        sessionPresent: false,
        properties: {
          receiveMaximum: 8,
          maximumQoS: 1,
          maximumPacketSize: 262_144,
          topicAliasMaximum: 4,
          serverKeepAlive: 60,
          wildcardSubscriptionAvailable: false,
          userProperties: { time: '1700000000000', epoch: '1', seq: '7', chain: HEAD.chain },
        },
      },
    ]);
  });

  it('answers MQTT 3.1.1 without properties', () => {
    const session = new Session(ADDRESS);
    const effects = run(session, bytesOf(connectPacket({ protocolVersion: 4 }), 4));
    expect(answers(effects, 4)).toMatchObject([{ cmd: 'connack', returnCode: 0, sessionPresent: false }]);
    expect(session.state).toMatchObject({ version: 4, phase: 'open' });
  });

  it('keeps the keep alive between 60 and 300 seconds, and never without one', () => {
    for (const [asked, kept] of [
      [0, 300],
      [1, 60],
      [60, 60],
      [120, 120],
      [65_535, 300],
    ] as const) {
      expect(connected(5, { keepalive: asked }).state.keepalive).toBe(kept);
    }
  });

  it.each([
    ['another client identifier', { clientId: 'demo/LYON/dock-2' }, 0x85, 2],
    ['another user name', { username: 'demo/LYON/dock-2' }, 0x86, 4],
    ['no password', { password: undefined }, 0x86, 4],
    ['a will on another topic', { will: { topic: 'docket/1/demo/LYON/dock-2/status', payload: 'x' } }, 0x87, 5],
    ['a will with QoS 2', { will: { topic: topic(ADDRESS, 'status'), payload: 'x', qos: 2 } }, 0x9b, 5],
    ['a will over its limit', { will: { topic: topic(ADDRESS, 'status'), payload: 'x'.repeat(5000) } }, 0x95, 5],
  ])('refuses %s', (_what, more, reason, code) => {
    const five = run(new Session(ADDRESS), bytesOf(connectPacket(more)));
    expect(answers(five)).toMatchObject([{ cmd: 'connack', reasonCode: reason }]);
    expect(close(five)).toBeDefined();
    const four = run(new Session(ADDRESS), bytesOf(connectPacket({ ...more, protocolVersion: 4 }), 4));
    expect(answers(four, 4)).toMatchObject([{ cmd: 'connack', returnCode: code }]);
  });

  it('refuses extended authentication with its own reason', () => {
    const effects = run(new Session(ADDRESS), bytesOf(connectPacket({ properties: { authenticationMethod: 'SCRAM' } })));
    expect(answers(effects)).toMatchObject([{ cmd: 'connack', reasonCode: 0x8c }]);
  });

  it('refuses a protocol level it does not serve in the form that level reads', () => {
    const level = (value: number): Uint8Array => {
      const bytes = bytesOf(connectPacket({ protocolVersion: 4 }), 4).slice();
      bytes[8] = value;
      return bytes;
    };
    expect(answers(run(new Session(ADDRESS), level(6)))).toMatchObject([{ cmd: 'connack', reasonCode: 0x84 }]);
    expect(answers(run(new Session(ADDRESS), level(3)), 4)).toMatchObject([{ cmd: 'connack', returnCode: 1 }]);
    const other = bytesOf(connectPacket({ protocolVersion: 4 }), 4).slice();
    other[4] = 0x58;
    expect(run(new Session(ADDRESS), other)).toMatchObject([{ do: 'close' }]);
  });

  it('refuses any other first packet and a second CONNECT', () => {
    expect(run(new Session(ADDRESS), bytesOf({ cmd: 'pingreq' }))).toMatchObject([{ do: 'close', code: 1002 }]);
    const again = run(connected(), bytesOf(connectPacket()));
    expect(answers(again)).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
  });

  it('says why a token was refused, with the hub time', () => {
    const session = new Session(ADDRESS);
    session.push(bytesOf(connectPacket()));
    session.step();
    const effects = session.refuse(0x86, 'TOKEN_TIME', 'set the clock', 123_456);
    expect(answers(effects)).toMatchObject([
      { cmd: 'connack', reasonCode: 0x86, properties: { userProperties: { code: 'TOKEN_TIME', time: '123456' } } },
    ]);
    expect(close(effects)).toEqual({ code: 1008, reason: 'TOKEN_TIME: set the clock' });
    session.push(bytesOf(publishPacket()));
    expect(session.step()).toBeUndefined();
  });

  it('handles what follows a CONNECT in the same frame only after the login', () => {
    const session = new Session(ADDRESS);
    session.push(concat(bytesOf(connectPacket()), bytesOf(publishPacket())));
    expect(kinds(session.step() ?? [])).toEqual(['login']);
    session.accept(0, HEAD, false, []);
    expect(kinds(session.step() ?? [])).toEqual(['records']);
  });
});

describe('PUBLISH', () => {
  it('hands records over and acknowledges when told', () => {
    const session = connected();
    const effects = run(session, bytesOf(publishPacket({ messageId: 5 })));
    expect(effects).toMatchObject([{ do: 'records', id: 5 }]);
    expect(session.waiting).toBe(1);
    expect(answers(session.acknowledge(5))).toMatchObject([{ cmd: 'puback', messageId: 5, reasonCode: 0 }]);
    expect(session.waiting).toBe(0);
    expect(session.acknowledge(5)).toEqual([]);
  });

  it('takes QoS 0 without an identifier', () => {
    const effects = run(connected(), bytesOf(publishPacket({ qos: 0, messageId: undefined, topic: topic(ADDRESS, 'status') })));
    expect(effects).toMatchObject([{ do: 'status', id: 0 }]);
  });

  it('refuses a batch with code and head; MQTT 3.1.1 loses the connection instead', () => {
    const five = connected();
    run(five, bytesOf(publishPacket()));
    expect(answers(five.refusePublish(1, 'GAP', 'records are missing', HEAD))).toMatchObject([
      { cmd: 'puback', reasonCode: 0x83, properties: { userProperties: { code: 'GAP', epoch: '1', seq: '7', chain: HEAD.chain } } },
    ]);
    const four = connected(4);
    run(four, bytesOf(publishPacket(), 4));
    expect(four.refusePublish(1, 'GAP', 'records are missing', HEAD)).toMatchObject([{ do: 'close', reason: 'GAP: records are missing' }]);
  });

  it('leaves properties out where the client asked for that', () => {
    const session = connected(5, { properties: { requestProblemInformation: false } });
    run(session, bytesOf(publishPacket()));
    const [puback] = answers(session.refusePublish(1, 'FORK', 'two histories', HEAD));
    expect(puback).toMatchObject({ cmd: 'puback', reasonCode: 0x83 });
    expect(puback?.['properties']).toBeUndefined();
  });

  it('lets a node publish on its own records and status and nowhere else', () => {
    for (const name of [
      'docket/1/demo/LYON/dock-2/records',
      topic(ADDRESS, 'commands'),
      topic(ADDRESS, 'replies'),
      'docket/2/demo/LYON/dock-1/records',
      'x',
    ]) {
      const session = connected();
      const effects = run(session, bytesOf(publishPacket({ topic: name })));
      expect(effects).toMatchObject([{ do: 'reject', id: 1, reason: 0x87 }]);
      expect(answers(session.rejectPublish(1, 0x87, 'no'))).toMatchObject([{ cmd: 'puback', reasonCode: 0x87 }]);
      const four = connected(4);
      run(four, bytesOf(publishPacket({ topic: name }), 4));
      expect(close(four.rejectPublish(1, 0x87, 'no'))).toBeDefined();
    }
  });

  it('takes the topic alias for the topic, and over a sleep too', () => {
    const first = connected();
    run(first, bytesOf(publishPacket({ properties: { topicAlias: 2 } })));
    const session = new Session(ADDRESS, structuredClone(first.state));
    const effects = run(session, bytesOf(publishPacket({ messageId: 9, topic: '', properties: { topicAlias: 2 } })));
    expect(effects).toMatchObject([{ do: 'records', id: 9 }]);
  });

  it.each([
    ['an alias over the maximum', publishPacket({ properties: { topicAlias: 5 } }), 0x94],
    ['alias 0', publishPacket({ properties: { topicAlias: 0 } }), 0x94],
    ['an alias that names nothing', publishPacket({ topic: '', properties: { topicAlias: 1 } }), 0x82],
    ['neither topic nor alias', publishPacket({ topic: '' }), 0x82],
    ['a wildcard in the topic', publishPacket({ topic: 'docket/1/demo/+/dock-1/records' }), 0x90],
    ['U+0000 in the topic', publishPacket({ topic: 'docket/\0' }), 0x81],
    ['a topic of nine levels', publishPacket({ topic: '1/2/3/4/5/6/7/8/9' }), 0x90],
    ['a topic over 128 bytes', publishPacket({ topic: 'x'.repeat(129) }), 0x90],
    ['QoS 2', publishPacket({ qos: 2 }), 0x9b],
    ['packet identifier 0', publishPacket({ messageId: 0 }), 0x82],
    ['a packet over the limit', publishPacket({ payload: 'x'.repeat(MAX_PACKET_BYTES) }), 0x95],
  ])('ends the connection at %s', (_what, packet, reason) => {
    const effects = run(connected(), bytesOf(packet));
    expect(answers(effects)).toMatchObject([{ cmd: 'disconnect', reasonCode: reason }]);
    expect(close(effects)).toBeDefined();
  });

  it('ends the connection at one publish more than the receive maximum, and at an identifier in use', () => {
    const session = connected();
    for (let id = 1; id <= 8; id++) expect(kinds(run(session, bytesOf(publishPacket({ messageId: id }))))).toEqual(['records']);
    expect(answers(run(session, bytesOf(publishPacket({ messageId: 9 }))))).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x93 }]);
    const other = connected();
    run(other, bytesOf(publishPacket()));
    expect(answers(run(other, bytesOf(publishPacket())))).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
  });
});

describe('SUBSCRIBE', () => {
  const subscribe = (filters: readonly string[], qos = 1): object => ({
    cmd: 'subscribe',
    messageId: 3,
    subscriptions: filters.map((name) => ({ topic: name, qos })),
  });

  it('grants a node its commands and replies and nothing else', () => {
    const session = connected();
    const filters = [
      topic(ADDRESS, 'commands'),
      topic(ADDRESS, 'replies'),
      topic(ADDRESS, 'records'),
      'docket/1/demo/LYON/dock-2/commands',
      '#',
      'docket/1/demo/+/dock-1/commands',
      'a#',
      '$share/g/x',
    ];
    const effects = run(session, bytesOf(subscribe(filters)));
    expect(answers(effects)).toMatchObject([{ cmd: 'suback', messageId: 3, granted: [1, 0, 0x87, 0x87, 0xa2, 0xa2, 0x8f, 0x9e] }]);
    expect(effects).toMatchObject([{ do: 'send' }, { do: 'subscribed', channels: ['commands', 'replies'] }]);
    expect(session.state.channels).toEqual(['commands', 'replies']);
    const four = run(connected(4), bytesOf(subscribe(filters), 4));
    expect(answers(four, 4)).toMatchObject([{ cmd: 'suback', granted: [1, 0, 128, 128, 128, 128, 128, 128] }]);
  });

  it('wants QoS 1 for commands, which are kept until acknowledged', () => {
    expect(answers(run(connected(), bytesOf(subscribe([topic(ADDRESS, 'commands')], 0))))).toMatchObject([{ granted: [0x83] }]);
  });

  it('refuses filters beyond 16', () => {
    const [suback] = answers(run(connected(), bytesOf(subscribe(Array.from({ length: 18 }, (_, i) => `x/${i}`)))));
    expect(suback).toMatchObject({ granted: [...Array.from({ length: 16 }, () => 0x87), 0x97, 0x97] });
  });

  it('ends the connection at subscription identifiers, which it does not offer', () => {
    const effects = run(connected(), bytesOf({ ...subscribe(['x']), properties: { subscriptionIdentifier: 5 } }));
    expect(answers(effects)).toMatchObject([{ cmd: 'disconnect', reasonCode: 0xa1 }]);
  });

  it('ends the connection at zero filters and at packet identifier 0', () => {
    expect(answers(run(connected(), Uint8Array.of(0x82, 3, 0, 1, 0)))).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
    expect(answers(run(connected(), Uint8Array.of(0xa2, 3, 0, 1, 0)))).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
    expect(answers(run(connected(), bytesOf({ ...subscribe(['x']), messageId: 0 })))).toMatchObject([{ reasonCode: 0x82 }]);
  });

  it('unsubscribes', () => {
    const session = connected();
    run(session, bytesOf(subscribe([topic(ADDRESS, 'commands')])));
    const effects = run(session, bytesOf({ cmd: 'unsubscribe', messageId: 4, unsubscriptions: [topic(ADDRESS, 'commands'), 'x'] }));
    expect(answers(effects)).toMatchObject([{ cmd: 'unsuback', messageId: 4, granted: [0, 0x11] }]);
    expect(session.state.channels).toEqual([]);
  });
});

describe('the rest', () => {
  it('answers a ping', () => {
    expect(answers(run(connected(), bytesOf({ cmd: 'pingreq' })))).toMatchObject([{ cmd: 'pingresp' }]);
  });

  it('publishes a command and hears its acknowledgement', () => {
    const session = connected();
    const sent = session.publish('commands', '{"v":1}', 12, true) ?? [];
    expect(answers(sent)).toMatchObject([{ cmd: 'publish', topic: topic(ADDRESS, 'commands'), qos: 1, messageId: 12, dup: true }]);
    expect(run(session, bytesOf({ cmd: 'puback', messageId: 12, reasonCode: 0 }))).toEqual([{ do: 'acknowledged', id: 12, reason: 0 }]);
  });

  it('never sends a packet that is over what the client takes', () => {
    const session = connected(5, { properties: { maximumPacketSize: 100 } });
    expect(session.publish('commands', 'x'.repeat(200), 1, false)).toBeUndefined();
  });

  it.each([40, 60, 120, 200])('leaves out what explains an answer where the client takes %i bytes', (maximumPacketSize) => {
    const properties = { maximumPacketSize };
    const elsewhere = new Session(ADDRESS);
    const denied = new Session(ADDRESS);
    const open = (): Session => connected(5, { properties });
    const wrong = open();
    run(wrong, bytesOf(publishPacket()));
    const said: [Effect[], object][] = [
      [run(new Session(ADDRESS), bytesOf(connectPacket({ properties }))), { cmd: 'connack', reasonCode: 0 }],
      [run(elsewhere, bytesOf(connectPacket({ properties, clientId: 'x' }))), { cmd: 'connack', reasonCode: 0x85 }],
      [run(open(), bytesOf({ cmd: 'pubrel', messageId: 1 })), { cmd: 'disconnect', reasonCode: 0x82 }],
      [wrong.refusePublish(1, 'GAP', 'x'.repeat(100), HEAD), { cmd: 'puback', messageId: 1, reasonCode: 0x83 }],
    ];
    denied.push(bytesOf(connectPacket({ properties })));
    denied.step();
    said.push([denied.refuse(0x86, 'KEY', 'x'.repeat(100), 1_700_000_000_000), { cmd: 'connack', reasonCode: 0x86 }]);
    for (const [effects, expected] of said) {
      expect(answers(effects)).toMatchObject([expected]);
      for (const effect of effects) if (effect.do === 'send') expect(effect.bytes.length).toBeLessThanOrEqual(maximumPacketSize);
    }
  });

  it('tells where it stands before it tells why, where there is no room for both', () => {
    const session = connected(5, { properties: { maximumPacketSize: 130 } });
    run(session, bytesOf(publishPacket()));
    const [puback] = answers(session.refusePublish(1, 'GAP', 'x'.repeat(100), HEAD));
    expect(puback?.['properties']).toEqual({ userProperties: expect.objectContaining({ code: 'GAP', seq: '7' }) });
  });

  it('keeps the will at a DISCONNECT with reason 4 and at no other goodbye', () => {
    expect(run(connected(), bytesOf({ cmd: 'disconnect', reasonCode: 0 }))).toMatchObject([{ do: 'leave', will: false }, { do: 'close' }]);
    expect(run(connected(), bytesOf({ cmd: 'disconnect', reasonCode: 4 }))).toMatchObject([{ do: 'leave', will: true }, { do: 'close' }]);
    expect(run(connected(4), bytesOf({ cmd: 'disconnect' }, 4))).toMatchObject([{ do: 'leave', will: false }, { do: 'close' }]);
  });

  it('does not let a DISCONNECT lengthen a session that was to end', () => {
    const effects = run(connected(), bytesOf({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } }));
    expect(answers(effects)).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
  });

  it('refuses packets that only a server or QoS 2 sends', () => {
    for (const packet of [
      { cmd: 'pubrel', messageId: 1 },
      { cmd: 'pubrec', messageId: 1 },
      { cmd: 'pingresp' },
      { cmd: 'suback', messageId: 1, granted: [0] },
      { cmd: 'auth', reasonCode: 0 },
    ]) {
      expect(answers(run(connected(), bytesOf({ ...packet, reasonCode: 0 })))).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }]);
    }
    expect(CLIENT).toBe('demo/LYON/dock-1');
  });

  it('asks for the packet again when its first part was lost in a sleep', () => {
    const session = connected();
    const bytes = bytesOf(publishPacket());
    expect(run(session, bytes.subarray(0, 9))).toEqual([]);
    expect(session.state.mid).toBe(true);
    const woken = new Session(ADDRESS, structuredClone(session.state));
    const effects = run(woken, bytes.subarray(9));
    expect(close(effects)?.code).toBe(1002);
    const whole = connected();
    run(whole, bytes.subarray(0, 9));
    expect(kinds(run(whole, bytes.subarray(9)))).toEqual(['records']);
    expect(whole.state.mid).toBe(false);
  });
});
