import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { sealBatch } from '../../protocol/batch.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import { AckTap, BatchTap, type SeenBatch } from './tap.ts';

const HEAD = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
const ADDRESS = { tenant: 'chaos', site: 'FEED', node: 'feeder' };

/** A binary WebSocket frame, masked as a client's is (RFC 6455 section 5.3). */
function frame(payload: Buffer, masked: boolean): Buffer {
  const mask = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  const short = payload.length < 126;
  const head = Buffer.from([0x82, (masked ? 0x80 : 0) | (short ? payload.length : 126)]);
  const length = Buffer.alloc(short ? 0 : 2);
  if (!short) length.writeUInt16BE(payload.length);
  const body = payload.map((byte, i) => (masked ? byte ^ (mask[i % 4] ?? 0) : byte));
  return Buffer.concat([head, length, mask, body]);
}

const packet = (fields: object): Buffer => generate(fields as Packet, { protocolVersion: 5 });

/** The bytes in pieces of the given lengths. */
function* pieces(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function batch(first: number, count: number): Promise<Buffer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const header = { ...ADDRESS, epoch: 1, first, before: chainStart(ADDRESS, 1), key: '0011223344556677', sentAt: 1 };
  const records = Array.from({ length: count }, () => ({ salt: new Uint8Array(16), body: utf8('{}') }));
  return Buffer.from(await sealBatch(header, records, (message) => sign(null, message, privateKey)));
}

describe('what the proxy reads along', () => {
  it('sees the same batches however the bytes are cut, also under a topic alias', async () => {
    const topic = 'docket/1/chaos/FEED/feeder/records';
    const stream = Buffer.concat([
      HEAD,
      frame(packet({ cmd: 'publish', topic, payload: await batch(1, 2), qos: 1, messageId: 1, properties: { topicAlias: 1 } }), true),
      frame(packet({ cmd: 'publish', topic: 'docket/1/chaos/FEED/feeder/status', payload: '{}', qos: 0 }), true),
      frame(packet({ cmd: 'publish', topic: '', payload: await batch(3, 5), qos: 1, messageId: 2, properties: { topicAlias: 1 } }), true),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        const seen: SeenBatch[] = [];
        const tap = new BatchTap((one) => seen.push(one));
        for (const piece of pieces(stream, lengths)) tap.push(piece);
        expect(seen).toEqual([
          { epoch: 1, first: 1, last: 2, id: 1 },
          { epoch: 1, first: 3, last: 7, id: 2 },
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('takes a PUBACK of success and the head of a CONNACK for an acknowledgement, a refusal for none', () => {
    const heard: (readonly [string, number])[] = [];
    const tap = new AckTap(
      (id) => heard.push(['puback', id]),
      (seq) => heard.push(['connack', seq]),
    );
    const connack = { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties: { userProperties: { seq: '7' } } };
    tap.push(HEAD);
    for (const one of [connack, { cmd: 'puback', messageId: 3, reasonCode: 0 }, { cmd: 'puback', messageId: 4, reasonCode: 0x97 }])
      tap.push(frame(packet(one), false));
    expect(heard).toEqual([
      ['connack', 7],
      ['puback', 3],
    ]);
  });
});
