import {
  A0_REGIONS,
  A0Codec,
  BAUDS,
  BROADCAST,
  Code,
  Command,
  type Frame,
  frame,
  INPUT_PINS,
  indexKHz,
  isRound,
  OUTPUT_PINS,
  roundEnd,
  switchEnd,
  tagRecord,
} from '../../../edge/readers/a0/codec.ts';
import type { EmulatedDevice, Sighting } from '../device.ts';
import { FACTORY, parseSwitch, type Round, roundMs, type Stored } from './settings.ts';

const FIRMWARE = [1, 9];
const MAX_DBM = 33;
/** Below this firmware takes no temporary power. */
const MIN_TEMPORARY_DBM = 20;
const TEMPERATURE_C = 41;
/** Return loss of an antenna, and of an open connector, in dB. */
const LOSS_DB = { antenna: 16, open: 1 } as const;
const BOOT_MS = 300;
const MAX_DETECTOR_DB = 32;

/**
 * A reader of the A0 family without a line. It has what a driver has to cope with: wrong settings from the factory, a round that ends by itself,
 * deafness while a round runs, answers with its own address to requests for all, and a power level that is forgotten with its power.
 */
export class EmulatedA0 implements EmulatedDevice {
  records = 0;
  readonly ports: number;
  readonly outputs = new Map<number, boolean>();
  /** Commands that came while a round ran: none of them is heard. */
  ignored = 0;
  /** Rounds begun. */
  rounds = 0;
  /** What came last, by command: bytes of data. */
  readonly heard = new Map<number, Uint8Array>();
  /** Writes to flash. */
  writes = 0;
  /** Commands that this firmware refuses, with the code it gives. */
  readonly refuses = new Map<number, number>();
  readonly #connected: Set<number>;
  readonly #codec = new A0Codec();
  readonly #inputs = new Map<number, boolean>(INPUT_PINS.map((pin) => [pin, false]));
  #stored: Stored;
  #temporary: number | undefined;
  #work = 1;
  #round: (Round & { readonly from: number }) | undefined;
  #complained = false;
  #total = 0;
  #seen = new Set<string>();
  #hop = 0;
  /** When it will hear again; undefined while it hears. */
  #boots: number | undefined;

  /** `ports` antenna connectors (1, 4 or 8), of which `connected` have an antenna; `stored` is what differs from the factory. */
  constructor(ports: number, connected: readonly number[], stored: Partial<Stored> = {}) {
    this.ports = ports;
    this.#connected = new Set(connected);
    this.#stored = { ...FACTORY, ...stored };
  }

  get stored(): Stored {
    return this.#stored;
  }

  /** Power in dBm that it transmits with. */
  get dbm(): number {
    return this.#temporary ?? this.#stored.dbm;
  }

  get baud(): number {
    return this.#stored.baud;
  }

  get streaming(): boolean {
    return this.#round !== undefined;
  }

  antenna(port: number, connected: boolean): void {
    if (connected) this.#connected.add(port);
    else this.#connected.delete(port);
  }

  input(pin: number, high: boolean): void {
    this.#inputs.set(pin, high);
  }

  /** It says nothing when it starts. */
  reboot(): undefined {
    this.#round = undefined;
    this.#temporary = undefined;
    this.#work = 1;
    this.#codec.lull();
  }

  #restart(now: number): void {
    this.reboot();
    this.#boots = now + BOOT_MS;
  }

  hear(bytes: Uint8Array, now: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    if (this.#boots !== undefined && now < this.#boots) return out;
    this.#boots = undefined;
    for (const one of this.#codec.push(bytes)) {
      if (one.address !== BROADCAST && one.address !== this.#stored.address) continue;
      if (this.#round !== undefined) this.ignored++;
      else out.push(...this.#one(one, now));
    }
    return out;
  }

  #one(one: Frame, now: number): Uint8Array[] {
    const { cmd } = one;
    // Copied: `slice` of a Buffer is a view.
    const data = new Uint8Array(one.bytes.subarray(one.data, one.data + one.length));
    this.heard.set(cmd, data);
    const refused = this.refuses.get(cmd);
    if (refused !== undefined) return [this.#reply(cmd, refused)];
    if (cmd === Command.RESET) {
      this.#restart(now);
      return [];
    }
    if (isRound(cmd)) return this.#begin(cmd, data, now);
    const answer = [this.#reply(cmd, ...this.#answer(cmd, data))];
    // Answered at the old rate; the new one holds after the start.
    if (cmd === Command.SET_BAUD && BAUDS[data[0] ?? 0] !== undefined) this.#restart(now);
    return answer;
  }

  #reply(cmd: number, ...data: number[]): Uint8Array {
    return frame(this.#stored.address, cmd, ...data);
  }

  #store(change: Partial<Stored>): [number] {
    this.writes++;
    this.#stored = { ...this.#stored, ...change };
    return [Code.OK];
  }

  #answer(cmd: number, data: Uint8Array): number[] {
    const [first = 0, second = 0] = data;
    switch (cmd) {
      case Command.FIRMWARE:
        return FIRMWARE;
      case Command.SET_BAUD: {
        const baud = BAUDS[first];
        return baud === undefined ? [Code.BAUD] : this.#store({ baud });
      }
      case Command.SET_ADDRESS:
        return this.#store({ address: first });
      case Command.SET_ANTENNA:
        if (first >= this.ports) return [Code.ANTENNA];
        this.#work = first + 1;
        return [Code.OK];
      case Command.GET_ANTENNA:
        return [this.#work - 1];
      case Command.SET_TEMPORARY_POWER:
        if (first < MIN_TEMPORARY_DBM || first > MAX_DBM) return [Code.POWER];
        this.#temporary = first;
        return [Code.OK];
      case Command.SET_POWER:
        if (first > MAX_DBM) return [Code.POWER];
        this.#temporary = undefined;
        return this.#store({ dbm: first });
      case Command.GET_POWER:
        return [this.dbm];
      case Command.SET_REGION:
        return isRegion(data) ? this.#store({ region: [...data] }) : [Code.REGION];
      case Command.GET_REGION:
        return [...this.#stored.region];
      case Command.SET_DETECTOR:
        return first > MAX_DETECTOR_DB ? [Code.PARAMETER] : this.#store({ detector: first });
      case Command.GET_DETECTOR:
        return [this.#stored.detector];
      case Command.BEEPER:
        return first > 2 ? [Code.BEEPER] : this.#store({ beeper: first });
      case Command.TEMPERATURE:
        // 1 is above zero, whatever the data sheet says.
        return [1, TEMPERATURE_C];
      case Command.RETURN_LOSS:
        return [this.#connected.has(this.#work) ? LOSS_DB.antenna : LOSS_DB.open];
      case Command.READ_GPIO:
        return INPUT_PINS.map((pin) => (this.#inputs.get(pin) === true ? 1 : 0));
      case Command.WRITE_GPIO:
        if (!(OUTPUT_PINS as readonly number[]).includes(first)) return [Code.PARAMETER];
        this.outputs.set(first, second === 1);
        return [Code.OK];
      default:
        return [Code.FAIL];
    }
  }

  #begin(cmd: number, data: Uint8Array, now: number): Uint8Array[] {
    const asked = this.#parse(cmd, data);
    if (asked === undefined) return [this.#reply(cmd, Code.PARAMETER)];
    const detects = this.#stored.detector > 0;
    const missing = detects ? asked.ports.filter((port) => !this.#connected.has(port)) : [];
    const single = cmd !== Command.FAST_SWITCH;
    if (single && missing.length > 0) return [this.#reply(cmd, Code.ANTENNA_MISSING)];
    const ports = asked.ports.filter((port) => !missing.includes(port));
    const visits = Math.ceil((asked.visits * ports.length) / Math.max(1, asked.ports.length));
    this.#round = { ...asked, cmd, ports, missing, visits, from: now };
    this.rounds++;
    this.#complained = false;
    this.#total = 0;
    this.#seen.clear();
    return [];
  }

  #parse(cmd: number, data: Uint8Array): { ports: number[]; visits: number; intervalMs: number; session: number } | undefined {
    if (cmd === Command.FAST_SWITCH) {
      const parsed = parseSwitch(data, this.ports);
      return parsed === undefined ? undefined : { ...parsed, session: 0 };
    }
    const [session = 0, target = 0] = cmd === Command.SESSION ? data : [0, 0];
    const repeat = data[data.length - 1] ?? 0;
    if (data.length !== (cmd === Command.SESSION ? 3 : 1) || repeat === 0 || session > 3 || target > 1) return undefined;
    return { ports: [this.#work], visits: repeat === 0xff ? 1 : repeat, intervalMs: 0, session };
  }

  stream(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    const round = this.#round;
    if (round === undefined) return [];
    const out: Uint8Array[] = [];
    if (!this.#complained) out.push(...round.missing.map((port) => this.#reply(round.cmd, port - 1, Code.ANTENNA_MISSING)));
    this.#complained = true;
    for (const sighting of sightings) {
      const record = this.#record(round, sighting);
      if (record !== undefined) out.push(record);
    }
    const ms = roundMs(round);
    if (now >= round.from + ms) {
      out.push(this.#end(round, ms));
      this.#round = undefined;
    }
    return out;
  }

  #end({ cmd, ports }: Round, ms: number): Uint8Array {
    if (cmd === Command.FAST_SWITCH) return switchEnd(this.#stored.address, this.#total, ms);
    return roundEnd(this.#stored.address, cmd, ports[0] ?? 1, Math.round((this.#total * 1_000) / Math.max(1, ms)), this.#total);
  }

  #record(round: Round, { epc, antenna, rssi, kHz }: Sighting): Uint8Array | undefined {
    if (!round.ports.includes(antenna) || !this.#connected.has(antenna)) return undefined;
    // In session 1 to 3 a tag that was read stays silent for a while.
    const key = `${antenna} ${epc}`;
    if (round.session > 0 && this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    this.records++;
    this.#total++;
    return tagRecord(this.#stored.address, round.cmd, { epc, antenna, rssi, kHz: kHz ?? this.#channel() });
  }

  #channel(): number {
    const [plan = 1, from = 0, to = 0] = this.#stored.region;
    const [first, count] = plan === 4 ? [0, to] : [from, to - from + 1];
    this.#hop = (this.#hop + 1) % count;
    return indexKHz(first + this.#hop) ?? 0;
  }
}

/** A plan with its range of indexes in order, or own channels. */
function isRegion(data: Uint8Array): boolean {
  const [plan = 0, from = 0, to = 0] = data;
  if (plan === 4) return data.length === 6 && to > 0;
  const last = Object.values(A0_REGIONS).some((band) => band.data[0] === plan) ? (plan === 2 ? 6 : 59) : -1;
  return data.length === 3 && from <= to && to <= last && (plan === 2 || from >= 7);
}
