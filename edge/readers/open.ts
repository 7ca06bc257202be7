import { Fault } from '../../protocol/fault.ts';
import { a0 } from './a0/driver.ts';
import { m100 } from './bb/driver.ts';
import { KeptReader } from './kept.ts';
import type { OpenLink } from './link/link.ts';
import { llrp } from './llrp/driver.ts';
import type { Reader, ReaderEvents, ReaderSettings } from './reader.ts';
import type { Family } from './session.ts';
import { thingMagic } from './thingmagic/driver.ts';
import { uhfReader18 } from './uhf18/driver.ts';

/** The families of readers by the name that settings use. */
export const FAMILIES: ReadonlyMap<string, () => Family> = new Map([
  ['thingmagic', () => thingMagic()],
  ['a0', () => a0()],
  ['uhf18', () => uhfReader18()],
  ['bb', () => m100()],
  ['llrp', () => llrp()],
]);

/** Makes a reader of the family that the settings name; it does nothing until `start`. `open` listens in. @throws Fault READER_MODEL */
export function openReader(settings: ReaderSettings, events: ReaderEvents, open?: OpenLink): Reader {
  const family = FAMILIES.get(settings.model);
  if (family === undefined) {
    throw new Fault('READER_MODEL', `reader model "${settings.model}" is unknown: use one of ${[...FAMILIES.keys()].join(', ')}`);
  }
  return new KeptReader(settings, family(), events, open === undefined ? {} : { open });
}
