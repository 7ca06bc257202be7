import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../protocol/bytes.ts';
import { capabilities, powerIndex } from './capabilities.ts';
import * as codec from './codec.ts';
import { config } from './config.ts';
import { readerEvents } from './events.ts';
import { STAMP_MS, VECTORS, vectorOf } from './vectors.ts';

function frameOf(hex: string): codec.Frame {
  const [frame] = new codec.LlrpCodec().push(fromHex(hex) ?? new Uint8Array());
  if (frame === undefined) expect.fail('no message');
  return frame;
}
const named = (name: string): codec.Frame => frameOf(vectorOf(name).hex);
const TIME = { kind: 'time', ms: STAMP_MS, utc: true };

describe('what a reader answers', () => {
  it('tells what it is and can', () => {
    expect(capabilities(named('capabilities'))).toEqual({
      ...{ vendor: 25_882, model: 'Impinj Speedway R420', firmware: '7.6', antennas: 4, inputs: 2, outputs: 3, standard: 2 },
      powers: new Map([
        [1, 1_000],
        [2, 3_000],
      ]),
      ...{ hopping: false, hopTable: 0, frequencies: [865_700, 866_300] },
    });
  });

  it('tells the channels of a hop table in the order of their indexes', () => {
    // FrequencyHopTable 147: number, reserved, count, kHz.
    const hop = '040B 0000002F 00000001 008F 0025 0348 0001 0090 001D 0092 0019 80 0093 0014 07 00 0003 000DC6CE 000E15E6 000DD26E';
    expect(capabilities(frameOf(hop.replaceAll(' ', '')))).toMatchObject({
      standard: 1,
      hopping: true,
      hopTable: 7,
      frequencies: [902_862, 923_110, 905_838],
    });
  });

  it('tells antennas, inputs and how it transmits', () => {
    expect(config(named('configuration'))).toEqual({
      antennas: [
        { port: 1, connected: true },
        { port: 2, connected: false },
      ],
      inputs: [{ pin: 1, high: true }],
      transmitters: new Map([[1, { hopTable: 0, channel: 1 }]]),
    });
  });

  it('says whether it has done it, and why not', () => {
    expect(codec.statusOf(named('configured'))).toEqual({ code: 0, words: '' });
    expect(codec.statusOf(frameOf('07FF000000170000000D0000651A16011F000800000000'))).toEqual({ code: 0, words: '' });
    const refused = codec.statusOf(named('message not supported'));
    expect(refused).toEqual({ code: 109, words: 'what' });
    expect(codec.statusText(refused ?? { code: 0, words: '' })).toBe('109 message not supported: "what"');
    expect(codec.statusOf(named('sign of life'))).toBeUndefined();
  });

  it('is shown without control characters and no longer than a line', () => {
    const words = `a\u0000b\n\u202E${'x'.repeat(500)}`;
    const status = codec.statusOf(frameOf(hexOf(codec.message(100, 1, codec.tlv(287, codec.be16(401), codec.text(words))))));
    expect(status?.words).toMatch(/^a b x{196}$/);
  });
});

describe('the power table', () => {
  const powers = new Map([
    [1, 1_000],
    [2, 3_000],
    [7, 2_700],
  ]);
  it.each([
    [2_700, 7],
    [2_999, 7],
    [3_150, 2],
    [1_000, 1],
    [999, undefined],
  ])('has for %i hundredths of a dBm the strongest entry that is not above', (cdbm, index) => {
    expect(powerIndex(powers, cdbm)).toBe(index);
  });
});

describe('what a reader tells unasked', () => {
  it.each([
    ['the connection is taken', { kind: 'attempt', status: 0 }],
    ['another client has the connection', { kind: 'attempt', status: 2 }],
    ['another client tried', { kind: 'attempt', status: 4 }],
    ['input 2 is high', { kind: 'input', pin: 2, high: true }],
    ['antenna 3 is gone', { kind: 'antenna', port: 3, connected: false }],
    ['buffer full to 90 %', { kind: 'warning', percent: 90 }],
    ['buffer overflow', { kind: 'overflow' }],
    ['exception "Hot"', { kind: 'exception', words: 'Hot' }],
    ['ROSpec 1 has ended', { kind: 'ended', spec: 1 }],
    ['the reader closes', { kind: 'close' }],
  ])('%s', (name, event) => {
    expect(readerEvents(named(name))).toEqual([TIME, event]);
  });
});

it('a message that is cut short or made up inside never throws', () => {
  fc.assert(
    fc.property(fc.constantFrom(...VECTORS), fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 8 }), ({ hex, type }, from, count, more) => {
      const data = (fromHex(hex) ?? new Uint8Array()).slice(10);
      data.set(more.subarray(0, Math.max(0, data.length - (from % (data.length + 1)))), from % (data.length + 1));
      const frame = frameOf(hexOf(codec.message(type, 1, data.subarray(0, data.length - (count % (data.length + 1))))));
      capabilities(frame);
      config(frame);
      readerEvents(frame);
      codec.statusOf(frame);
    }),
    { numRuns: 2_000 },
  );
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
