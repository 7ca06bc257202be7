import {
  cycleEnd,
  type Frame,
  Multi,
  Op,
  REGIONS,
  reply,
  Status,
  type TagFields,
  ThingMagicCodec,
  tagRecord,
} from '../../../edge/readers/thingmagic/codec.ts';
import type { EmulatedDevice, Sighting } from '../device.ts';
import { M7E, type Personality } from './personality.ts';
import { PolledSearch } from './search.ts';
import { type ModuleSettings, POWER_CDBM, parseStart } from './settings.ts';

/** EU3 channels that a reader may use at full power (EN 302 208), kHz. */
const CHANNELS = [865_700, 866_300, 866_900, 867_500];
const BAUDS = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];
const FACTORY_BAUD = 115_200;
const APPLICATION = 2;
const TEMPERATURE_C = 41;
const PINS = 4;
const FACTORY: ModuleSettings = { baud: FACTORY_BAUD, region: 0, power: 0, session: 0, gen2: false, filter: true, list: [] };

/**
 * A ThingMagic module without a line: commands in, answers and stream out. It has what a driver has to cope with: settings that start wrong
 * (no region, filter on), a stream that goes on without a host, and commands that must be wrapped while it streams. Its personality
 * says which generation it is.
 */
export class EmulatedModule implements EmulatedDevice {
  /** Records streamed since it was made. */
  records = 0;
  readonly ports: number;
  readonly outputs = new Map<number, boolean>();
  /** Pins that the host has made outputs (true) or inputs. */
  readonly directions = new Map<number, boolean>();
  temperatureC = TEMPERATURE_C;
  readonly #personality: Personality;
  readonly #search: PolledSearch;
  readonly #connected: Set<number>;
  readonly #codec = new ThingMagicCodec('commands');
  #settings: ModuleSettings = FACTORY;
  #stream: { readonly cycleMs: number; readonly metadata: number; readonly search: number } | undefined;
  #cycleFrom = 0;
  #seen = new Set<string>();
  #channel = 0;
  #inputs = 0;
  /** What the module's clock is ahead. */
  #ahead = 0;
  #said: number[] = [];
  /** Heard during a polled search: answered behind it. */
  #waiting: Frame[] = [];

  /** `ports` antenna connectors, of which `connected` have an antenna. */
  constructor(ports: number, connected: readonly number[], personality: Personality = M7E) {
    this.ports = ports;
    this.#personality = personality;
    this.#search = new PolledSearch(personality.bufferTags);
    this.#connected = new Set(connected);
  }

  get settings(): ModuleSettings {
    return this.#settings;
  }

  get baud(): number {
    return this.#settings.baud;
  }

  get streaming(): boolean {
    return this.#stream !== undefined || this.#search.running;
  }

  /** The module's clock jumps: its time stamps are that many milliseconds more, or less, from now on. */
  jump(ms: number): void {
    this.#ahead += ms;
  }

  /** Reports a fault in its stream (0601 buffer full, 0504 over temperature) with what it sends next. */
  report(status: number): void {
    this.#said.push(status);
  }

  /** Connects or removes an antenna. */
  antenna(port: number, connected: boolean): void {
    if (connected) this.#connected.add(port);
    else this.#connected.delete(port);
  }

  /** The level of input pin 1 to 4: a photo-eye. */
  input(pin: number, high: boolean): void {
    this.#inputs = high ? this.#inputs | (1 << (pin - 1)) : this.#inputs & ~(1 << (pin - 1));
  }

  /** Power fails and comes back: all settings are lost, and the firmware says that it has started. */
  reboot(): Uint8Array {
    this.#stream = undefined;
    this.#settings = FACTORY;
    this.outputs.clear();
    this.directions.clear();
    this.#ahead = 0;
    this.#waiting = [];
    this.#search.end(Number.POSITIVE_INFINITY);
    this.#search.clear();
    return reply(Op.BOOT_FIRMWARE, Status.OK, ...this.#personality.version);
  }

  /** Answers to what came from the host at `now`; a change of rate is valid from the next byte on. */
  hear(bytes: Uint8Array, now: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const frame of this.#codec.push(bytes)) {
      if (this.#search.running) this.#waiting.push(frame);
      else this.#command(frame, now, out);
    }
    return out;
  }

  #command(frame: Frame, now: number, out: Uint8Array[]): void {
    const data = frame.bytes.slice(frame.data, frame.data + frame.length);
    if (frame.op === Op.MULTI_PROTOCOL && this.#personality.streams) this.#multi(frame, data, now, out);
    else if (this.#stream !== undefined)
      return; // Firmware that streams hears only wrapped commands.
    else if (frame.op === Op.READ_MULTIPLE && this.#settings.region !== 0) this.#search.begin(now, ((data[3] ?? 0) << 8) | (data[4] ?? 0));
    else if (frame.op === Op.TAG_BUFFER) out.push(this.#search.fetch(((data[0] ?? 0) << 8) | (data[1] ?? 0)));
    else out.push(reply(frame.op, ...this.#answer(frame.op, data)));
  }

  #multi(frame: Frame, data: Uint8Array, now: number, out: Uint8Array[]): void {
    if (data[2] === Multi.STOP) {
      this.#stream = undefined;
      out.push(reply(Op.MULTI_PROTOCOL, Status.OK, Multi.STOP));
    } else if (data[2] === Multi.WRAPPED) {
      if (!this.#personality.wraps) return;
      const op = data[4] ?? 0;
      const [status, ...answer] = this.#answer(op, data.slice(5));
      out.push(reply(Op.MULTI_PROTOCOL, Status.OK, Multi.WRAPPED, answer.length, op, status >> 8, status & 0xff, ...answer));
    } else if (this.#stream === undefined) {
      const start = parseStart(data);
      const status = start === undefined ? Status.BAD_PARAMETER : this.#settings.region === 0 ? Status.RADIO_OFF : Status.OK;
      out.push(reply(frame.op, status, ...(status === Status.OK ? [Multi.START] : [])));
      if (start === undefined || status !== Status.OK) return;
      this.#stream = start;
      this.#cycleFrom = now;
      this.#seen = new Set();
    }
  }

  #answer(op: number, data: Uint8Array): [number, ...number[]] {
    const set = (change: Partial<ModuleSettings>): [number] => {
      this.#settings = { ...this.#settings, ...change };
      return [Status.OK];
    };
    const word = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    switch (op) {
      case Op.VERSION:
      case Op.BOOT_FIRMWARE:
        return [Status.OK, ...this.#personality.version];
      case Op.CURRENT_PROGRAM:
        return [Status.OK, APPLICATION];
      case Op.TEMPERATURE:
        return [Status.OK, this.temperatureC & 0xff];
      case Op.SET_BAUD: {
        const baud = word * 0x10000 + (((data[2] ?? 0) << 8) | (data[3] ?? 0));
        return BAUDS.includes(baud) ? set({ baud }) : [Status.BAD_BAUD];
      }
      case Op.SET_REGION:
        return Object.values(REGIONS).includes(data[0] ?? 0) ? set({ region: data[0] ?? 0 }) : [Status.BAD_REGION];
      case Op.SET_PROTOCOL:
        return word === 5 ? set({ gen2: true }) : [0x0402];
      case Op.GET_ANTENNA:
        if (data[0] !== 5) return [Status.BAD_PARAMETER];
        return [Status.OK, 5, ...Array.from({ length: this.ports }, (_, i) => [i + 1, this.#connected.has(i + 1) ? 1 : 0]).flat()];
      case Op.SET_ANTENNA: {
        const list = [...data.slice(1)].filter((_, i) => i % 2 === 0);
        return data[0] === 2 && list.length > 0 && list.every((port) => port >= 1 && port <= this.ports) ? set({ list }) : [0x0507];
      }
      case Op.SET_READ_POWER:
        if (word > POWER_CDBM.max) return [0x0103];
        return word < POWER_CDBM.min ? [0x0106] : set({ power: word });
      case Op.SET_READER_PARAM:
        if (!this.#personality.streams) return [Status.BAD_PARAMETER];
        return data[1] === 0x0c ? set({ filter: data[2] !== 0 }) : [Status.OK];
      case Op.SET_PROTOCOL_PARAM:
        return data[1] === 0 ? set({ session: data[2] ?? 0 }) : [Status.OK];
      case Op.GPIO:
        if (data.length === 2) this.outputs.set(data[0] ?? 0, data[1] === 1);
        else if (data[0] === 1) this.directions.set(data[1] ?? 0, data[2] === 1);
        return [Status.OK];
      case Op.GET_GPIO:
        return [Status.OK, 1, ...Array.from({ length: PINS }, (_, i) => this.#pin(i + 1)).flat()];
      case Op.CLEAR_TAG_BUFFER:
        this.#search.clear();
        return [Status.OK];
      case Op.READ_MULTIPLE:
        return [Status.RADIO_OFF];
      default:
        return [Status.BAD_OPCODE];
    }
  }

  #pin(pin: number): [number, number, number] {
    const output = this.directions.get(pin) ?? false;
    const high = output ? (this.outputs.get(pin) ?? false) : ((this.#inputs >> (pin - 1)) & 1) === 1;
    return [pin, output ? 1 : 0, high ? 1 : 0];
  }

  /** The stream up to `now` with these sightings, oldest first. Empty while it neither streams nor searches. */
  stream(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    if (this.#search.running) return this.#searched(now, sightings);
    const out: Uint8Array[] = [];
    const stream = this.#stream;
    if (stream === undefined) return out;
    out.push(...this.#said.splice(0).map((status) => reply(Op.READ_MULTIPLE, status)));
    let next = 0;
    for (;;) {
      const end = this.#cycleFrom + stream.cycleMs;
      for (; next < sightings.length; next++) {
        const sighting = sightings[next] as Sighting;
        if ((sighting.at ?? now) >= end) break;
        const fields = this.#fields(sighting, now, this.#cycleFrom);
        if (fields !== undefined) out.push(tagRecord(fields, stream.metadata, stream.search));
      }
      if (end > now) return out;
      for (const port of this.#settings.list) {
        if (!this.#connected.has(port)) out.push(reply(Op.READ_MULTIPLE, Status.ANTENNA_MISSING));
      }
      out.push(cycleEnd());
      this.#cycleFrom = end;
    }
  }

  #searched(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    for (const sighting of sightings) {
      const fields = this.#fields(sighting, now, this.#search.from);
      if (fields !== undefined) this.#search.see(fields);
    }
    if (this.#settings.list.some((port) => !this.#connected.has(port))) this.#search.miss();
    const answer = this.#search.end(now);
    if (answer === undefined) return [];
    const out = [...this.#said.splice(0, 1).map((status) => reply(Op.READ_MULTIPLE, status))];
    if (out.length === 0) out.push(answer);
    while (!this.#search.running) {
      const frame = this.#waiting.shift();
      if (frame === undefined) break;
      this.#command(frame, now, out);
    }
    return out;
  }

  #fields(sighting: Sighting, now: number, from: number): TagFields | undefined {
    const { epc, antenna, rssi } = sighting;
    if (!this.#settings.list.includes(antenna) || !this.#connected.has(antenna)) return undefined;
    if (this.#settings.filter && this.#personality.streams) {
      if (this.#seen.has(epc)) return undefined;
      this.#seen.add(epc);
    }
    this.#channel = (this.#channel + 1) % CHANNELS.length;
    this.records++;
    return {
      epc,
      antenna,
      rssi,
      timestamp: Math.max(0, Math.round((sighting.at ?? now) - from) + this.#ahead),
      kHz: sighting.kHz ?? (CHANNELS[this.#channel] as number),
      phase: sighting.phase ?? 0,
      gpio: 0x0f | (this.#inputs << 4),
    };
  }
}
