import { Fault } from '../../protocol/fault.ts';
import type { Reader, ReaderEvents, ReaderSettings } from './reader.ts';
import { ThingMagicReader } from './thingmagic/driver.ts';

type Open = (settings: ReaderSettings, events: ReaderEvents) => Reader;

const MODELS: ReadonlyMap<string, Open> = new Map([['thingmagic', (settings, events) => new ThingMagicReader(settings, events)]]);

/** Makes a reader of the model that the settings name; it does nothing until `start`. @throws Fault READER_MODEL */
export function openReader(settings: ReaderSettings, events: ReaderEvents): Reader {
  const open = MODELS.get(settings.model);
  if (open === undefined) {
    throw new Fault('READER_MODEL', `reader model "${settings.model}" is unknown: use one of ${[...MODELS.keys()].join(', ')}`);
  }
  return open(settings, events);
}
