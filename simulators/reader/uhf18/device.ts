import {
  BAUDS,
  Cmd,
  type Frame,
  infoData,
  inventoryReply18,
  inventoryReply288,
  Mode,
  pushHeartbeat,
  pushTag,
  reply,
  Status,
  type TagFields,
  Uhf18Codec,
} from '../../../edge/readers/uhf18/codec.ts';
import type { EmulatedDevice, Sighting } from '../device.ts';

/** 288: pushes and answers; 86: answers only; 18: one antenna, no levels. */
export type Uhf18Model = '18' | '86' | '288';

const TYPES: Readonly<Record<Uhf18Model, number>> = { '18': 0x09, '86': 0x0f, '288': 0x20 };
const FACTORY_BAUD = 57_600;
/** Band EU, all channels. */
const FACTORY_REGION: readonly [number, number] = [0x4e, 0x00];
const FACTORY_POWER = 26;
const MAX_POWER = 30;
/** A factory setting that a driver must change: repeats are held back for so many seconds. */
const FACTORY_FILTER_S = 3;
const STEP_MS = 100;
const HEARTBEAT_STEP_MS = 30_000;
/** A round that finds all its tags ends earlier than its scan time. */
const ROUND_MS = 40;
const TEMPERATURE_C = 38;
/** Raw level of 0 dBm: what the driver's usual offset undoes. */
const RSSI_ZERO = 129;
/** Tags that fit into one frame of a round. */
const TAGS_IN_FRAME = 8;
const GOOD_LOSS_DB = 18;
const OPEN_LOSS_DB = 1;

/** What survives a loss of power. */
interface Stored {
  baud: number;
  region: readonly [number, number];
  power: number;
  mask: number;
  checks: boolean;
  scan: number;
  mode: number;
  /** Protocol, pause, filter, Q, session. */
  parameters: readonly number[];
  heartbeat: number;
}

interface Round {
  readonly cmd: number;
  readonly port: number;
  readonly ends: number;
  readonly tags: TagFields[];
}

/** A UHFReader18, 86 or 288 without a line. It is slow where they are: while it is busy with a round it hears nothing. */
export class EmulatedUhfReader implements EmulatedDevice {
  records = 0;
  readonly ports: number;
  readonly outputs = new Map<number, boolean>();
  /** Commands heard, for tests: command byte and data. */
  readonly heard: { readonly cmd: number; readonly data: readonly number[] }[] = [];
  readonly #model: Uhf18Model;
  readonly #connected: Set<number>;
  readonly #codec = new Uhf18Codec('commands');
  readonly #stored: Stored;
  #power: number;
  #mask: number;
  #inputs = 0b11;
  #pins = 0b11;
  #round: Round | undefined;
  #lastTag = 0;
  #packet = 0;
  #total = 0;
  #held = new Map<string, number>();

  /** `ports` antenna connectors, of which `connected` have an antenna. */
  constructor(ports: number, connected: readonly number[], model: Uhf18Model = '288') {
    this.#model = model;
    this.ports = model === '18' ? 1 : ports;
    this.#connected = new Set(connected);
    this.#stored = {
      baud: FACTORY_BAUD,
      region: FACTORY_REGION,
      power: FACTORY_POWER,
      mask: 1,
      checks: false,
      scan: 10,
      mode: Mode.ANSWER,
      parameters: [0, 0, FACTORY_FILTER_S, 4, 0],
      heartbeat: 0,
    };
    this.#power = FACTORY_POWER;
    this.#mask = 1;
  }

  /** What the host has set. */
  get settings(): Readonly<Stored> & { readonly activePower: number; readonly activeMask: number } {
    return { ...this.#stored, activePower: this.#power, activeMask: this.#mask };
  }

  get baud(): number {
    return this.#stored.baud;
  }

  get streaming(): boolean {
    return this.#stored.mode !== Mode.ANSWER || this.#round !== undefined;
  }

  antenna(port: number, connected: boolean): void {
    if (connected) this.#connected.add(port);
    else this.#connected.delete(port);
  }

  input(pin: number, high: boolean): void {
    this.#inputs = high ? this.#inputs | (1 << (pin - 1)) : this.#inputs & ~(1 << (pin - 1));
  }

  /** Power fails and comes back: the reader says nothing, and goes on in its stored mode with its stored power and antennas. */
  reboot(): undefined {
    this.#power = this.#stored.power;
    this.#mask = this.#stored.mask;
    this.#round = undefined;
    this.#packet = 0;
    this.#held.clear();
    this.#pins = 0b11;
  }

  hear(bytes: Uint8Array, now: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const frame of this.#codec.push(bytes)) {
      if (this.#round !== undefined) continue;
      const answer = this.#answer(frame, now);
      if (answer !== undefined) out.push(answer);
    }
    // Every command comes in one piece: what is left over is a frame that was damaged.
    this.#codec.lull();
    return out;
  }

  #answer({ cmd, bytes, data: at, length }: Frame, now: number): Uint8Array | undefined {
    const data = [...bytes.subarray(at, at + length)];
    this.heard.push({ cmd, data });
    const stored = this.#stored;
    const pushes = stored.mode !== Mode.ANSWER;
    if (pushes && cmd !== Cmd.INFO && cmd !== Cmd.WORK_MODE && cmd !== Cmd.READ_PARAMETERS) return undefined;
    if (cmd === Cmd.INVENTORY) return this.#begin(data, now);
    const status = this.#model === '288' || OLD_COMMANDS.has(cmd) ? this.#set(cmd, data, now) : Status.BAD_COMMAND;
    if (status === Status.BAD_COMMAND) return reply(Cmd.NONE, status);
    return reply(cmd, status, status === Status.OK ? this.#told(cmd, data) : []);
  }

  #begin(data: readonly number[], now: number): Uint8Array | undefined {
    const plain = this.#model === '18';
    if (plain ? data.length !== 0 : data.length !== 9) return reply(Cmd.INVENTORY, Status.LENGTH);
    const port = plain ? 1 : ((data[7] ?? 0x80) & 0x7f) + 1;
    if (port > this.ports) return reply(Cmd.INVENTORY, Status.PARAMETER);
    if (this.#stored.checks && !this.#connected.has(port)) return reply(Cmd.INVENTORY, Status.ANTENNA);
    const scan = plain ? this.#stored.scan : (data[8] ?? 0);
    this.#round = { cmd: Cmd.INVENTORY, port, ends: now + Math.min(ROUND_MS, scan * STEP_MS), tags: [] };
    return undefined;
  }

  /** Carries out what changes something. */
  #set(cmd: number, data: readonly number[], now: number): number {
    const stored = this.#stored;
    const first = data[0] ?? 0;
    switch (cmd) {
      case Cmd.BAUD: {
        const rate = Object.entries(BAUDS).find(([, code]) => code === first)?.[0];
        if (rate === undefined) return Status.PARAMETER;
        stored.baud = Number(rate);
        break;
      }
      case Cmd.REGION:
        stored.region = [first, data[1] ?? 0];
        break;
      case Cmd.POWER:
        if ((first & 0x7f) > MAX_POWER) return Status.PARAMETER;
        this.#power = first & 0x7f;
        if (first < 0x80) stored.power = first;
        break;
      case Cmd.ANTENNAS: {
        const mask = this.ports > 4 ? first : first & 0x7f;
        if (mask === 0 || mask >> this.ports !== 0) return Status.PARAMETER;
        this.#mask = mask;
        if (this.ports > 4 || first < 0x80) stored.mask = mask;
        break;
      }
      case Cmd.SCAN_TIME:
        stored.scan = first;
        break;
      case Cmd.ANTENNA_CHECK:
        stored.checks = first !== 0;
        break;
      case Cmd.OUTPUTS:
        this.#pins = first & 3;
        for (const pin of [1, 2]) this.outputs.set(pin, ((first >> (pin - 1)) & 1) === 1);
        break;
      case Cmd.PUSH_PARAMETERS:
        if (data.length < 5) return Status.LENGTH;
        stored.parameters = data.slice(0, 5);
        break;
      case Cmd.WORK_MODE:
        if (first > Mode.GATED) return Status.PARAMETER;
        stored.mode = first;
        this.#lastTag = now;
        this.#held.clear();
        break;
      case Cmd.HEARTBEAT_TIME:
        if (first & 0x80) stored.heartbeat = first & 0x7f;
        break;
      case Cmd.INFO:
      case Cmd.PINS:
      case Cmd.READ_PARAMETERS:
      case Cmd.TEMPERATURE:
      case Cmd.RETURN_LOSS:
        break;
      default:
        return Status.BAD_COMMAND;
    }
    return Status.OK;
  }

  /** The data of an answer with status 00. */
  #told(cmd: number, data: readonly number[]): number[] {
    const stored = this.#stored;
    switch (cmd) {
      case Cmd.INFO: {
        const [max, min] = stored.region;
        const type = TYPES[this.#model];
        const common = { version: [1, 15], type, protocols: 3, max, min, powerDbm: this.#power, scanTime: stored.scan } as const;
        return infoData(this.#model === '18' ? common : { ...common, mask: this.#mask, checksAntennas: stored.checks });
      }
      case Cmd.PINS:
        return [this.#inputs | (this.#pins << 4)];
      case Cmd.READ_PARAMETERS:
        return [stored.mode, ...stored.parameters];
      case Cmd.HEARTBEAT_TIME:
        return [stored.heartbeat];
      case Cmd.TEMPERATURE:
        return [1, TEMPERATURE_C];
      case Cmd.RETURN_LOSS:
        return [this.#connected.has((data[4] ?? 0) + 1) ? GOOD_LOSS_DB : OPEN_LOSS_DB];
      default:
        return [];
    }
  }

  stream(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    return this.#stored.mode === Mode.ANSWER ? this.#finish(now, sightings) : this.#push(now, sightings);
  }

  #push(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    const { mode, parameters, heartbeat } = this.#stored;
    const out: Uint8Array[] = [];
    // Gated: only while input 1 is low.
    if (mode === Mode.GATED && this.#inputs & 1) return out;
    const filterMs = (parameters[2] ?? 0) * 1_000;
    for (const { epc, antenna, rssi } of sightings) {
      const bit = 1 << (antenna - 1);
      if (!(this.#mask & bit) || !this.#connected.has(antenna)) continue;
      const last = this.#held.get(epc);
      if (filterMs > 0 && last !== undefined && now - last < filterMs) continue;
      if (filterMs > 0) this.#held.set(epc, now);
      this.#lastTag = now;
      this.#total++;
      this.records++;
      out.push(pushTag(bit, { epc, rssi: rssi + RSSI_ZERO }));
    }
    if (heartbeat > 0 && now - this.#lastTag >= heartbeat * HEARTBEAT_STEP_MS) {
      this.#lastTag = now;
      out.push(this.beat());
    }
    return out;
  }

  /** A heartbeat, now. */
  beat(): Uint8Array {
    const antennas = Array.from({ length: Math.max(4, this.ports) }, (_, i) => {
      if (!(this.#mask & (1 << i))) return 'idle' as const;
      return this.#connected.has(i + 1) ? ('ok' as const) : ('disconnected' as const);
    });
    return pushHeartbeat({ packet: ++this.#packet, antennas, total: this.#total });
  }

  /** The answer to a round, when its time is over: frames of some tags each, and a last one without. */
  #finish(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    const round = this.#round;
    if (round === undefined) return [];
    const seen = new Set(round.tags.map(({ epc }) => epc));
    for (const { epc, antenna, rssi } of sightings) {
      // A round reads each tag once.
      if (antenna !== round.port || !this.#connected.has(antenna) || seen.has(epc)) continue;
      seen.add(epc);
      round.tags.push({ epc, rssi: rssi + RSSI_ZERO });
      this.records++;
    }
    if (now < round.ends) return [];
    this.#round = undefined;
    const out: Uint8Array[] = [];
    const mask = 1 << (round.port - 1);
    for (let i = 0; i < round.tags.length; i += TAGS_IN_FRAME) {
      const tags = round.tags.slice(i, i + TAGS_IN_FRAME);
      out.push(
        this.#model === '18'
          ? inventoryReply18(
              Status.MORE,
              tags.map(({ epc }) => epc),
            )
          : inventoryReply288(Status.MORE, mask, tags),
      );
    }
    if (this.#model !== '18') out.push(inventoryReply288(Status.DONE, mask, []));
    else out.push(round.tags.length === 0 ? reply(Cmd.INVENTORY, Status.NO_TAG) : inventoryReply18(Status.DONE, []));
    return out;
  }
}

/** What readers before the 288 know. */
const OLD_COMMANDS: ReadonlySet<number> = new Set([
  Cmd.INFO,
  Cmd.REGION,
  Cmd.SCAN_TIME,
  Cmd.BAUD,
  Cmd.POWER,
  Cmd.ANTENNAS,
  Cmd.OUTPUTS,
  Cmd.PINS,
  Cmd.ANTENNA_CHECK,
]);
