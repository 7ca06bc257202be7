import { type KeptParts, KeptReader } from '../kept.ts';
import type { ReaderEvents, ReaderSettings } from '../reader.ts';
import type { Family } from '../session.ts';
import { LLRP_PORT } from './codec.ts';
import { LlrpDecoder } from './decoder.ts';
import { probe } from './probe.ts';
import { Session } from './session.ts';
import { TIMINGS, type Timings } from './startup.ts';

/** Parts that tests replace. */
export interface DriverParts extends KeptParts {
  readonly timings?: Timings;
}

/** Fixed readers on the network that speak LLRP 1.0.1 or 1.1: Impinj, Zebra and others. */
export function llrp({ timings = TIMINGS }: DriverParts = {}): Family {
  return {
    defaultBaud: 0,
    network: { port: LLRP_PORT },
    session: (link, name, events, now) => new Session(link, name, events, now, timings),
    probe,
    decoder: () => new LlrpDecoder(),
  };
}

/** Keeps one LLRP reader reading. */
export class LlrpReader extends KeptReader {
  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    super(settings, llrp(parts), events, parts);
  }
}
