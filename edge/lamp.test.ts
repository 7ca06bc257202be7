import { describe, expect, it } from 'vitest';
import { lampOf } from './lamp.ts';
import type { PanelDoor } from './panel/model.ts';

const FREE: PanelDoor = {
  id: 'D1',
  name: 'Quai 1',
  state: 'free',
  direction: 'unknown',
  inDoor: 0,
  contents: [],
  antennas: [],
  document: null,
};
const line = (expected: number, moved: number, inDoor = 0) => ({ gtin: 'A', expected, moved, inDoor });
const due = (...lines: ReturnType<typeof line>[]): Partial<PanelDoor> => ({ expected: { partner: 'P', direction: 'out', lines } });
const occupied: Partial<PanelDoor> = { state: 'occupied', direction: 'out' };

describe('the light of a door', () => {
  it.each<[string, Partial<PanelDoor>, number, string]>([
    ['is off while nothing is in the door and nothing begun', {}, 0, 'off'],
    ['is off while a document waits for its first goods', due(line(2, 0)), 0, 'off'],
    ['is red where no reader reads', { state: 'blind', ...due(line(2, 2)) }, 0, 'red'],
    ['is amber while goods without a document are in the door', occupied, 0, 'amber'],
    ['is amber while items wait for a person', {}, 1, 'amber'],
    ['is amber while goods are in the door and some are missing', { ...occupied, ...due(line(2, 0, 1)) }, 0, 'amber'],
    ['is green when all is there', { ...occupied, ...due(line(2, 1, 1)) }, 0, 'green'],
    ['is green when all has gone', due(line(2, 2)), 0, 'green'],
    ['is amber when all is there and items wait for a person', due(line(2, 2)), 1, 'amber'],
    ['is red when goods have gone and some are missing', due(line(2, 1)), 0, 'red'],
    ['is amber when some are missing that a person may find', due(line(2, 1)), 1, 'amber'],
    ['is red when there is one too many', { ...occupied, ...due(line(2, 2, 1)) }, 0, 'red'],
    ['is red when an article is too many and another missing', due({ ...line(1, 2) }, { ...line(2, 1), gtin: 'B' }), 0, 'red'],
    [
      'is red for an article that is not on the document',
      { ...occupied, contents: [{ gtin: 'B', count: 1 }], ...due(line(2, 0)) },
      0,
      'red',
    ],
    ['does not mind tags that are no items', { ...occupied, contents: [{ gtin: null, count: 1 }], ...due(line(2, 2)) }, 0, 'green'],
    ['is red when goods go the wrong way', { ...occupied, direction: 'in', ...due(line(2, 2)) }, 0, 'red'],
  ])('%s', (_name, door, undecided, light) => {
    expect(lampOf({ ...FREE, ...door }, undecided, true)).toBe(light);
  });

  it('is red while the node writes nothing down', () => {
    expect(lampOf(FREE, 0, false)).toBe('red');
  });
});
