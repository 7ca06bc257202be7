import { Fault } from '../../protocol/fault.ts';
import { a0 } from './a0/driver.ts';
import { m100 } from './bb/driver.ts';
import { KeptReader } from './kept.ts';
import type { OpenLink } from './link/link.ts';
import { llrp } from './llrp/driver.ts';
import { impinjEvents } from './network/impinj.ts';
import { isNetworkModel, type NetworkModelName } from './network/inlet.ts';
import { type NetworkModel, type NetworkParts, NetworkReader } from './network/reader.ts';
import { zebraEvents } from './network/zebra.ts';
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

/** Readers that publish to the node's broker. */
export const NETWORK: Readonly<Record<NetworkModelName, NetworkModel>> = {
  r700: { events: impinjEvents, commands: false },
  zebra: { events: zebraEvents, commands: true },
};

export interface OpenParts extends NetworkParts {
  /** Opens the line; who listens in gives one of his own. */
  readonly open?: OpenLink;
}

/** Makes a reader of the model that the settings name; it does nothing until `start`. @throws Fault READER_MODEL, READER_LINK */
export function openReader(settings: ReaderSettings, events: ReaderEvents, parts: OpenParts = {}): Reader {
  if (isNetworkModel(settings.model)) return new NetworkReader(settings, NETWORK[settings.model], events, parts);
  const family = FAMILIES.get(settings.model);
  if (family === undefined) {
    const known = [...FAMILIES.keys(), ...Object.keys(NETWORK)].join(', ');
    throw new Fault('READER_MODEL', `reader model "${settings.model}" is unknown: use one of ${known}`);
  }
  return new KeptReader(settings, family(), events, parts);
}
