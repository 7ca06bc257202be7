import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { PacketLengths } from './packets.ts';
import { covers, matches } from './rights.ts';

describe('the lengths of packets', () => {
  it('are followed through a stream cut anywhere, and the first that is too long is found', () => {
    const publish = (size: number): Buffer =>
      generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(size), qos: 0, dup: false, retain: false });
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), fc.integer({ min: 1, max: 50 }), (sizes, step) => {
        const stream = Buffer.concat([generate({ cmd: 'pingreq' }), ...sizes.map(publish)]);
        const packets = new PacketLengths(300);
        let fine = true;
        for (let at = 0; at < stream.length && fine; at += step) fine = packets.push(stream.subarray(at, at + step));
        // Topic and its length are three bytes of the packet.
        expect(fine).toBe(sizes.every((size) => size + 3 <= 300));
      }),
    );
  });

  it('are refused where they have a fifth byte', () => {
    expect(new PacketLengths(1e9).push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01))).toBe(false);
  });
});

describe('the rights of a reader', () => {
  it.each([
    ['docket/readers/r1/#', 'docket/readers/r1/data', true],
    ['docket/readers/r1/#', 'docket/readers/r1', true],
    ['docket/readers/r1/#', 'docket/readers/r10/data', false],
    ['docket/readers/r1/#', 'docket/local/node', false],
    ['acme/+/clients', 'acme/DATA/clients', true],
    ['acme/+/clients', 'acme/DATA/clients/x', false],
    ['#', '$SYS/x', false],
  ])('%s and a message to %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });

  it.each([
    ['docket/readers/r1/#', 'docket/readers/r1/commands', true],
    ['docket/readers/r1/#', 'docket/readers/r1/#', true],
    ['docket/readers/r1/#', 'docket/readers/r1/+/x', true],
    ['docket/readers/r1/#', 'docket/readers/+/commands', false],
    ['docket/readers/r1/#', '#', false],
    ['docket/readers/r1/#', 'docket/#', false],
    ['acme/+', 'acme/#', false],
  ])('%s and a subscription to %s', (filter, asked, expected) => {
    expect(covers(filter, asked)).toBe(expected);
  });
});
