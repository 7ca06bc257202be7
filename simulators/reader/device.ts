/** One tag answering one antenna. */
export interface Sighting {
  readonly epc: string;
  readonly antenna: number;
  /** dBm */
  readonly rssi: number;
  readonly phase?: number;
  readonly kHz?: number;
  /** Epoch milliseconds; without it, the moment it is streamed. */
  readonly at?: number;
}

/** A reader of one family without a line: bytes of the host in, answers and reads out. What it has wrong at first, a driver must set right. */
export interface EmulatedDevice {
  /** Tag records sent since it was made. */
  records: number;
  /** Antenna connectors. */
  readonly ports: number;
  /** The rate it listens at, where its line is serial. */
  readonly baud: number;
  /** Whether reads are being sent. */
  readonly streaming: boolean;
  /** Connects or removes an antenna. */
  antenna(port: number, connected: boolean): void;
  /** The level of an input, by pin as printed on it: a photo-eye. */
  input(pin: number, high: boolean): void;
  /** Levels of the outputs that the host has set, by pin. */
  readonly outputs: ReadonlyMap<number, boolean>;
  /** A host has opened the line (TCP): what the device says first. */
  greet?(now: number): Uint8Array[];
  /** Another host tries while one is connected: what it is told before the line closes on it. Without this the newer host replaces the older. */
  refuse?(now: number): Uint8Array[];
  /** Answers to what came from the host at `now`; a change of rate is valid from the next byte on. */
  hear(bytes: Uint8Array, now: number): Uint8Array[];
  /** What is sent unasked up to `now` with these sightings, oldest first. Asked often, also without sightings. */
  stream(now: number, sightings: readonly Sighting[]): Uint8Array[];
  /** Power fails and comes back: settings that are not stored are lost; what the device says then, if anything. */
  reboot(): Uint8Array | undefined;
}
