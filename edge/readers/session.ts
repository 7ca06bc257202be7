import type { Read } from '../../protocol/read.ts';
import type { ByteLink, OpenLink } from './link/link.ts';
import type { Probe } from './probe.ts';
import type { ReaderSettings } from './reader.ts';
import type { DecoderSettings, ReadsOfBytes } from './reads.ts';

/** What a session tells the reader that owns it. Nothing is called before `start` or after the session has ended. */
export interface SessionEvents {
  /** At least one read, oldest first. */
  reads(reads: Read[]): void;
  /** A fault that does not end the session; undefined when it is over. It is shown for ten seconds after it was last told. */
  warned(code: string | undefined, text?: string): void;
  /** Levels of the inputs that the reader has told, by pin as printed on it. Told again although nothing has changed. */
  inputs(levels: readonly InputLevel[]): void;
  /** What the reader says of its antennas, unasked. */
  antennas(states: readonly AntennaState[]): void;
}

export interface InputLevel {
  readonly pin: number;
  readonly high: boolean;
}

export interface AntennaState {
  readonly port: number;
  /** null when the reader could not tell. */
  readonly connected: boolean | null;
}

/** What is known of a reader after start-up. */
export interface Started {
  /** Model as people name it. */
  readonly model: string;
  readonly firmware?: string;
  /** The rate of a serial line now; undefined on a network link. */
  readonly baud?: number;
  readonly antennas: readonly AntennaState[];
}

/** Counters of one session, from 0 at its start. */
export interface SessionCounters {
  /** Frames lost to a wrong checksum. */
  readonly crc: number;
  /** Times the place in the byte stream was lost. */
  readonly resync: number;
  /** Tag records that contradict themselves (a wrong tag CRC, lengths that do not fit): not counted as reads. */
  readonly ghosts: number;
  /** Times the reader said that its buffer was full. */
  readonly bufferFull: number;
  /** Reads or events that the reader says it has dropped. */
  readonly lost: number;
  /** Messages of unknown kinds, where a reader sends messages. */
  readonly unknown?: number;
}

/** One connection to one reader, from the open link to its loss. A new connection is a new session: nothing carries over. */
export interface ReaderSession {
  /** Rejects with the Fault that ends the session; never resolves. */
  readonly ended: Promise<never>;
  data(chunk: Uint8Array): void;
  /** The link went away. */
  lost(reason: string): void;
  /** Brings the reader to its stream. `knownBaud` is the rate that worked last. @throws Fault when it does not */
  start(settings: ReaderSettings, knownBaud: number | undefined): Promise<Started>;
  /** Called every {@link TICK_MS}: unfinished frames that time out, watchdogs, re-arming, polling of inputs. */
  tick(): void;
  /** Called every 30 s while reading, and soon after an antenna warning. Must not disturb the stream. */
  check(): Promise<{ readonly antennas?: readonly AntennaState[]; readonly temperatureC?: number }>;
  /** Drives an output pin without ending the stream. @throws Fault READER_OUTPUT */
  output(pin: number, high: boolean): Promise<void>;
  counters(): SessionCounters;
  /** Ends start-up or reading because this side wants to stop: `ended` rejects, `start` too; `stop` follows. */
  interrupt(): void;
  /** Ends the stream and closes the link; resolves within a few seconds even when the reader is gone. */
  stop(): Promise<void>;
}

export const TICK_MS = 100;

/** What a family of readers brings; the rest of a reader's life is the same for all (kept.ts). */
export interface Family {
  /** What a serial line is opened at when nothing better is known. */
  readonly defaultBaud: number;
  /** Set for a family that is only on the network: the port that is meant when the link names none. */
  readonly network?: { readonly port: number };
  /** Makes the session of an open link. It sends nothing before `start`. */
  session(link: ByteLink, name: string, events: SessionEvents, now: () => number): ReaderSession;
  /** How to find such a reader on an unknown line; without it the probe passes this family over. */
  readonly probe?: Probe;
  /** Makes what turns the recorded bytes of a reader into reads again; without it only its reads can be played back. */
  decoder?(settings: DecoderSettings): ReadsOfBytes;
}

/** Parts that tests replace. */
export interface ReaderParts {
  readonly open?: OpenLink;
  readonly now?: () => number;
}
