import { describe, expect, it } from 'vitest';
import { toHex } from '../../../protocol/bytes.ts';
import { Antennas } from './antennas.ts';
import { ROUND_MS, Rounds } from './rounds.ts';

const repeatOf = (rounds: Rounds): number => rounds.command().at(-2) ?? 0;

describe('a fast switch', () => {
  const plan = { ports: [1, 3], session: 1, connectors: 4 } as const;

  it('reads the ports of the plan and skips the others', () => {
    expect(toHex(new Rounds(plan).command())).toBe('A00DFF8A00010201FF00FF000001C7');
    expect(toHex(new Rounds({ ...plan, ports: [5], connectors: 8 }).command())).toMatch(/^A015FF8A0401(FF00){7}0001..$/);
  });

  it('is repeated as often as fits into the time of a round, and grows no faster than twofold', () => {
    const rounds = new Rounds(plan);
    const repeats = Array.from({ length: 4 }, () => {
      rounds.ended(repeatOf(rounds) * 50, false);
      return repeatOf(rounds);
    });
    expect(repeats).toEqual([2, 4, 5, 5]);
    rounds.ended(5 * 500, false);
    expect(repeatOf(rounds)).toBe(1);
  });

  it('is not measured by a round that could not read: with its antennas back it would be endless', () => {
    const rounds = new Rounds(plan);
    rounds.ended(100, false);
    for (let i = 0; i < 10; i++) rounds.ended(1, true);
    expect(repeatOf(rounds)).toBe(2);
    for (let i = 0; i < 10; i++) rounds.ended(1, false);
    expect(repeatOf(rounds)).toBe(32);
  });

  it('is expected to be silent for twice its last length, within bounds', () => {
    const rounds = new Rounds(plan);
    const expected = [1, 400, 60_000].map((ms) => {
      rounds.ended(ms, false);
      return rounds.expectedMs;
    });
    expect(expected).toEqual([ROUND_MS, 800, 5_000]);
  });
});

describe('rounds with a session of their own', () => {
  it('take one antenna after the other, and set it before', () => {
    const rounds = new Rounds({ ports: [1, 4], session: 0, connectors: undefined });
    const set = Array.from({ length: 4 }, (_, i) => {
      const antenna = rounds.antenna(i === 0);
      rounds.ended(ROUND_MS, false);
      return antenna;
    });
    expect(set).toEqual([1, 4, 1, 4]);
    expect(toHex(rounds.command())).toBe('A006FF8B000001CF');
  });

  it('set their only antenna once', () => {
    const rounds = new Rounds({ ports: [2], session: 2, connectors: undefined });
    expect([rounds.antenna(true), rounds.antenna(false)]).toEqual([2, undefined]);
  });
});

describe('what rounds tell of antennas', () => {
  const states = [1, 2].map((port) => ({ port, connected: null }));

  it('is told once for each change', () => {
    const antennas = new Antennas(states, true);
    antennas.missing(2);
    expect(antennas.round([1, 2])).toEqual([
      { port: 1, connected: true },
      { port: 2, connected: false },
    ]);
    antennas.missing(2);
    expect(antennas.round([1, 2])).toEqual([]);
    expect(antennas.round([1, 2])).toEqual([{ port: 2, connected: true }]);
  });

  it('is nothing but what is missing where the detector is off', () => {
    const antennas = new Antennas(states, false);
    expect(antennas.round([1, 2])).toEqual([]);
    antennas.missing(1);
    antennas.missing(2);
    expect(antennas.round([1, 2])).toHaveLength(2);
    expect(antennas.none).toBe(true);
  });
});
