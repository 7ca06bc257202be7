import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Read } from '../../protocol/read.ts';
import { TAGS_SHOWN } from '../panel/setupmodel.ts';
import { Hearing } from './hearing.ts';

const START = 1_764_000_000_000;
const read = (epc: string, antenna: number, rssi: number, at: number): Read => ({ epc, antenna, rssi, at: START + at });

/** Reads of each antenna every 50 ms over a time. */
function stream(hearing: Hearing, antennas: Readonly<Record<number, number>>, from: number, to: number, epc = 'A0'): void {
  for (let at = from; at < to; at += 50) {
    hearing.reads(
      'r1',
      Object.entries(antennas).map(([port, rssi]) => read(epc, Number(port), rssi, at)),
    );
  }
}

describe('what the antennas hear', () => {
  it('is not counted while nobody looks, and begins anew for the next who does', () => {
    const hearing = new Hearing();
    stream(hearing, { 1: -60 }, 0, 1_000);
    expect(hearing.tagsTotal).toBe(0);
    hearing.watch(START + 1_000);
    stream(hearing, { 1: -60 }, 1_000, 9_000);
    expect(hearing.tags(START + 9_000)).toMatchObject([{ epc: 'A0', count: 101 }]);
    hearing.watch(START + 20_000);
    expect(hearing.tagsTotal).toBe(0);
  });

  it('is a rate and a mean level of about the last second', () => {
    const hearing = new Hearing();
    hearing.watch(START);
    stream(hearing, { 1: -60 }, 0, 3_000);
    const { readsPerSecond, rssi } = hearing.antenna('r1', 1, START + 3_000);
    expect(readsPerSecond).toBeGreaterThanOrEqual(18);
    expect(readsPerSecond).toBeLessThanOrEqual(22);
    expect(rssi).toBe(-60);
    stream(hearing, { 1: -40 }, 3_000, 5_000);
    expect(hearing.antenna('r1', 1, START + 5_000).rssi).toBeGreaterThan(-44);
    expect(hearing.antenna('r1', 1, START + 15_000)).toEqual({ port: 1, readsPerSecond: 0, rssi: null });
    expect(hearing.antenna('r2', 1, START + 5_000)).toEqual({ port: 1, readsPerSecond: 0, rssi: null });
  });

  it('keeps as many tags as a busy dock has, the longest unheard forgotten first', () => {
    const hearing = new Hearing();
    hearing.watch(START);
    for (let i = 0; i < 3_000; i++) hearing.reads('r1', [read(`T${i}`, 1, -60, i)]);
    expect(hearing.tagsTotal).toBeLessThanOrEqual(1_000);
    expect(hearing.tags(START + 3_000).length).toBe(TAGS_SHOWN);
    expect(hearing.tags(START + 3_000)[0]?.epc).toBe('T2999');
  });
});

describe('the antenna that a tag is held in front of', () => {
  it('is the one that hears it best, and follows the hand', () => {
    const hearing = new Hearing();
    hearing.watch(START);
    expect(hearing.nearest(START)).toBeNull();
    stream(hearing, { 1: -45, 2: -62, 3: -70 }, 0, 1_500);
    expect(hearing.nearest(START + 1_500)).toEqual({
      ...{ epc: 'A0', reader: 'r1', port: 1, rssi: -45, clear: true },
      next: { reader: 'r1', port: 2, rssi: -62 },
    });
    stream(hearing, { 1: -65, 2: -44 }, 1_500, 3_500);
    expect(hearing.nearest(START + 3_500)).toMatchObject({ port: 2, clear: true });
    expect(hearing.nearest(START + 8_000)).toBeNull();
  });

  it('is not believed while two hear it alike, nor after one stray read', () => {
    const hearing = new Hearing();
    hearing.watch(START);
    stream(hearing, { 1: -50, 2: -52 }, 0, 1_500);
    expect(hearing.nearest(START + 1_500)?.clear).toBe(false);
    hearing.reads('r1', [read('B0', 4, -30, 1_500)]);
    expect(hearing.nearest(START + 1_500)?.epc).toBe('A0');
  });

  it('is that of the followed tag, whatever else is louder', () => {
    const hearing = new Hearing();
    hearing.watch(START);
    stream(hearing, { 1: -40 }, 0, 1_000, 'LOUD');
    stream(hearing, { 3: -60 }, 0, 1_000, 'MINE');
    expect(hearing.nearest(START + 1_000)?.epc).toBe('LOUD');
    expect(hearing.nearest(START + 1_000, 'MINE')).toMatchObject({ epc: 'MINE', port: 3 });
    expect(hearing.nearest(START + 1_000, 'NONE')).toBeNull();
  });

  it('is never an antenna that hears the tag worse than another', () => {
    const levels = fc.array(fc.integer({ min: -80, max: -30 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(levels, (each) => {
        const hearing = new Hearing();
        hearing.watch(START);
        stream(hearing, Object.fromEntries(each.map((rssi, i) => [i + 1, rssi])), 0, 1_000);
        const nearest = hearing.nearest(START + 1_000);
        expect(nearest?.rssi).toBe(Math.max(...each));
        expect(each[(nearest?.port ?? 0) - 1]).toBe(nearest?.rssi);
      }),
    );
  });
});
