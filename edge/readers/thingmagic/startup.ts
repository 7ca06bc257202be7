import { Fault } from '../../../protocol/fault.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, Started } from '../session.ts';
import * as codec from './codec.ts';
import { type Line, probe, raise, TIMINGS, type Timings } from './rates.ts';
import { portStates } from './statistics.ts';

const { Status } = codec;

/** Below this the stream asks for the short record. */
const FULL_RECORD_BAUD = 230_400;
/** Count, RSSI, antenna, frequency, time, phase, protocol, data, GPIO. */
const FULL_RECORD = 0x01ff;
/** Count, RSSI, antenna, time, protocol: 39 bytes. */
const SHORT_RECORD = 0x0057;
/** The same with the frequency: all that an M5e knows. */
const POLLED_RECORD = 0x005f;

/** Search cycle: also the longest time between two keep-alives. */
export const CYCLE_MS = 1_000;

const IN_BOOT_LOADER = 1;
/** A firmware that lacks a feature says so with one of these. */
const LACKS: readonly number[] = [Status.BAD_OPCODE, Status.UNIMPLEMENTED, Status.BAD_PARAMETER, Status.UNAVAILABLE];

async function detect(line: Line, settings: ReaderSettings, timings: Timings): Promise<readonly AntennaState[]> {
  const answer = await line.exchange.ask(codec.detectAntennas(), timings.answerMs);
  const known = answer.status === codec.Status.OK;
  const states = known ? portStates(answer.data, 1, answer.data.length) : [];
  const detected = states.filter((state) => state.connected).map((state) => state.port);
  // Configured ports are searched even when they look open: some antennas block the direct current that detection needs.
  const ports = settings.ports ?? detected;
  if (ports.length === 0) {
    throw new Fault(
      'READER_NO_ANTENNA',
      `${line.link.name}: no antenna is connected: check the antenna cables, or name the ports in the doors' settings`,
    );
  }
  return ports.map((port) => ({ port, connected: known ? detected.includes(port) : null }));
}

/** A module that reads, and what it can do. */
export interface Begun extends Started {
  /** `stream`: it sends what it sees. `poll`: it searches when it is asked to, and hands out what it found. */
  readonly mode: 'stream' | 'poll';
  /** Fields of a record. */
  readonly metadata: number;
  /** Whether it takes commands while it streams. */
  readonly wraps: boolean;
}

/**
 * Brings a module from any state into its stream. `known` is the rate that worked last.
 * @throws Fault READER_SILENT, READER_REFUSED, READER_REGION, READER_BAUD, READER_NO_ANTENNA, LINK_LOST
 */
export async function startUp(line: Line, settings: ReaderSettings, known: number | undefined, timings: Timings = TIMINGS): Promise<Begun> {
  const { exchange } = line;
  const region = codec.REGIONS[settings.region];
  if (region === undefined) {
    throw new Fault('READER_REGION', `region "${settings.region}" is unknown: use one of ${Object.keys(codec.REGIONS).join(', ')}`);
  }
  const found = await probe(line, settings, known, timings);
  const program = await exchange.order(codec.currentProgram(), 'to say what it runs', timings.answerMs);
  if (((program[0] ?? 0) & 3) === IN_BOOT_LOADER) await exchange.order(codec.bootFirmware(), 'to start its firmware', timings.bootMs);
  const baud = found === undefined ? undefined : await raise(line, settings, found, timings);
  const version = await exchange.order(codec.version(), 'its version', timings.answerMs);
  const hardware = version[4] ?? 0xff;
  const polled = codec.onlyPolled(hardware);

  const { status } = await exchange.ask(codec.setRegion(region), timings.answerMs);
  if (status !== Status.OK) {
    const model = codec.modelOf(hardware);
    throw new Fault('READER_REGION', `${line.link.name}: this ${model} refused region ${settings.region}: ${codec.statusText(status)}`);
  }
  await exchange.order(codec.setGen2(), 'protocol Gen2', timings.answerMs);
  const antennas = await detect(line, settings, timings);
  await exchange.order(codec.searchList(antennas.map((antenna) => antenna.port)), 'the list of antennas', timings.answerMs);
  await exchange.order(codec.readPower(settings.powerCdbm), `power ${settings.powerCdbm / 100} dBm`, timings.answerMs);
  // An M5e has no read filter; each of its searches reports a tag once.
  if (polled) await exchange.ask(codec.filterOff(), timings.answerMs);
  else await exchange.order(codec.filterOff(), 'to switch its read filter off', timings.answerMs);
  await exchange.order(codec.gen2Session(settings.session), `session ${settings.session}`, timings.answerMs);
  // Models with fixed directions refuse this, and need none.
  for (const pin of settings.inputs ?? []) await exchange.ask(codec.setDirection(pin, false), timings.answerMs);
  for (const pin of settings.outputs ?? []) await exchange.ask(codec.setDirection(pin, true), timings.answerMs);

  const started = {
    model: codec.modelOf(hardware),
    firmware: [...version.subarray(12, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('.'),
    ...(baud === undefined ? {} : { baud }),
    antennas,
  };
  const metadata = baud !== undefined && baud < FULL_RECORD_BAUD ? SHORT_RECORD : FULL_RECORD;
  if (polled || !(await streams(line, metadata, timings))) return { ...started, mode: 'poll', metadata: POLLED_RECORD, wraps: false };
  return { ...started, mode: 'stream', metadata, wraps: codec.wrapsCommands(hardware, version.subarray(12, 16)) };
}

/** Starts the stream; false where the firmware has none. */
async function streams(line: Line, metadata: number, timings: Timings): Promise<boolean> {
  const { status } = await line.exchange.ask(codec.startStream(CYCLE_MS, metadata), timings.answerMs);
  if (status === Status.OK) return true;
  if (LACKS.includes(status)) return false;
  throw new Fault('READER_REFUSED', `${line.link.name} refused to start reading: ${codec.statusText(status)}`, { status });
}
