import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import { Random } from '../../../simulators/random.ts';
import { tagReport } from '../../../simulators/reader/llrp/answers.ts';
import * as codec from './codec.ts';
import { LlrpDecoder } from './decoder.ts';
import { vectorOf } from './vectors.ts';

const EPC = '3034257BF7194E4000001A85';
const NOW = 1_764_000_000_000;
const FREQUENCIES = [865_700, 866_300, 866_900, 867_500];

function reads(decoder: LlrpDecoder, hex: string, now = NOW): Read[] {
  return decoder.push(now, fromHex(hex) ?? new Uint8Array());
}
const named = (decoder: LlrpDecoder, name: string, now = NOW): Read[] => reads(decoder, vectorOf(name).hex, now);

describe('a report', () => {
  it('of an EPC of 96 bits is a read with its channel in kHz', () => {
    const decoder = new LlrpDecoder(FREQUENCIES);
    expect(named(decoder, 'tag of 96 bits')).toEqual([{ epc: EPC, antenna: 3, rssi: -60, at: NOW, kHz: 866_300 }]);
    expect(decoder.reports.sightings).toBe(1);
  });

  it('of a longer EPC is one too', () => {
    expect(named(new LlrpDecoder(), 'tag of 128 bits, by uptime')).toEqual([{ epc: `${EPC}12345678`, antenna: 1, rssi: -70, at: NOW }]);
  });

  it('of an Impinj reader has the fine strength and the phase', () => {
    expect(named(new LlrpDecoder(), 'tag with what Impinj adds')).toEqual([{ epc: EPC, antenna: 1, rssi: -51.5, at: NOW, phase: 90 }]);
  });

  it('leaves out what has not changed, and the last values stand', () => {
    const decoder = new LlrpDecoder(FREQUENCIES);
    expect(named(decoder, 'two tags, the second with nothing new')).toEqual([
      { epc: EPC, antenna: 2, rssi: -64, at: NOW, kHz: 865_700 },
      { epc: '3034257BF7194E4000001A86', antenna: 2, rssi: -64, at: NOW, kHz: 865_700 },
    ]);
    // Of another report, too; the phase of one tag is not that of the next.
    expect(named(decoder, 'tag with what Impinj adds')[0]).toMatchObject({ antenna: 1, kHz: 865_700, phase: 90 });
    expect(reads(decoder, `043D0000001B0000000100F000118D${EPC}`)).toEqual([{ epc: EPC, antenna: 1, rssi: -51.5, at: NOW, kHz: 865_700 }]);
  });

  it('may hold fields that nobody asked for', () => {
    expect(named(new LlrpDecoder(), 'tag with fields that nobody asked for')).toEqual([{ epc: EPC, antenna: 4, rssi: -64, at: NOW }]);
  });

  it.each([
    ['without an EPC', '043D000000130000000100F00009810001 86C4'],
    ['before any antenna was told', `043D0000001D0000000100F000138D${EPC}86C4`],
    ['before any strength was told', `043D0000001E0000000100F000148D${EPC}810001`],
    ['with a TV of unknown length', `043D000000220000000100F000188D${EPC}81000186C4FE00`],
    ['whose EPC is longer than itself', '043D0000001B0000000100F0001100F100080060AABB81000186C4'],
    ['whose parameters end early', `043D000000210000000100F000FF8D${EPC}81000186C400`],
  ])('%s is no read, and is counted', (_name, hex) => {
    const decoder = new LlrpDecoder();
    expect(reads(decoder, hex.replaceAll(' ', ''))).toEqual([]);
    expect(decoder.reports.ghosts).toBe(1);
  });

  it('with a broken tag keeps the tags before and behind it', () => {
    const tag = `00F000168D${EPC}81000186C4`;
    const broken = `00F000188D${EPC}81000186C4FE00`;
    const decoder = new LlrpDecoder();
    expect(reads(decoder, `043D0000004E00000001${tag}${broken}${tag}`)).toHaveLength(2);
    expect(decoder.reports.ghosts).toBe(1);
  });
});

describe('the instants of reads', () => {
  const report = (stamp: number, utc: boolean): Uint8Array =>
    codec.message(61, 1, tagReport({ epc: EPC, antenna: 1, rssi: -50 }, { antenna: 1, rssi: -50, stamp, utc, impinj: false }));

  it.each([true, false])('follow the stamps of the reader, not the arrivals (UTC %s)', (utc) => {
    const decoder = new LlrpDecoder();
    const at = (stamp: number, now: number): number | undefined => decoder.push(now, report(stamp, utc))[0]?.at;
    expect([at(1_000, NOW), at(1_050, NOW + 90), at(1_080, NOW + 90)]).toEqual([NOW, NOW + 50, NOW + 80]);
  });

  it('never go back when stamps do, nor beyond the arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000_000), fc.nat(5_000)), { minLength: 1, maxLength: 40 }), (steps) => {
        const decoder = new LlrpDecoder();
        let now = NOW;
        let last = 0;
        for (const [stamp, ms] of steps) {
          now += ms;
          const at = decoder.push(now, report(stamp, true))[0]?.at ?? 0;
          expect(at).toBeGreaterThanOrEqual(last);
          expect(at).toBeLessThanOrEqual(now);
          expect(Number.isInteger(at)).toBe(true);
          last = at;
        }
      }),
    );
  });

  it("begin again when the host's clock is set back", () => {
    const decoder = new LlrpDecoder();
    decoder.push(NOW, report(1_000, true));
    expect(decoder.push(NOW - 3_600_000, report(1_100, true))[0]?.at).toBe(NOW - 3_600_000);
    expect(decoder.push(NOW - 3_599_900, report(1_200, true))[0]?.at).toBe(NOW - 3_599_900);
  });
});

it('reports whose bytes were changed at random give reads that make sense, and never throw', () => {
  const random = new Random(5);
  for (let round = 0; round < 3_000; round++) {
    const decoder = new LlrpDecoder(FREQUENCIES);
    const bytes = fromHex(vectorOf('tag with what Impinj adds').hex) ?? new Uint8Array();
    for (let i = random.int(1, 4); i > 0; i--) bytes[random.int(6, bytes.length - 1)] = random.int(0, 255);
    for (const read of decoder.push(NOW, bytes)) {
      expect(read.epc).toMatch(/^(..)+$/);
      expect(Math.abs(read.rssi)).toBeLessThan(330);
      expect(read.phase ?? 0).toBeLessThan(360);
      expect(read.at).toBe(NOW);
    }
  }
});
