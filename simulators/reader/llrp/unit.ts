import * as codec from '../../../edge/readers/llrp/codec.ts';
import type { EmulatedDevice, Sighting } from '../device.ts';
import { capabilities, event, IMPINJ, type Make, status, tagReport, timestamp } from './answers.ts';
import { type HeldSpec, parseSpec } from './spec.ts';

const { be16, Message, message, Param, parameters, tlv, u16, u32 } = codec;

export interface UnitOptions {
  readonly make?: Make;
  /** Knows the date; false counts from power-on. */
  readonly utc?: boolean;
  /** Leaves out fields that are as in the report before; true. */
  readonly sparing?: boolean;
}

/** What SET_READER_CONFIG has set. */
export interface UnitSettings {
  readonly keepaliveMs: number;
  /** Event types that are reported. */
  readonly events: ReadonlySet<number>;
  /** Inputs that report changes. */
  readonly inputs: ReadonlySet<number>;
}

const FACTORY: UnitSettings = { keepaliveMs: 0, events: new Set(), inputs: new Set() };
const OK = 0;
const Code = { NO_PARAMETER: 103, UNSUPPORTED_MESSAGE: 109, FIELD: 201, UNSUPPORTED_PARAMETER: 209, INVALID: 300 } as const;
/** Bits of TagReportContentSelector. */
const Content = { ANTENNA: 0x1000, CHANNEL: 0x0800, RSSI: 0x0400, FIRST: 0x0200, LAST: 0x0100, SEEN: 0x0080 } as const;
/** Where the clock of a reader without a date begins. */
const BOOTED_MS = 60_000;

/**
 * An LLRP reader without a line: messages in, answers, events and reports out. It serves one host, forgets nothing when that host goes, and
 * leaves out what has not changed, as the standard allows.
 */
export class EmulatedLlrpReader implements EmulatedDevice {
  records = 0;
  readonly ports: number;
  readonly baud = 0;
  readonly outputs = new Map<number, boolean>();
  /** Its clock runs ahead of the host's by this. */
  clockMs = 0;
  /** It sends no sign of life. */
  mute = false;
  acks = 0;
  settings: UnitSettings = FACTORY;
  spec: HeldSpec | undefined;
  readonly #make: Make;
  readonly #utc: boolean;
  readonly #sparing: boolean;
  readonly #connected: Set<number>;
  readonly #levels = new Map<number, boolean>();
  #codec = new codec.LlrpCodec();
  #extended = false;
  #queue: codec.Part[] = [];
  #said: Uint8Array[] = [];
  #told: { antenna?: number; channel?: number; seen?: number } = {};
  #channel = 0;
  #id = 0x10000;
  #alive = 0;
  #overflow = false;
  #from: number | undefined;

  /** `ports` antenna connectors, of which `connected` have an antenna. */
  constructor(ports: number, connected: readonly number[], { make = IMPINJ, utc = true, sparing = true }: UnitOptions = {}) {
    this.ports = ports;
    this.#connected = new Set(connected);
    this.#make = make;
    this.#utc = utc;
    this.#sparing = sparing;
    for (let pin = 1; pin <= make.inputs; pin++) this.#levels.set(pin, false);
  }

  get streaming(): boolean {
    return this.spec?.state === 'active';
  }

  antenna(port: number, connected: boolean): void {
    if (connected) this.#connected.add(port);
    else this.#connected.delete(port);
    this.#notify(codec.EventType.ANTENNA, tlv(Param.ANTENNA_EVENT, connected ? 1 : 0, be16(port)));
  }

  input(pin: number, high: boolean): void {
    this.#levels.set(pin, high);
    if (this.settings.inputs.has(pin)) this.#notify(codec.EventType.GPI, tlv(Param.GPI_EVENT, be16(pin), high ? 0x80 : 0));
  }

  /** Its buffer fills, and what is seen until the host has been told is lost. */
  overflow(): void {
    this.#overflow = true;
    this.#notify(codec.EventType.REPORT_BUFFER_FILL, tlv(Param.REPORT_BUFFER_WARNING, 90));
    this.#notify(codec.EventType.REPORT_BUFFER_FILL, tlv(Param.REPORT_BUFFER_OVERFLOW));
  }

  /** Something is wrong that it has words for. */
  exception(words: string): void {
    this.#notify(codec.EventType.READER_EXCEPTION, tlv(Param.READER_EXCEPTION, codec.text(words)));
  }

  /** Sends a whole message as it is, right or wrong. */
  say(bytes: Uint8Array): void {
    this.#said.push(bytes);
  }

  #notify(type: number, what: codec.Part): void {
    if (this.settings.events.has(type)) this.#queue.push(what);
  }

  #stamp(now: number): number {
    this.#from ??= now;
    return this.#utc ? now + this.clockMs : now - this.#from + BOOTED_MS + this.clockMs;
  }

  #event(now: number, what: codec.Part): Uint8Array {
    return event(this.#id++, timestamp(this.#stamp(now), this.#utc), what);
  }

  greet(now: number): Uint8Array[] {
    this.#codec = new codec.LlrpCodec();
    this.#told = {};
    this.#extended = false;
    this.#queue = [];
    this.#alive = now;
    return [this.#event(now, tlv(Param.CONNECTION_ATTEMPT, be16(0)))];
  }

  /** Tells the second host that a client has the reader, and the first one that somebody tries. */
  refuse(now: number): Uint8Array[] {
    this.#queue.push(tlv(Param.CONNECTION_ATTEMPT, be16(4)));
    return [this.#event(now, tlv(Param.CONNECTION_ATTEMPT, be16(2)))];
  }

  reboot(): Uint8Array {
    this.settings = FACTORY;
    this.spec = undefined;
    this.#extended = false;
    return this.#event(this.#from ?? 0, tlv(Param.CONNECTION_CLOSE));
  }

  hear(bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const frame of this.#codec.push(bytes)) {
      if (frame.type === Message.KEEPALIVE_ACK) this.acks++;
      else if (frame.type !== Message.ENABLE_EVENTS_AND_REPORTS) out.push(this.#answer(frame));
    }
    return out;
  }

  #answer(frame: codec.Frame): Uint8Array {
    const { type, id, bytes, data } = frame;
    const reply = (code: number): Uint8Array => message(type + 10, id, status(code, code === OK ? '' : 'emulated'));
    switch (type) {
      case Message.GET_READER_CAPABILITIES:
        return capabilities(id, this.#make, this.ports);
      case Message.GET_READER_CONFIG:
        return message(Message.GET_READER_CONFIG_RESPONSE, id, status(OK), this.#config(bytes[data + 2] === 0));
      case Message.SET_READER_CONFIG:
        return reply(this.#configure(frame));
      case Message.CLOSE_CONNECTION:
        return message(Message.CLOSE_CONNECTION_RESPONSE, id, status(OK));
      case Message.ADD_ROSPEC:
        return reply(this.#add(parseSpec(frame)));
      case Message.DELETE_ROSPEC:
        if (u32(bytes, data) === 0 || u32(bytes, data) === this.spec?.id) this.spec = undefined;
        return reply(OK);
      case Message.DELETE_ACCESSSPEC:
        return reply(OK);
      case Message.ENABLE_ROSPEC:
        return reply(this.#advance(u32(bytes, data), 'disabled', 'inactive'));
      case Message.START_ROSPEC:
        return reply(this.#advance(u32(bytes, data), 'inactive', 'active'));
      case Message.CUSTOM_MESSAGE:
        if (this.#make.vendor !== codec.Vendor.IMPINJ || u32(bytes, data) !== codec.Vendor.IMPINJ) break;
        this.#extended = true;
        return codec.customMessage(id, codec.Vendor.IMPINJ, codec.Impinj.ENABLE_EXTENSIONS_RESPONSE, status(OK));
      default:
    }
    return message(Message.ERROR_MESSAGE, id, status(Code.UNSUPPORTED_MESSAGE, `message ${type} is not known`));
  }

  #config(all: boolean): codec.Part {
    const ports = Array.from({ length: this.ports }, (_, i) => i + 1);
    const radio = this.#make.hopping ? [be16(1), be16(0)] : [be16(0), be16(1)];
    return [
      ports.map((port) => tlv(Param.ANTENNA_PROPERTIES, this.#connected.has(port) ? 0x80 : 0, be16(port), be16(0))),
      ...(all
        ? [
            ports.map((port) => tlv(Param.ANTENNA_CONFIGURATION, be16(port), tlv(Param.RF_TRANSMITTER, radio, be16(1)))),
            [...this.#levels].map(([pin, high]) => tlv(Param.GPI_PORT_CURRENT_STATE, be16(pin), 0x80, high ? 1 : 0)),
          ]
        : []),
    ];
  }

  #configure({ bytes, data, end }: codec.Frame): number {
    if ((bytes[data] as number) & 0x80) this.settings = FACTORY;
    let { keepaliveMs } = this.settings;
    const events = new Set(this.settings.events);
    const inputs = new Set(this.settings.inputs);
    for (const { type, at, end: to } of parameters(bytes, data + 1, end)) {
      if (type === Param.KEEPALIVE_SPEC) keepaliveMs = bytes[at] === 1 ? u32(bytes, at + 1) : 0;
      if (type === Param.GPI_PORT_CURRENT_STATE) inputs.add(u16(bytes, at));
      if (type === Param.GPO_WRITE_DATA) {
        if (u16(bytes, at) > this.#make.outputs) return Code.FIELD;
        this.outputs.set(u16(bytes, at), ((bytes[at + 2] as number) & 0x80) !== 0);
      }
      if (type === Param.READER_EVENT_NOTIFICATION_SPEC) {
        for (const one of parameters(bytes, at, to)) if ((bytes[one.at + 2] as number) & 0x80) events.add(u16(bytes, one.at));
      }
    }
    this.settings = { keepaliveMs, events, inputs };
    return OK;
  }

  #add(spec: HeldSpec | undefined): number {
    if (spec === undefined) return Code.NO_PARAMETER;
    if (this.spec !== undefined || spec.id === 0) return Code.INVALID;
    if (spec.impinj && !this.#extended) return Code.UNSUPPORTED_PARAMETER;
    if (
      spec.ports.some((port) => port > this.ports) ||
      [...spec.power.values()].some((index) => this.#make.powers[index - 1] === undefined)
    ) {
      return Code.FIELD;
    }
    this.spec = spec;
    return OK;
  }

  #advance(id: number, from: HeldSpec['state'], to: HeldSpec['state']): number {
    if (this.spec?.id !== id || this.spec.state !== from) return Code.INVALID;
    this.spec = { ...this.spec, state: to };
    return OK;
  }

  stream(now: number, sightings: readonly Sighting[]): Uint8Array[] {
    const out = [...this.#queue.map((what) => this.#event(now, what)), ...this.#said];
    this.#queue = [];
    this.#said = [];
    const { keepaliveMs } = this.settings;
    if (keepaliveMs > 0 && now - this.#alive >= keepaliveMs && !this.mute) {
      this.#alive = now;
      out.push(message(Message.KEEPALIVE, this.#id++));
    }
    const { spec } = this;
    const overflow = this.#overflow;
    this.#overflow = false;
    if (spec?.state !== 'active' || overflow) return out;
    const seen = sightings.filter(({ antenna }) => spec.ports.includes(antenna) && this.#connected.has(antenna));
    const every = spec.every || seen.length;
    for (let from = 0; from < seen.length; from += every) {
      const reports = seen.slice(from, from + every).map((sighting) => this.#report(sighting, spec, now));
      out.push(message(Message.RO_ACCESS_REPORT, this.#id++, reports));
    }
    return out;
  }

  #report(sighting: Sighting, { content, impinj }: HeldSpec, now: number): codec.Part {
    this.records++;
    this.#channel = (this.#channel + 1) % this.#make.frequencies.length;
    const known = sighting.kHz === undefined ? -1 : this.#make.frequencies.indexOf(sighting.kHz);
    const fields = { antenna: sighting.antenna, channel: (known < 0 ? this.#channel : known) + 1, seen: 1 };
    const told = this.#sparing ? this.#told : {};
    this.#told = fields;
    const changed = (bit: number, name: keyof typeof fields): number | undefined =>
      content & bit && told[name] !== fields[name] ? fields[name] : undefined;
    return tagReport(sighting, {
      ...{
        antenna: changed(Content.ANTENNA, 'antenna'),
        channel: changed(Content.CHANNEL, 'channel'),
        seen: changed(Content.SEEN, 'seen'),
      },
      rssi: content & Content.RSSI ? sighting.rssi : undefined,
      stamp: content & (Content.FIRST | Content.LAST) ? this.#stamp(sighting.at ?? now) : undefined,
      utc: this.#utc,
      impinj,
    });
  }
}
