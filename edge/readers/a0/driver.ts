import { type KeptParts, KeptReader } from '../kept.ts';
import type { ReaderEvents, ReaderSettings } from '../reader.ts';
import type { Family } from '../session.ts';
import { decoder } from './decoder.ts';
import { probe } from './probe.ts';
import { Session } from './session.ts';
import { TIMINGS, type Timings } from './startup.ts';
import type { Dialect } from './stream.ts';

const DEFAULT_BAUD = 115_200;
/** Silence beyond the expected length of a round that means a dead reader. */
const GRACE_MS = 2_000;

/** Parts that tests replace, and what differs between units. */
export interface DriverParts extends KeptParts {
  readonly timings?: Timings;
  readonly graceMs?: number;
  readonly dialect?: Partial<Dialect>;
}

/** Readers with an Impinj R2000 that speak A0 frames, under many names. */
export function a0({ timings = TIMINGS, graceMs = GRACE_MS, dialect = {} }: DriverParts = {}): Family {
  return {
    defaultBaud: DEFAULT_BAUD,
    session: (link, name, events, now) => new Session(link, name, events, now, { timings, graceMs, dialect }),
    probe,
    decoder,
  };
}

/** Keeps one A0 reader reading. */
export class A0Reader extends KeptReader {
  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    super(settings, a0(parts), events, parts);
  }
}
