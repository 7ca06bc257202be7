import { BbCodec, Cmd, ErrorCode, type Frame, response, tagNotice } from '../../../edge/readers/bb/codec.ts';
import type { EmulatedDevice, Sighting } from '../device.ts';

const FACTORY = { region: 2, power: 2_000, query: 0x1020 } as const;
const KNOWN_REGIONS = [1, 2, 3, 4, 6];
const MAX_POWER = 2_600;
const TEXTS = ['M100 26dBm V1.0', 'V2.3.5', 'MagicRf'];
/** An empty round, and the time after which the module says so. */
const ROUND_MS = 20;
const BAUD = 115_200;

/** An M100 module without a line: one antenna, settings that a loss of power takes, rounds that end. */
export class EmulatedDeskModule implements EmulatedDevice {
  records = 0;
  readonly ports = 1;
  readonly outputs = new Map<number, boolean>();
  readonly #codec = new BbCodec('commands');
  #settings: { region: number; power: number; query: number } = { ...FACTORY };
  #antenna: boolean;
  #baud = BAUD;
  #rounds = 0;
  #lastRound = 0;
  #directions = new Set<number>();

  constructor(_ports: number, connected: readonly number[]) {
    this.#antenna = connected.includes(1);
  }

  /** What the host has set. */
  get settings(): Readonly<{ region: number; power: number; query: number }> {
    return this.#settings;
  }

  /** Rounds that are still to come. */
  get rounds(): number {
    return this.#rounds;
  }

  /** As if so many rounds had gone by. */
  skipTo(rounds: number): void {
    this.#rounds = rounds;
  }

  get baud(): number {
    return this.#baud;
  }

  get streaming(): boolean {
    return this.#rounds > 0;
  }

  antenna(_port: number, connected: boolean): void {
    this.#antenna = connected;
  }

  input(): void {
    // It reports no inputs by itself, and the driver asks for none.
  }

  reboot(): undefined {
    this.#settings = { ...FACTORY };
    this.#rounds = 0;
    this.#baud = BAUD;
  }

  hear(bytes: Uint8Array, now: number): Uint8Array[] {
    return this.#codec.push(bytes).flatMap((frame) => this.#answer(frame, now));
  }

  #answer({ cmd, bytes, data, length }: Frame, now: number): Uint8Array[] {
    const [first = 0, second = 0, third = 0] = bytes.subarray(data, data + length);
    const word = (first << 8) | second;
    const refused = [response(Cmd.ERROR, ErrorCode.COMMAND)];
    // While it polls it hears nothing but the end of it.
    if (this.#rounds > 0 && cmd !== Cmd.STOP) return [];
    switch (cmd) {
      case Cmd.STOP:
        this.#rounds = 0;
        return [response(cmd, 0)];
      case Cmd.INFO:
        return [response(cmd, first, ...[...(TEXTS[first] ?? '')].map((char) => char.charCodeAt(0)))];
      case Cmd.SET_REGION:
        if (!KNOWN_REGIONS.includes(first)) return refused;
        this.#settings.region = first;
        return [response(cmd, 0)];
      case Cmd.GET_REGION:
        return [response(cmd, this.#settings.region)];
      case Cmd.SET_POWER:
        if (word > MAX_POWER) return refused;
        this.#settings.power = word;
        return [response(cmd, 0)];
      case Cmd.GET_POWER:
        return [response(cmd, this.#settings.power >> 8, this.#settings.power & 0xff)];
      case Cmd.GET_QUERY:
        return [response(cmd, this.#settings.query >> 8, this.#settings.query & 0xff)];
      case Cmd.SET_QUERY:
        this.#settings.query = word;
        return [response(cmd, 0)];
      case Cmd.BAUD:
        this.#baud = word * 100;
        return [];
      case Cmd.IO:
        if (first === 0) this.#directions.add(second);
        else if (this.#directions.has(second)) this.outputs.set(second, third === 1);
        return [response(cmd, first, second, 1)];
      case Cmd.MULTI_POLL:
        this.#rounds = (second << 8) | third;
        this.#lastRound = now;
        return [];
      default:
        return refused;
    }
  }

  stream(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    const out: Uint8Array[] = [];
    if (this.#rounds === 0) return out;
    for (const { epc, antenna, rssi } of sightings) {
      if (antenna !== 1 || !this.#antenna) continue;
      this.records++;
      out.push(tagNotice(epc, rssi));
    }
    if (out.length > 0) {
      this.#rounds--;
      this.#lastRound = now;
    } else if (now - this.#lastRound >= ROUND_MS) {
      this.#rounds--;
      this.#lastRound = now;
      out.push(response(Cmd.ERROR, ErrorCode.NO_TAG));
    }
    return out;
  }
}
