/** What a message of a smart reader says, one object a fact. */
export type NetworkEvent =
  | Sighting
  /** A sighting that can't be used: a field is missing (the reader is set up not to send it) or no reader can have measured it. */
  | { readonly kind: 'refused'; readonly why: 'missing' | 'implausible'; readonly text: string }
  | { readonly kind: 'antenna'; readonly port: number; readonly connected: boolean }
  | { readonly kind: 'input'; readonly pin: number; readonly high: boolean }
  | { readonly kind: 'activity'; readonly state: 'reading' | 'idle' | 'ended'; readonly text: string }
  /** The reader says that it lost events, without saying how many. */
  | { readonly kind: 'overflow' }
  | Heartbeat
  | { readonly kind: 'warning'; readonly text: string }
  /** The answer to a command of this node. */
  | { readonly kind: 'reply'; readonly id: string; readonly success: boolean; readonly text: string }
  | { readonly kind: 'unknown'; readonly name: string };

export interface Sighting {
  readonly kind: 'read';
  /** Upper-case hexadecimal. */
  readonly epc: string;
  readonly antenna: number;
  /** dBm. */
  readonly rssi: number;
  /** Epoch milliseconds by the reader's clock, with fractions; null when it does not say. */
  readonly stamp: number | null;
  /** The reader's own number of the event; null when it numbers none. */
  readonly number: number | null;
  readonly tid?: string;
  /** Degrees. */
  readonly phase?: number;
  readonly kHz?: number;
}

export interface Heartbeat {
  readonly kind: 'heartbeat';
  readonly antennas: readonly { readonly port: number; readonly connected: boolean }[];
  readonly inputs: readonly { readonly pin: number; readonly high: boolean }[];
  readonly temperatureC: number | null;
  /** Messages that the reader has thrown away since it was switched on; null when it does not say. */
  readonly dropped: number | null;
  /** Messages that wait in the reader. */
  readonly retained: number | null;
  /** What is wrong with its radio; null when nothing is. */
  readonly radioFault: string | null;
  /** False while its radio does not read. */
  readonly active: boolean | null;
}

/** Reads one JSON value of a message. Pure; never throws; at most {@link MAX_EVENTS} events. */
export type EventsOf = (value: unknown) => NetworkEvent[];

/** Most events that one message may hold: ten seconds of the fastest reader. The rest would block the event loop. */
export const MAX_EVENTS = 5_000;
