import { realpathSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../protocol/fault.ts';
import type { Log } from '../log.ts';
import type {
  ReaderChange,
  RecordingWish,
  Saved,
  SearchResult,
  SetUpForm,
  SetUpModel,
  SetUpReader,
  SetUpState,
} from '../panel/setupmodel.ts';
import { networkPath } from '../readers/link/tcp.ts';
import { LLRP_PORT } from '../readers/llrp/codec.ts';
import { isNetworkModel } from '../readers/network/inlet.ts';
import { FAMILIES, type OpenParts } from '../readers/open.ts';
import type { ReaderEvents, ReaderSettings } from '../readers/reader.ts';
import { REGIONS } from '../readers/thingmagic/codec.ts';
import { type Settings, zoneAntennas } from '../settings.ts';
import { Hearing } from './hearing.ts';
import { serialPorts } from './ports.ts';
import { type Probed, probeLink } from './probe.ts';
import { recording } from './recording/recorder.ts';
import { doorsOf } from './recording/tape.ts';
import { ReplaceableReader } from './replaceable.ts';
import { readSettings, saveReader } from './settingsfile.ts';

export interface SetUpOptions {
  readonly settings: Settings;
  /** The settings file; undefined where the settings came from elsewhere and can't be saved. */
  readonly file: string | undefined;
  /** What the settings say to a reader's driver. */
  readonly readersOf: (settings: Settings) => readonly ReaderSettings[];
  readonly events: ReaderEvents;
  readonly parts?: OpenParts;
  readonly log: Log;
  readonly now?: () => number;
  /** How links are looked for and looked at; replaced in tests. */
  readonly ports?: () => readonly string[];
  readonly probe?: typeof probeLink;
}

interface Looking {
  running: boolean;
  readonly total: number;
  readonly results: SearchResult[];
  /** The found readers transmit in it. */
  readonly region: string;
}

/** Each is a copy of all that goes over a line. */
const MAX_RECORDINGS = 4;

/** What a technician does with the readers of a running node: looks, listens, finds, changes, records. */
export class SetUp implements SetUpModel {
  readonly readers: readonly ReplaceableReader[];
  readonly #options: SetUpOptions;
  readonly #hearing = new Hearing();
  readonly #zones: SetUpState['zones'];
  readonly #now: () => number;
  #restartNeeded = false;
  #recordings = 0;
  #search: Looking | null = null;
  #stopSearch = new AbortController();

  constructor(options: SetUpOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { settings } = options;
    this.#zones = settings.zones.map((zone) => ({ name: zone.name, antennas: zoneAntennas(settings, zone) }));
    const heard = this.#hearing.reads.bind(this.#hearing);
    this.readers = options.readersOf(options.settings).map((one) => new ReplaceableReader(one, options.events, heard, options.parts));
  }

  state(epc?: string): SetUpState {
    const now = this.#now();
    this.#hearing.watch(now);
    const search = this.#search;
    return {
      now,
      readers: this.readers.map((reader) => this.#reader(reader, now)),
      zones: this.#zones,
      tags: this.#hearing.tags(now),
      tagsTotal: this.#hearing.tagsTotal,
      nearest: this.#hearing.nearest(now, epc),
      restartNeeded: this.#restartNeeded,
      search: search && { running: search.running, done: search.results.length, total: search.total, results: search.results },
    };
  }

  #reader(reader: ReplaceableReader, now: number): SetUpReader {
    const health = reader.health();
    return { ...health, hears: health.antennas.map(({ port }) => this.#hearing.antenna(reader.id, port, now)) };
  }

  clear(): void {
    this.#hearing.clear();
  }

  form(): SetUpForm {
    const { revision, settings } = readSettings(this.#file());
    return {
      revision,
      readers: settings.readers.map(({ id, model, link, region, powerCdbm, session }) => ({ id, model, link, region, powerCdbm, session })),
      doors: settings.doors.map(({ id, name, antennas }) => ({ id, name, antennas })),
      models: [...new Set([...FAMILIES.keys(), ...settings.readers.map(({ model }) => model)])],
      regions: Object.keys(REGIONS),
    };
  }

  #file(): string {
    const { file } = this.#options;
    if (file === undefined) throw new Fault('SETTINGS_FILE', 'this node was started without a settings file: there is nothing to change');
    return file;
  }

  async save(change: ReaderChange): Promise<Saved> {
    const { log, readersOf } = this.#options;
    const settings = await saveReader(this.#file(), change);
    log('settings.saved', { reader: change.id });
    const next = readersOf(settings).find(({ id }) => id === change.id);
    const reader = this.readers.find(({ id }) => id === change.id);
    this.#restartNeeded = this.#waits(settings);
    if (reader === undefined || next === undefined) return { restarted: false, restartNeeded: this.#restartNeeded };
    // The doors of this process stay as they were: so do the ports that the reader searches.
    const now = { ...next, ports: reader.settings.ports ?? [] };
    const lasting = isNetworkModel(now.model) || reader.network !== undefined;
    const restarted = !lasting && !isDeepStrictEqual(now, reader.settings);
    if (restarted) {
      // Not waited for: a reader that is gone takes seconds to stop, and the screen shows how it starts.
      reader.replace(now).catch((error: unknown) => log('reader.replace', { reader: change.id, text: String(error) }));
    }
    return { restarted, restartNeeded: this.#restartNeeded };
  }

  /**
   * Whether the file says something that only the next start takes up: doors keep the memory of their antennas, and are made once; the
   * broker knows the readers that publish to it by their names and passwords.
   */
  #waits(next: Settings): boolean {
    const fixed = ({ doors, readers }: Settings): unknown => [
      doors.map((door) => [door.id, door.antennas]),
      readers.map((reader) => (isNetworkModel(reader.model) ? reader : reader.id)),
    ];
    return !isDeepStrictEqual(fixed(next), fixed(this.#options.settings));
  }

  search(tcp: string | undefined): void {
    if (this.#search?.running === true) throw new Fault('SEARCH_RUNNING', 'readers are being looked for already: wait for the end');
    const { ports = serialPorts } = this.#options;
    const links = tcp === undefined ? ports() : [networkPath(`tcp://${tcp.replace(/^tcp:\/\//, '')}`, LLRP_PORT)];
    const region = this.#options.settings.readers[0]?.region ?? 'EU3';
    this.#search = { running: true, total: links.length, results: [], region };
    this.#stopSearch = new AbortController();
    void this.#look(links, this.#search, this.#stopSearch.signal);
  }

  async #look(links: readonly string[], search: Looking, stop: AbortSignal): Promise<void> {
    const { probe = probeLink } = this.#options;
    for (const link of links) {
      if (stop.aborted) break;
      const own = this.readers.find(({ settings }) => device(settings.link) === device(link));
      search.results.push(
        own === undefined ? resultOf(await probe(link, { region: search.region, stop })) : { link, state: 'own', name: own.id },
      );
    }
    search.running = false;
  }

  recording(id: string, { what, maxMb, seconds }: RecordingWish): ReadableStream<Uint8Array> {
    const reader = this.readers.find((one) => one.id === id);
    if (reader === undefined) throw new Fault('READER_UNKNOWN', `this node has no reader ${id}`);
    if (this.#recordings >= MAX_RECORDINGS) {
      throw new Fault('TOO_MANY_RECORDINGS', `${MAX_RECORDINGS} recordings are being made already: end one`);
    }
    if (what === 'bytes' && reader.network !== undefined) {
      throw new Fault('RECORDING_BYTES', `${id} publishes to the broker and has no bytes of its own: record its reads`);
    }
    const { model, link, rssiOffset, ports = [] } = reader.settings;
    const start = this.#now();
    const decoding = rssiOffset === undefined ? { ports } : { ports, rssiOffset };
    const doors = doorsOf(this.#options.settings, id);
    const header = { v: 1 as const, what, reader: id, model, link, ...decoding, start, doors };
    this.#recordings++;
    this.#options.log('recording.started', { reader: id, what, maxMb, seconds });
    return recording(reader.tap, header, { maxBytes: maxMb * 1_000_000, maxMs: seconds * 1_000 }, this.#now, (reason) => {
      this.#recordings--;
      this.#options.log('recording.ended', { reader: id, reason: reason ?? 'left' });
    });
  }

  /** Ends a search; the readers are stopped by their owner. */
  stop(): void {
    this.#stopSearch.abort();
  }
}

/** The device behind a name that udev gave it. */
function device(link: string): string {
  try {
    return realpathSync(link);
  } catch {
    return link;
  }
}

function resultOf(probed: Probed): SearchResult {
  const { link, state } = probed;
  if (probed.state !== 'found') return { link, state, text: probed.text };
  const { family, reader, baud, sample = [], faults } = probed;
  const ports = [...new Set([...reader.antennas, ...sample].map(({ port }) => port))].sort((a, b) => a - b);
  return {
    ...{ link, state, model: family, name: reader.model },
    ...(reader.firmware === undefined ? {} : { firmware: reader.firmware }),
    ...(baud === undefined ? {} : { baud }),
    antennas: ports.map((port) => {
      const heard = sample.find((one) => one.port === port);
      const connected = reader.antennas.find((one) => one.port === port)?.connected ?? null;
      return { port, connected, readsPerSecond: heard?.readsPerSecond ?? 0, rssi: heard?.rssi ?? null };
    }),
    ...(faults.length === 0 ? {} : { text: faults.join('; ') }),
  };
}
