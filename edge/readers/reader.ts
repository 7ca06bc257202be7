import type { Read } from '../../protocol/read.ts';

export type ReaderState = 'connecting' | 'starting' | 'reading' | 'failed' | 'stopped';

export interface AntennaHealth {
  readonly port: number;
  /** null while the reader has not said. */
  readonly connected: boolean | null;
  /** Reads since the process started. */
  readonly reads: number;
  readonly fault?: string;
}

export interface ReaderHealth {
  readonly id: string;
  /** The configured family, or the model that answered. */
  readonly model: string;
  readonly state: ReaderState;
  /** The path or address, with the rate of a serial line. */
  readonly link: string;
  /** When `state` was entered, epoch milliseconds. */
  readonly since: number;
  readonly readsPerSecond: number;
  readonly antennas: readonly AntennaHealth[];
  /** Since the process started: nothing is lost in silence. */
  readonly errors: {
    /** Frames with a wrong checksum. */
    readonly crc: number;
    /** Times the place in the byte stream was lost. */
    readonly resync: number;
    /** Tag records whose own checksum was wrong, not counted as reads. */
    readonly tagCrc: number;
    /** Times the reader said that its buffer was full. */
    readonly bufferFull: number;
    /** Reads or events that the reader itself says it has dropped, or that its numbering shows to be missing. */
    readonly lost: number;
    /** Messages of a kind that this program does not know: ignored. Only of readers that send messages. */
    readonly unknown?: number;
  };
  readonly firmware?: string;
  /** Levels of the inputs (photo-eyes) that the reader has told, by pin. */
  readonly inputs?: readonly { readonly pin: number; readonly high: boolean }[];
  readonly temperatureC?: number;
  /** The last fault while it lasts. */
  readonly message?: { readonly code: string; readonly text: string };
}

/** What a reader hands on. The callbacks must not throw; they are called synchronously, in order. */
export interface ReaderEvents {
  /** At least one read, in order of `at`. */
  reads(readerId: string, reads: Read[]): void;
  /** After each change of state or fault, and about once a second while reading. */
  health(readerId: string, health: ReaderHealth): void;
  /** An input (a photo-eye) has another level than before, or is told for the first time; `at` in epoch milliseconds. */
  input?(readerId: string, pin: number, high: boolean, at: number): void;
}

/** A reader that is kept running: it connects, starts, watches, and starts again until it is stopped. */
export interface Reader {
  readonly id: string;
  start(): void;
  /** Ends the stream and closes the link; resolves within a few seconds even when the reader is gone. */
  stop(): Promise<void>;
  health(): ReaderHealth;
  /** Drives an output pin, a stack light behind a relay. @throws Fault READER_OUTPUT when the reader has none or is not reading */
  output(pin: number, high: boolean): Promise<void>;
}

export interface ReaderSettings {
  readonly id: string;
  /** A family of `readers/open.ts`. */
  readonly model: string;
  /** A device path, `tcp://host:port`, or `mqtt://name` for a reader that logs in to this node's broker under that name. */
  readonly link: string;
  /** What a reader on `mqtt://` logs in with. */
  readonly password?: string | undefined;
  /** Topics beside its own that it may publish to, for readers whose topics can't be chosen. */
  readonly topics?: readonly string[] | undefined;
  /** The rate to try first on a serial line; 115200 is what modules start with. */
  readonly baud?: number;
  /** The fastest rate that the adapter and cable carry; 921600. */
  readonly maxBaud?: number;
  /** Radio region by name, `EU3`. */
  readonly region: string;
  /** Read power in hundredths of a dBm, 2700. */
  readonly powerCdbm: number;
  /** Gen2 session 0 to 3; 0 and 1 suit a door. */
  readonly session: number;
  /** The antenna ports that doors use; without it, those that the reader detects. */
  readonly ports?: readonly number[];
  /**
   * Added to the raw level of a reader whose manual gives it no unit (uhf18), so that a tag in the doorway reads about -50; -129. What such a
   * reader hands on is a relative value: the tracker works on differences, and a door's `askDbm` is the one level it compares with.
   */
  readonly rssiOffset?: number | undefined;
  /** Read only while the photo-eye on input 1 is low, by the reader's own hand (uhf18 with a push mode); false. */
  readonly gated?: boolean | undefined;
  /** Input pins, as printed on the reader, that photo-eyes are wired to: a reader that does not tell their levels by itself is asked for them. */
  readonly inputs?: readonly number[];
  /** Output pins that drive lights. */
  readonly outputs?: readonly number[];
}
