import type { PanelReader } from './model.ts';

/** What the set-up screen shows, asked for some times a second while somebody looks. Levels are dBm, instants epoch milliseconds. */
export interface SetUpState {
  /** The node's time. */
  readonly now: number;
  readonly readers: readonly SetUpReader[];
  /** Where people count, with its antennas; those of doors stand in PanelState. */
  readonly zones: readonly { readonly name: string; readonly antennas: readonly { readonly reader: string; readonly port: number }[] }[];
  /** Heard since the screen was opened or cleared, the newest first, at most TAGS_SHOWN. */
  readonly tags: readonly SetUpTag[];
  /** All of them, also those beyond TAGS_SHOWN; the longest unheard are forgotten first. */
  readonly tagsTotal: number;
  /** The antenna in front of which a tag is held; null while none is heard. */
  readonly nearest: Nearest | null;
  /** The settings file says more than this node does: it must be restarted. */
  readonly restartNeeded: boolean;
  /** Null while nobody has looked for readers. */
  readonly search: Search | null;
}

export const TAGS_SHOWN = 200;

/** A reader's health with what its antennas hear now. */
export interface SetUpReader extends PanelReader {
  readonly firmware?: string;
  readonly temperatureC?: number;
  readonly hears: readonly AntennaHearing[];
}

/** One antenna over the last seconds. */
export interface AntennaHearing {
  readonly port: number;
  readonly readsPerSecond: number;
  /** Mean level; null when it hears nothing. */
  readonly rssi: number | null;
}

export interface SetUpTag {
  readonly epc: string;
  readonly count: number;
  /** Who hears it best, or heard it last. */
  readonly reader: string;
  readonly port: number;
  /** Mean level there. */
  readonly rssi: number;
  readonly last: number;
}

export interface Nearest {
  readonly epc: string;
  readonly reader: string;
  readonly port: number;
  readonly rssi: number;
  /** The antenna that hears the same tag second best. */
  readonly next?: { readonly reader: string; readonly port: number; readonly rssi: number };
  /** It stands out from the second enough to be believed. */
  readonly clear: boolean;
}

export interface Search {
  readonly running: boolean;
  readonly done: number;
  readonly total: number;
  readonly results: readonly SearchResult[];
}

/** What answered at a link; `own`: a reader of this node is there already. */
export interface SearchResult {
  readonly link: string;
  readonly state: 'found' | 'own' | 'owned' | 'closed' | 'silent';
  /** Of a reader that was found: the model as settings name it, and as people do. */
  readonly model?: string;
  readonly name?: string;
  readonly firmware?: string;
  readonly baud?: number;
  readonly antennas?: readonly (AntennaHearing & { readonly connected: boolean | null })[];
  /** Complaints of the reader, or why none was found. */
  readonly text?: string;
}

/** The part of the settings that the form changes. */
export interface SetUpForm {
  /** Of the file: a change is refused when somebody else was faster. */
  readonly revision: string;
  readonly readers: readonly ({ readonly id: string } & ReaderFields)[];
  readonly doors: readonly { readonly id: string; readonly name: string; readonly antennas: readonly AntennaUse[] }[];
  readonly models: readonly string[];
  readonly regions: readonly string[];
}

export interface ReaderFields {
  readonly model: string;
  readonly link: string;
  readonly region: string;
  readonly powerCdbm: number;
  readonly session: number;
}

export interface AntennaUse {
  readonly reader: string;
  readonly port: number;
  readonly side: 'outside' | 'inside';
}

/** A reader as it shall be, and all its antennas. A reader that is not in the settings is added. */
export interface ReaderChange {
  readonly revision: string;
  readonly id: string;
  readonly reader: ReaderFields;
  readonly antennas: readonly { readonly door: string; readonly port: number; readonly side: 'outside' | 'inside' }[];
}

export interface Saved {
  /** The reader was started anew with its settings. */
  readonly restarted: boolean;
  /** Antennas of doors and new readers are taken up at the next start of the node. */
  readonly restartNeeded: boolean;
}

export interface RecordingWish {
  readonly what: 'bytes' | 'reads';
  readonly maxMb: number;
  readonly seconds: number;
}

export interface SetUpModel {
  /** Also says that somebody looks: only then tags are counted. `epc`: the tag whose antenna is looked for, else the loudest. */
  state(epc?: string): SetUpState;
  /** Counts tags from now on anew. */
  clear(): void;
  /** @throws Fault SETTINGS_FILE, SETTINGS_INVALID */
  form(): SetUpForm;
  /** @throws BodyFault naming the fields, Fault SETTINGS_CHANGED, SETTINGS_FILE, SETTINGS_WRITE */
  save(change: ReaderChange): Promise<Saved>;
  /** Looks for readers at a network address, or at the serial devices of this machine. @throws Fault SEARCH_RUNNING, LINK_ADDRESS */
  search(tcp: string | undefined): void;
  /** @throws Fault READER_UNKNOWN, TOO_MANY_RECORDINGS, RECORDING_BYTES */
  recording(reader: string, wish: RecordingWish): ReadableStream<Uint8Array>;
}
