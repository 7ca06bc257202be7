import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, Started } from '../session.ts';
import * as codec from './codec.ts';
import type { Exchange } from './exchange.ts';
import { portStates } from './statistics.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  /** Answer to a command at a known rate. */
  readonly answerMs: number;
  /** Answer to the version while the rate is looked for: long enough for a network reader, short for 8 rates. */
  readonly probeMs: number;
  /** The end of a stream: the module first sends all tags it has queued. */
  readonly stopMs: number;
  /** Silence after which what the module had queued counts as drained. */
  readonly quietMs: number;
  /** A module in its boot loader starts the firmware in up to a second. */
  readonly bootMs: number;
}

export const TIMINGS: Timings = { answerMs: 1_000, probeMs: 150, stopMs: 2_000, quietMs: 100, bootMs: 1_500 };

/** What start-up needs from the driver that owns the link. */
export interface Line {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  /** Frames with a good checksum since the link opened, of whatever kind: proof that the rate is right. */
  frames(): number;
  /** Milliseconds since the last byte. */
  quiet(): number;
  /** Forgets an unfinished frame, after a change of rate. */
  clear(): void;
}

/** Modules leave the factory at 115200; one that this driver had started before stands at one of the fast rates. */
const RATES = [115_200, 921_600, 460_800, 9_600, 230_400, 57_600, 38_400, 19_200];
/** A tag record of 47 bytes at 115200 baud caps at 245 reads/s; a module makes 750. */
const FAST_RATES = [921_600, 460_800];
const MAX_BAUD = 921_600;
/** Below this the stream asks for the short record. */
const FULL_RECORD_BAUD = 230_400;
/** Count, RSSI, antenna, frequency, time, phase, protocol, data, GPIO. */
const FULL_RECORD = 0x01ff;
/** Count, RSSI, antenna, time, protocol: 39 bytes. */
const SHORT_RECORD = 0x0057;

/** Search cycle: also the longest time between two keep-alives. */
export const CYCLE_MS = 1_000;

/** First byte of the hardware version. */
const MODELS: Readonly<Record<number, string>> = { 24: 'M6e', 25: 'M6e-I', 32: 'M6e Micro', 48: 'M6e Nano', 56: 'M7e', 128: 'M3e' };
const IN_BOOT_LOADER = 1;
/** Wakes a module from power save and ends whatever frame it was reading. */
const WAKE = new Uint8Array(8).fill(0xff);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends a stream that an earlier host may have left running, and waits until nothing more comes. */
export async function silence(line: Line, timings: Timings): Promise<void> {
  await line.link.write(WAKE);
  const before = line.frames();
  const ended = line.exchange.ask(codec.stopStream(), timings.stopMs).catch((error: unknown) => {
    if (faultCode(error) !== 'READER_SILENT') throw error;
  });
  const answered = await Promise.race([ended.then(() => true), sleep(timings.probeMs).then(() => false)]);
  if (!answered && line.frames() === before) {
    // A module that was not streaming need not answer, and at the wrong rate there is only noise: nothing to wait for.
    line.exchange.abort(new Fault('READER_SILENT', 'no answer to the end of the stream'));
    await ended;
    return line.clear();
  }
  await ended;
  const deadline = performance.now() + timings.stopMs;
  while (line.quiet() < timings.quietMs && performance.now() < deadline) await sleep(Math.min(20, timings.quietMs));
  line.clear();
}

/**
 * Finds the rate at which the module answers.
 * @throws Fault READER_SILENT when it answers at none, LINK_LOST
 */
async function probe(line: Line, settings: ReaderSettings, known: number | undefined, timings: Timings): Promise<number | undefined> {
  const first = known ?? settings.baud;
  const rates = line.link.hasBaud ? [...new Set([...(first === undefined ? [] : [first]), ...RATES])] : [undefined];
  // The first rate is tried twice: the first command may have been the one that woke the module.
  for (const rate of [rates[0], ...rates]) {
    if (rate !== undefined) await line.link.setBaud(rate);
    line.clear();
    await silence(line, timings);
    try {
      await line.exchange.ask(codec.version(), line.link.hasBaud ? timings.probeMs : timings.answerMs);
      return rate;
    } catch (error) {
      if (faultCode(error) !== 'READER_SILENT') throw error;
    }
  }
  const tried = line.link.hasBaud ? ` at ${rates.join(', ')} baud` : '';
  throw new Fault(
    'READER_SILENT',
    `${line.link.name}: no ThingMagic module answers${tried}: check power, cable and that the model is right`,
  );
}

/** Raises the rate of a serial line as far as module and settings allow. @throws Fault READER_BAUD when the new rate carries nothing */
async function raise(line: Line, settings: ReaderSettings, rate: number, timings: Timings): Promise<number> {
  for (const target of FAST_RATES) {
    if (target > (settings.maxBaud ?? MAX_BAUD)) continue;
    if (target <= rate) return rate;
    const answer = await line.exchange.ask(codec.setBaud(target), timings.answerMs);
    if (answer.status !== codec.Status.OK) continue;
    await line.link.setBaud(target);
    line.clear();
    for (let attempt = 1; attempt <= 3; attempt++) {
      try {
        await line.exchange.ask(codec.version(), timings.answerMs);
        return target;
      } catch (error) {
        if (faultCode(error) !== 'READER_SILENT') throw error;
      }
    }
    throw new Fault(
      'READER_BAUD',
      `${line.link.name}: nothing comes through at ${target} baud: set maxBaud lower and switch the reader off and on`,
      { baud: target },
    );
  }
  return rate;
}

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

/**
 * Brings a module from any state into its stream. `known` is the rate that worked last.
 * @throws Fault READER_SILENT, READER_REFUSED, READER_REGION, READER_BAUD, READER_NO_ANTENNA, LINK_LOST
 */
export async function startUp(
  line: Line,
  settings: ReaderSettings,
  known: number | undefined,
  timings: Timings = TIMINGS,
): Promise<Started> {
  const { exchange } = line;
  const region = codec.REGIONS[settings.region];
  if (region === undefined) {
    throw new Fault('READER_REGION', `region "${settings.region}" is unknown: use one of ${Object.keys(codec.REGIONS).join(', ')}`);
  }
  const found = await probe(line, settings, known, timings);
  const program = await exchange.order(codec.currentProgram(), 'to say what it runs', timings.answerMs);
  if (((program[0] ?? 0) & 3) === IN_BOOT_LOADER) await exchange.order(codec.bootFirmware(), 'to start its firmware', timings.bootMs);
  const baud = found === undefined ? undefined : await raise(line, settings, found, timings);
  const hardware = (await exchange.order(codec.version(), 'its version', timings.answerMs))[4] ?? 0;

  await exchange.order(codec.setRegion(region), `region ${settings.region}`, timings.answerMs);
  await exchange.order(codec.setGen2(), 'protocol Gen2', timings.answerMs);
  const antennas = await detect(line, settings, timings);
  await exchange.order(codec.searchList(antennas.map((antenna) => antenna.port)), 'the list of antennas', timings.answerMs);
  await exchange.order(codec.readPower(settings.powerCdbm), `power ${settings.powerCdbm / 100} dBm`, timings.answerMs);
  await exchange.order(codec.filterOff(), 'to switch its read filter off', timings.answerMs);
  await exchange.order(codec.gen2Session(settings.session), `session ${settings.session}`, timings.answerMs);
  const metadata = baud !== undefined && baud < FULL_RECORD_BAUD ? SHORT_RECORD : FULL_RECORD;
  await exchange.order(codec.startStream(CYCLE_MS, metadata), 'to start reading', timings.answerMs);
  return { model: MODELS[hardware] ?? `ThingMagic ${hardware.toString(16)}`, ...(baud === undefined ? {} : { baud }), antennas };
}
