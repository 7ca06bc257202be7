import { concat, utf8 } from '../../protocol/bytes.ts';
import { type NodeAddress, topic } from '../../protocol/topics.ts';
import { bytesOf } from './session.fixture.ts';

/** Packets that MQTT forbids, each with the reason that an MQTT 5 server must give for it. */
export interface Malformation {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly reason: number;
}

const raw = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
/** U+0000, an overlong slash, half a surrogate pair, a byte that never occurs, and text that is cut off. */
const BAD_TEXT: readonly [string, Uint8Array][] = [
  ['U+0000', raw(0x61, 0, 0x62)],
  ['an overlong slash', raw(0xc0, 0xaf)],
  ['half a surrogate pair', raw(0xed, 0xa0, 0x80)],
  ['the byte FF', raw(0x61, 0xff)],
  ['a character cut off', raw(0xe2, 0x82)],
];
const text = (bytes: Uint8Array): Uint8Array => concat(raw(bytes.length >> 8, bytes.length & 255), bytes);
/** A packet with a first byte and a body of less than 16 KB. */
export const framed = (first: number, ...body: Uint8Array[]): Uint8Array => {
  const rest = concat(...body);
  return concat(rest.length < 128 ? raw(first, rest.length) : raw(first, (rest.length & 127) | 128, rest.length >> 7), rest);
};
const ID = raw(0, 9);
const NONE = raw(0);
const property = (...bytes: number[]): Uint8Array => raw(bytes.length, ...bytes);

/** After a good login. */
export function malformations(address: NodeAddress): Malformation[] {
  const name = text(utf8(topic(address, 'records')));
  const commands = text(utf8(topic(address, 'commands')));
  const all: [string, Uint8Array, number][] = [
    ['a remaining length of 5 bytes', raw(0x30, 0xff, 0xff, 0xff, 0xff, 0x01), 0x81],
    ['a remaining length far over the limit', raw(0x30, 0xff, 0xff, 0xff, 0x7f), 0x95],
    ['a remaining length of one byte over the limit', raw(0x32, 0xfd, 0xff, 0x0f), 0x95],
    ['QoS 2', framed(0x34, name, ID, NONE), 0x9b],
    ['QoS 3', framed(0x36, name, ID, NONE), 0x81],
    ['DUP with QoS 0', framed(0x38, name, NONE), 0x81],
    ['a topic longer than the packet', raw(0x32, 4, 0xff, 0xff, 0, 1), 0x81],
    ['an empty topic without an alias', framed(0x32, raw(0, 0), ID, NONE), 0x82],
    ['an alias of nothing', framed(0x32, raw(0, 0), ID, property(0x23, 0, 1)), 0x82],
    ['alias 0', framed(0x32, name, ID, property(0x23, 0, 0)), 0x94],
    ['an alias over the maximum', framed(0x32, name, ID, property(0x23, 0, 5)), 0x94],
    ['packet identifier 0', framed(0x32, name, raw(0, 0), NONE), 0x82],
    ['+ in a topic', framed(0x32, text(utf8('docket/1/+/a')), ID, NONE), 0x90],
    ['# in a topic', framed(0x32, text(utf8('docket/#')), ID, NONE), 0x90],
    ['a topic of 20 levels', framed(0x32, text(utf8('a/'.repeat(20))), ID, NONE), 0x90],
    ['a topic of 10,000 bytes', framed(0x32, text(utf8('a'.repeat(10_000))), ID, NONE), 0x90],
    ['a PUBLISH without a packet identifier', framed(0x32, name), 0x81],
    ['a PUBLISH without properties', framed(0x32, name, ID), 0x81],
    ['properties longer than the packet', framed(0x32, name, ID, raw(9)), 0x81],
    ['a length of properties of 5 bytes', framed(0x32, name, ID, raw(0xff, 0xff, 0xff, 0xff, 1)), 0x81],
    ['a user property that runs over its end', framed(0x32, name, ID, raw(5, 0x26, 0, 9, 0x61, 0, 0)), 0x81],
    ['a number that runs over the properties', framed(0x32, name, ID, raw(3, 0x02, 0, 0, 0, 0)), 0x81],
    ['an unknown property', framed(0x32, name, ID, property(0x7e, 0)), 0x81],
    ['a property that may not stand there', framed(0x32, name, ID, property(0x11, 0, 0, 0, 1)), 0x82],
    ['a subscription identifier in a PUBLISH', framed(0x32, name, ID, property(0x0b, 1)), 0x82],
    ['an alias twice', framed(0x32, name, ID, property(0x23, 0, 1, 0x23, 0, 1)), 0x82],
    ['a payload format of 2', framed(0x32, name, ID, property(0x01, 2)), 0x82],
    ['a PUBREC', framed(0x50, ID), 0x82],
    ['a PUBREL of an unknown identifier', framed(0x62, ID), 0x82],
    ['a PUBCOMP', framed(0x70, ID), 0x82],
    ['a CONNACK', framed(0x20, raw(0, 0, 0)), 0x82],
    ['a SUBACK', framed(0x90, ID, raw(0, 0)), 0x82],
    ['a PINGRESP', raw(0xd0, 0), 0x82],
    ['an AUTH', raw(0xf0, 0), 0x82],
    ['packet type 0', raw(0x00, 0), 0x81],
    ['a second CONNECT', bytesOf({ cmd: 'connect', clientId: 'x', protocolVersion: 5, clean: true, keepalive: 0 }), 0x82],
    ['a SUBSCRIBE with reserved flags', framed(0x80, ID, NONE, commands, raw(1)), 0x81],
    ['an UNSUBSCRIBE with reserved flags', framed(0xa0, ID, NONE, commands), 0x81],
    ['a PINGREQ with reserved flags', raw(0xc1, 0), 0x81],
    ['a PUBACK with reserved flags', framed(0x41, ID), 0x81],
    ['a DISCONNECT with reserved flags', raw(0xe1, 0), 0x81],
    ['a SUBSCRIBE with no filter', framed(0x82, ID, NONE), 0x82],
    ['an UNSUBSCRIBE with no filter', framed(0xa2, ID, NONE), 0x82],
    ['a SUBSCRIBE with packet identifier 0', framed(0x82, raw(0, 0), NONE, commands, raw(1)), 0x82],
    ['a SUBSCRIBE that ends inside a filter', framed(0x82, ID, NONE, raw(0, 9, 0x61)), 0x81],
    ['a SUBSCRIBE without options', framed(0x82, ID, NONE, commands), 0x81],
    ['a SUBSCRIBE with reserved option bits', framed(0x82, ID, NONE, commands, raw(0xc1)), 0x81],
    ['a SUBSCRIBE with QoS 3', framed(0x82, ID, NONE, commands, raw(3)), 0x81],
    ['a subscription identifier', framed(0x82, ID, property(0x0b, 1), commands, raw(1)), 0xa1],
    ['a PINGREQ with a body', raw(0xc0, 1, 0), 0x81],
    ['a PUBACK of one byte', raw(0x40, 1, 0), 0x81],
    ['a DISCONNECT with an unknown reason', raw(0xe0, 1, 0x77), 0x81],
    ['a DISCONNECT that lengthens a session that was to end', framed(0xe0, raw(0), property(0x11, 0, 0, 1, 0)), 0x82],
  ];
  for (const [what, bad] of BAD_TEXT) {
    all.push(
      [`${what} in a topic`, framed(0x32, text(bad), ID, NONE), 0x81],
      [`${what} in a topic with an alias`, framed(0x32, text(bad), ID, property(0x23, 0, 1)), 0x81],
      [`${what} in a filter`, framed(0x82, ID, NONE, text(bad), raw(1)), 0x81],
      [`${what} in a second filter`, framed(0x82, ID, NONE, commands, raw(1), text(bad), raw(1)), 0x81],
      [`${what} in a filter to leave`, framed(0xa2, ID, NONE, text(bad)), 0x81],
      [`${what} in a content type`, framed(0x32, name, ID, property(0x03, ...text(bad))), 0x81],
      [`${what} in a response topic`, framed(0x32, name, ID, property(0x08, ...text(bad))), 0x81],
      [`${what} in the name of a user property`, framed(0x32, name, ID, property(0x26, ...text(bad), 0, 0)), 0x81],
      [`${what} in the value of a user property`, framed(0x32, name, ID, property(0x26, 0, 0, ...text(bad))), 0x81],
      [`${what} in the reason of a DISCONNECT`, framed(0xe0, raw(0), property(0x1f, ...text(bad))), 0x81],
    );
  }
  return all.map(([what, bytes, reason]) => ({ what, bytes, reason }));
}

/** Instead of a good CONNECT. `reason` is what its CONNACK says; 0 where nothing can be answered. */
export function badConnects(id: string, will: string): Malformation[] {
  const head = (flags: number, level = 5, name = 'MQTT'): Uint8Array => concat(text(utf8(name)), raw(level, flags, 0, 60));
  const client = text(utf8(id));
  const password = text(utf8('a.b.c'));
  const willTopic = text(utf8(will));
  const login = concat(client, password);
  const all: [string, Uint8Array, number][] = [
    ['the reserved flag', framed(0x10, head(0xc3), NONE, client, login), 0x81],
    ['header flags', framed(0x11, head(0xc2), NONE, client, login), 0x81],
    ['will flags without a will', framed(0x10, head(0xe2), NONE, client, login), 0x81],
    ['a will with QoS 3', framed(0x10, head(0xde), NONE, client, NONE, willTopic, text(raw(1)), login), 0x81],
    ['a will with QoS 2', framed(0x10, head(0xd6), NONE, client, NONE, willTopic, text(raw(1)), login), 0x9b],
    ['a will of 5,000 bytes', framed(0x10, head(0xc6), NONE, client, NONE, willTopic, text(new Uint8Array(5000)), login), 0x95],
    ['a will of 16,000 bytes', framed(0x10, head(0xc6), NONE, client, NONE, willTopic, text(new Uint8Array(16_000)), login), 0x95],
    ['a will on another topic', framed(0x10, head(0xc6), NONE, client, NONE, text(utf8('a/b')), text(raw(1)), login), 0x87],
    ['no client identifier', framed(0x10, head(0xc2), NONE, text(raw()), login), 0x85],
    ['another client identifier', framed(0x10, head(0xc2), NONE, text(utf8('demo/LYON/dock-9')), login), 0x85],
    ['no password', framed(0x10, head(0x82), NONE, client, client), 0x86],
    ['another user name', framed(0x10, head(0xc2), NONE, client, text(utf8('x')), password), 0x86],
    ['lengths that do not add up', framed(0x10, head(0xc2), NONE, client, login, raw(0, 0)), 0x81],
    ['a client identifier longer than the packet', framed(0x10, head(0xc2), NONE, raw(0xff, 0xff)), 0x81],
    ['properties longer than the packet', framed(0x10, head(0xc2), raw(0x7f), client), 0x81],
    ['a session expiry twice', framed(0x10, head(0xc2), property(0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1), client, login), 0x82],
    ['a receive maximum of 0', framed(0x10, head(0xc2), property(0x21, 0, 0), client, login), 0x82],
    ['a maximum packet size of 0', framed(0x10, head(0xc2), property(0x27, 0, 0, 0, 0), client, login), 0x82],
    ['a topic alias property', framed(0x10, head(0xc2), property(0x23, 0, 1), client, login), 0x82],
    ['extended authentication', framed(0x10, head(0xc2), property(0x15, 0, 1, 0x78), client, login), 0x8c],
    ['level 6', framed(0x10, head(0xc2, 6), NONE, client, login), 0x84],
    ['level 3', framed(0x10, head(0xc2, 3), client, login), 0],
    ['a protocol that is not MQTT', framed(0x10, head(0xc2, 5, 'MQTX'), NONE, client, login), 0],
    ['a remaining length of 5 bytes', raw(0x10, 0xff, 0xff, 0xff, 0xff, 1), 0],
    ['a PUBLISH', framed(0x30, text(utf8('a')), NONE), 0],
    ['a PINGREQ', raw(0xc0, 0), 0],
  ];
  for (const [what, bad] of BAD_TEXT) {
    all.push(
      [`${what} in the client identifier`, framed(0x10, head(0xc2), NONE, text(bad), login), 0x81],
      [`${what} in the user name`, framed(0x10, head(0xc2), NONE, client, text(bad), password), 0x81],
      [`${what} in the will topic`, framed(0x10, head(0xc6), NONE, client, NONE, text(bad), text(raw(1)), login), 0x81],
      [`${what} in a user property`, framed(0x10, head(0xc2), property(0x26, ...text(bad), 0, 0), client, login), 0x81],
    );
  }
  return all.map(([what, bytes, reason]) => ({ what, bytes, reason }));
}
