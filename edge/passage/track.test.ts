import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIN_SUMS, BINS, power, STATS, Track } from './track.ts';

const read = fc.record({
  antenna: fc.constantFrom(0, 1),
  rssi: fc.integer({ min: -85, max: -20 }),
  gap: fc.integer({ min: 0, max: 3_000 }),
});

describe('the sums of a tag', () => {
  it('hold the count, mean, deviation and centroid of all reads, however long the stay', () => {
    fc.assert(
      fc.property(fc.array(read, { minLength: 1, maxLength: 200 }), (reads) => {
        const track = new Track('E', 2, 0);
        track.begin(1, 0, false);
        let at = 0;
        const seen = reads.map(({ antenna, rssi, gap }) => {
          at += gap;
          track.add(antenna, antenna === 0 ? 0 : 1, rssi, at);
          return { antenna, rssi, at };
        });
        for (const antenna of [0, 1]) {
          const own = seen.filter((one) => one.antenna === antenna);
          const mean = own.reduce((sum, one) => sum + one.rssi, 0) / Math.max(1, own.length);
          expect(track.stats[antenna * STATS]).toBe(own.length);
          expect(track.stats[antenna * STATS + 1]).toBeCloseTo(mean, 6);
          expect(track.stats[antenna * STATS + 2]).toBeCloseTo(
            own.reduce((sum, one) => sum + (one.rssi - mean) ** 2, 0),
            4,
          );
          const weight = own.reduce((sum, one) => sum + power(one.rssi), 0);
          const time = own.reduce((sum, one) => sum + power(one.rssi) * one.at, 0);
          expect((track.centroid[2 * antenna + 1] ?? 0) / Math.max(1, weight)).toBeCloseTo(time / Math.max(1, weight), 4);
          let binned = 0;
          for (let bin = 0; bin < BINS; bin++) binned += track.bins[(antenna * BINS + bin) * BIN_SUMS] ?? 0;
          expect(binned).toBe(own.length);
        }
        expect(track.binMs * BINS).toBeGreaterThan(at);
      }),
    );
  });

  it('put a read into the bin of its age after any number of doublings', () => {
    const track = new Track('E', 1, 0);
    track.begin(1, 0, false);
    for (const at of [0, 1_000, 30_000]) track.add(0, 0, -50, at);
    expect(track.binMs).toBe(2_000);
    const counts = Array.from({ length: BINS }, (_, bin) => track.bins[bin * BIN_SUMS]);
    expect(counts[0]).toBe(2);
    expect(counts[15]).toBe(1);
  });

  it('count a read of another reader that comes late at the start of the stay', () => {
    const track = new Track('E', 1, 1_000);
    track.begin(1, 1_000, false);
    track.add(0, 0, -50, 900);
    expect(track.bins[0]).toBe(1);
    expect(track.last).toBe(1_000);
  });
});

describe('the level of a tag', () => {
  it('moves when it leaves its mean by more than noise, and not for noise of 2 dB', () => {
    const track = new Track('E', 1, 0);
    const noise = [0, 2, -2, 1, -1, 3, -3, 2, -1, 0];
    for (let i = 0; i < 300; i++) expect(track.follow(0, -60 + (noise[i % noise.length] ?? 0), i)).toBe(false);
    const moves = Array.from({ length: 10 }, (_, i) => track.follow(0, -50, 300 + i));
    expect(moves).toContain(true);
    expect(track.movedAt).toBeGreaterThan(300);
  });

  it('survives a snapshot', () => {
    const track = new Track('E', 2, 5);
    for (let i = 0; i < 20; i++) track.follow(i % 2, -60 - i, i);
    expect(Track.of(JSON.parse(JSON.stringify(track.state())) as ReturnType<Track['state']>).state()).toEqual(track.state());
  });
});

describe('power', () => {
  it('is ten times as much for 10 dB more, and bounded outside what readers report', () => {
    expect(power(-50) / power(-60)).toBeCloseTo(10, 9);
    expect(power(-300)).toBe(power(-128));
    expect(power(40)).toBe(power(0));
  });
});
