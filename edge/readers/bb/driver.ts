import { type KeptParts, KeptReader } from '../kept.ts';
import type { ReaderEvents, ReaderSettings } from '../reader.ts';
import type { Family } from '../session.ts';
import { probe } from './probe.ts';
import { Session, TIMINGS, type Timings } from './session.ts';
import { decoder } from './stream.ts';

const DEFAULT_BAUD = 115_200;

/** Parts that tests replace. */
export interface DriverParts extends KeptParts {
  readonly timings?: Timings;
}

/** Desk readers with an M100, YRM100 or R200 module: one antenna, some 26 dBm; for a desk or a bench, not for a door. */
export function m100({ timings = TIMINGS }: DriverParts = {}): Family {
  return {
    defaultBaud: DEFAULT_BAUD,
    session: (link, name, events, now) => new Session(link, name, events, now, timings),
    probe,
    decoder,
  };
}

/** Keeps one such module reading. */
export class BbReader extends KeptReader {
  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    super(settings, m100(parts), events, parts);
  }
}
