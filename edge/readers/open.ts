import { Fault } from '../../protocol/fault.ts';
import type { Reader, ReaderEvents, ReaderSettings, StreamDecoder } from './reader.ts';
import { ThingMagicDecoder } from './thingmagic/decoder.ts';
import { ThingMagicReader } from './thingmagic/driver.ts';

interface Model {
  open(settings: ReaderSettings, events: ReaderEvents): Reader;
  decoder(): StreamDecoder;
}

const MODELS: Readonly<Record<string, Model>> = {
  thingmagic: {
    open: (settings, events) => new ThingMagicReader(settings, events),
    decoder: () => new ThingMagicDecoder(),
  },
};

function find(model: string): Model {
  const found = Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
  if (found === undefined) {
    throw new Fault('READER_MODEL', `reader model "${model}" is unknown: use one of ${Object.keys(MODELS).join(', ')}`);
  }
  return found;
}

/** Makes a reader of the model that the settings name; it does nothing until `start`. @throws Fault READER_MODEL */
export function openReader(settings: ReaderSettings, events: ReaderEvents): Reader {
  return find(settings.model).open(settings, events);
}

/** A decoder for the raw bytes of one reader of this model, in its state before the first byte. @throws Fault READER_MODEL */
export function openDecoder(model: string): StreamDecoder {
  return find(model).decoder();
}
