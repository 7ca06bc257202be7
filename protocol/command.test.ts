import { describe, expect, it } from 'vitest';
import { isCommand, type ZoneCommand } from './command.ts';

const zone: ZoneCommand = {
  ...{ v: 1, id: 'zone-A-1-1', type: 'zone', zone: 'A', at: 1_764_000_000_000, part: 1, parts: 2 },
  items: [{ gtin: '03400930000014', serials: [7, 3] }],
  names: { '03400930000014': 'Thé' },
};

describe('a list of a zone', () => {
  it('is a command, also of a zone in which nothing stands, and of the whole site', () => {
    expect(isCommand(zone)).toBe(true);
    expect(isCommand({ ...zone, zone: '*', items: [], names: {}, later: true })).toBe(true);
  });

  it.each([
    ['no zone', { zone: '' }],
    ['a zone whose name is none', { zone: 'x'.repeat(33) }],
    ['a part beyond the last', { part: 3 }],
    ['no time', { at: '1' }],
    ['items that no record holds', { items: [{ gtin: '1', serials: [1] }] }],
    ['names that are no text', { names: { '03400930000014': 5 } }],
    ['no names', { names: null }],
  ])('is none with %s', (_what, change) => {
    expect(isCommand({ ...zone, ...change })).toBe(false);
  });
});
