import { type KeptParts, KeptReader } from '../kept.ts';
import type { ReaderEvents, ReaderSettings } from '../reader.ts';
import type { Family } from '../session.ts';
import { decoder } from './decoder.ts';
import { probe } from './probe.ts';
import { Session } from './session.ts';
import { TIMINGS, type Timings } from './startup.ts';

const DEFAULT_BAUD = 57_600;

/** Parts that tests replace. */
export interface DriverParts extends KeptParts {
  readonly timings?: Timings;
}

/** Chafon UHFReader18, 86 and 288 readers and what is compatible with them. */
export function uhfReader18({ timings = TIMINGS }: DriverParts = {}): Family {
  return {
    defaultBaud: DEFAULT_BAUD,
    session: (link, name, events, now) => new Session(link, name, events, now, timings),
    probe,
    decoder,
  };
}

/** Keeps one such reader reading. */
export class Uhf18Reader extends KeptReader {
  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    super(settings, uhfReader18(parts), events, parts);
  }
}
