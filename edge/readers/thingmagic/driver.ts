import { type KeptParts, KeptReader } from '../kept.ts';
import type { ReaderEvents, ReaderSettings } from '../reader.ts';
import type { Family } from '../session.ts';
import { ThingMagicDecoder } from './decoder.ts';
import { probe } from './probe.ts';
import { TIMINGS, type Timings } from './rates.ts';
import { Session } from './session.ts';

const DEFAULT_BAUD = 115_200;
/** Silence beyond one search cycle that means a dead link. */
const GRACE_MS = 2_000;

/** Parts that tests replace. */
export interface DriverParts extends KeptParts {
  readonly timings?: Timings;
  readonly graceMs?: number;
}

/** ThingMagic modules and what is compatible with them. */
export function thingMagic({ timings = TIMINGS, graceMs = GRACE_MS }: DriverParts = {}): Family {
  return {
    defaultBaud: DEFAULT_BAUD,
    session: (link, name, events, now) => new Session(link, name, events, now, timings, graceMs),
    probe,
    decoder: () => new ThingMagicDecoder(),
  };
}

/** Keeps one ThingMagic module reading. */
export class ThingMagicReader extends KeptReader {
  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    super(settings, thingMagic(parts), events, parts);
  }
}
