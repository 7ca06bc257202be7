import { rate } from './language.ts';
import { panel } from './live.ts';
import { setUp } from './setuplive.ts';
import { setUpWords } from './setupwords.ts';

/** The door and side, or the zone, that an antenna serves, in words; undefined where it serves none. */
export function placeOf(reader: string, port: number): string | undefined {
  const { side } = setUpWords.value;
  for (const door of panel.value?.doors ?? []) {
    const at = door.antennas.find((one) => one.reader === reader && one.port === port);
    if (at !== undefined) return `${door.name}, ${side[at.side]}`;
  }
  const zone = setUp.value?.zones.find(({ antennas }) => antennas.some((one) => one.reader === reader && one.port === port));
  return zone?.name;
}

/** A level as people write it. */
export const dbm = (rssi: number): string => `${rate(Math.round(rssi)).replace('-', '−')} dBm`;
