import { describe, expect, it } from 'vitest';
import { Fault } from '../protocol/fault.ts';
import type { DoorSign, Lamp } from './broker/broker.ts';
import { StackLights } from './lights.ts';
import type { ReaderHealth } from './readers/reader.ts';
import { checkSettings, type DoorSettings } from './settings.ts';

const doors = (light: object): readonly DoorSettings[] =>
  checkSettings(
    {
      ...{ tenant: 'demo', site: 'LYON', node: 'dock-1', timeZone: 'Europe/Paris', dataDir: 'd', hub: { url: 'ws://127.0.0.1:1' } },
      panel: { port: 0 },
      readers: [{ id: 'r1', model: 'thingmagic', link: '/dev/r1' }],
      doors: [
        {
          ...{ id: 'D1', name: 'Quai 1', light },
          antennas: [
            { reader: 'r1', port: 1, side: 'outside' },
            { reader: 'r1', port: 2, side: 'inside' },
          ],
        },
      ],
    },
    'settings.json',
  ).doors;

class Outputs {
  readonly id = 'r1';
  state: ReaderHealth['state'] = 'reading';
  refuses = false;
  readonly set: [number, boolean][] = [];

  health(): ReaderHealth {
    return { state: this.state } as ReaderHealth;
  }

  async output(pin: number, high: boolean): Promise<void> {
    if (this.refuses) throw new Fault('READER_OUTPUT', 'refused');
    this.set.push([pin, high]);
  }
}

const sign = (light: Lamp): ReadonlyMap<string, DoorSign> =>
  new Map([['D1', { state: 'free', direction: 'unknown', items: 0, document: null, undecided: 0, light }]]);
const RGB = { reader: 'r1', green: 1, amber: 2, red: 3 };

function lit(light: object = RGB): {
  lights: StackLights;
  outputs: Outputs;
  show: (lamp: Lamp) => Promise<[number, boolean][]>;
  at: { now: number };
  log: string[];
} {
  const outputs = new Outputs();
  const at = { now: 0 };
  const log: string[] = [];
  const lights = new StackLights(
    doors(light),
    [outputs],
    (event) => void log.push(event),
    () => at.now,
  );
  const show = async (lamp: Lamp): Promise<[number, boolean][]> => {
    lights.show(sign(lamp));
    await new Promise((resolve) => setImmediate(resolve));
    return outputs.set.splice(0);
  };
  return { lights, outputs, show, at, log };
}

describe('a stack light', () => {
  it('is set as a whole at first, then only where it changes, on before off', async () => {
    const { show } = lit();
    expect(await show('off')).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ]);
    expect(await show('off')).toEqual([]);
    expect(await show('red')).toEqual([[3, true]]);
    expect(await show('green')).toEqual([
      [1, true],
      [3, false],
    ]);
  });

  it('with one lamp shows only that', async () => {
    const { show } = lit({ reader: 'r1', red: 4, active: 'low' });
    expect(await show('green')).toEqual([[4, true]]);
    expect(await show('red')).toEqual([[4, false]]);
  });

  it('waits for its reader, and is set anew when that has started again', async () => {
    const { show, outputs, lights } = lit();
    outputs.state = 'starting';
    expect(await show('green')).toEqual([]);
    outputs.state = 'reading';
    expect(await show('green')).toHaveLength(3);
    lights.forget('r1');
    expect(await show('green')).toHaveLength(3);
  });

  it('whose output is refused is tried again after five seconds, not all the time', async () => {
    const { show, outputs, at, log } = lit({ reader: 'r1', red: 4 });
    outputs.refuses = true;
    await show('red');
    await show('red');
    expect(log).toEqual(['light.failed']);
    outputs.refuses = false;
    at.now = 5_000;
    expect(await show('red')).toEqual([[4, true]]);
  });

  it('is nothing to drive where no door has one', () => {
    expect(lit().lights.any).toBe(true);
    expect(new StackLights([], [], () => undefined).any).toBe(false);
  });
});
