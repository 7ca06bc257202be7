import { describe, expect, it } from 'vitest';
import { DoorEyes } from './eyes.ts';

const eyes = (): DoorEyes =>
  new DoorEyes([
    { id: 'D1', eye: { reader: 'r1', pin: 1, active: 'high' } },
    { id: 'D2', eye: { reader: 'r1', pin: 2, active: 'low' } },
    { id: 'D3', eye: undefined },
  ]);
const reads = (): boolean => true;

describe('the photo-eyes of the doors', () => {
  it('are blocked at the level that the settings name', () => {
    const all = eyes();
    expect(all.input('r1', 1, true, 5)).toEqual([{ door: 'D1', blocked: true }]);
    expect(all.input('r1', 2, true, 6)).toEqual([{ door: 'D2', blocked: false }]);
    expect(['D1', 'D2', 'D3'].map((door) => all.blocked(door, reads))).toEqual([true, false, undefined]);
  });

  it('tell nothing of other inputs, other readers and levels told again', () => {
    const all = eyes();
    all.input('r1', 1, true, 5);
    expect([all.input('r1', 1, true, 6), all.input('r1', 3, true, 6), all.input('r2', 1, false, 6)]).toEqual([[], [], []]);
  });

  it('are unknown before the first level and while their reader does not read', () => {
    const all = eyes();
    expect(all.blocked('D1', reads)).toBeNull();
    all.input('r1', 1, true, 5);
    expect(all.blocked('D1', () => false)).toBeNull();
  });

  it('keep their last changes, and no more than 64 of them', () => {
    const all = eyes();
    for (let at = 0; at < 100; at++) all.input('r1', 1, at % 2 === 0, at);
    expect(all.changes('D1')).toHaveLength(64);
    expect(all.changes('D1').at(-1)).toEqual({ blocked: false, at: 99 });
  });
});
