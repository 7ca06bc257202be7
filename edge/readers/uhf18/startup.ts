import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, InputLevel, Started } from '../session.ts';
import * as codec from './codec.ts';
import type { Exchange } from './exchange.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  /** Answer to a command at a known rate, before it is sent again. */
  readonly answerMs: number;
  /** Answer while the rate is looked for. */
  readonly probeMs: number;
  /** A pause that ends whatever frame the reader was in the middle of: more than 15 ms. */
  readonly gapMs: number;
}

export const TIMINGS: Timings = { answerMs: 500, probeMs: 150, gapMs: 20 };

/** What start-up needs from the session that owns the link. */
export interface Line {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  /** Frames with a good checksum since the link opened, of whatever kind: proof that the rate is right. */
  frames(): number;
  /** Forgets an unfinished frame, after a change of rate. */
  clear(): void;
}

/** How a started reader is read. */
export interface Reading extends Started {
  /** As the reader told it when everything was set: what it must still tell later. */
  readonly info: codec.Info;
  /** Mode of the push, or how to ask for a round. */
  readonly how: { readonly mode: number } | { readonly shape: '18' | '288' };
  readonly ports: readonly number[];
  /** Levels of inputs and outputs as the reader last told; undefined when it did not. */
  readonly pins: number | undefined;
  readonly inputs: readonly InputLevel[];
  readonly temperatureC: number | undefined;
}

/** 57600 is what these readers leave the factory with. */
const RATES = [57_600, 115_200, 38_400, 19_200, 9_600];
/** A push is 20 bytes: 288 a second at 57600 baud, 576 at 115200; such readers make 700. */
const MAX_BAUD = 115_200;
/** Readers of one antenna whose inventory has neither level nor antenna. */
export const PLAIN_TYPES: ReadonlySet<number> = new Set([0x03, 0x08, 0x09]);
/** Where the reader begins to look for the number of tags: 2 to the power of this. It adapts by itself. */
export const START_Q = 6;
/** The shortest round that the manual allows. One that has read all tags ends earlier. */
export const SCAN_STEPS = 3;
/** The shortest time between two heartbeats, 30 s. */
const HEARTBEAT_STEPS = 1;
/** An open connector throws everything back: less return loss than this in dB is no antenna. Not from the manual: a common rule of the field. */
const MIN_RETURN_LOSS_DB = 3;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Who answers, or undefined; a reader that pushes is told to stop, because it answers best when it is idle. */
async function knock({ exchange, frames }: Line, timings: Timings): Promise<codec.Info | undefined> {
  const before = frames();
  for (const [command, ms] of [
    [codec.info(), timings.probeMs],
    [codec.workMode(codec.Mode.ANSWER), timings.answerMs],
    [codec.workMode(codec.Mode.ANSWER), timings.answerMs],
    [codec.info(), timings.answerMs],
  ] as const) {
    try {
      const { status, data } = await exchange.ask(command, ms);
      if (command[2] === codec.Cmd.INFO && status === codec.Status.OK) return codec.infoOf(data, 0, data.length);
    } catch (error) {
      if (faultCode(error) !== 'READER_SILENT') throw error;
    }
    // At a wrong rate there is only noise, and nothing to insist on.
    if (frames() === before) return undefined;
  }
  return undefined;
}

/** Finds the rate at which the reader answers. @throws Fault READER_SILENT when it answers at none, LINK_LOST */
async function probe(
  line: Line,
  settings: ReaderSettings,
  known: number | undefined,
  timings: Timings,
): Promise<{ rate: number | undefined; info: codec.Info }> {
  const { link } = line;
  const first = known ?? settings.baud ?? MAX_BAUD;
  const rates = [first, ...RATES.filter((rate) => rate !== first)];
  // A reader that comes back stands at the rate that worked last: that one is tried between all others.
  const order = rates.flatMap((rate) => (rate === first ? [rate, rate] : known === undefined ? [rate] : [rate, first]));
  for (const rate of link.hasBaud ? order : [undefined, undefined, undefined]) {
    if (rate !== undefined) await link.setBaud(rate);
    line.clear();
    await sleep(timings.gapMs);
    const info = await knock(line, rate === undefined ? { ...timings, probeMs: timings.answerMs } : timings);
    if (info !== undefined) return { rate, info };
  }
  const tried = link.hasBaud ? ` at ${rates.join(', ')} baud` : '';
  throw new Fault('READER_SILENT', `${link.name}: no UHFReader answers${tried}: check power, cable and that the model is right`);
}

/** Brings the line to the fastest rate that reader and settings allow. @throws Fault READER_BAUD when the new rate carries nothing */
async function settle(line: Line, settings: ReaderSettings, rate: number, timings: Timings): Promise<number> {
  const limit = settings.maxBaud ?? MAX_BAUD;
  const target = Math.max(...RATES.filter((one) => one <= limit), Math.min(...RATES));
  if (target === rate) return rate;
  const { status } = await line.exchange.insist(codec.setBaud(target), timings.answerMs);
  if (status !== codec.Status.OK) return rate;
  await line.link.setBaud(target);
  line.clear();
  await sleep(timings.gapMs);
  try {
    await line.exchange.insist(codec.info(), timings.answerMs);
    return target;
  } catch (error) {
    if (faultCode(error) !== 'READER_SILENT') throw error;
    throw new Fault('READER_BAUD', `${line.link.name}: nothing comes through at ${target} baud: set maxBaud lower`, { baud: target });
  }
}

async function setPower({ exchange }: Line, { powerCdbm }: ReaderSettings, info: codec.Info, timings: Timings): Promise<void> {
  // Whole dBm only: rounded down, so that a limit in the settings is kept.
  const dBm = Math.floor(powerCdbm / 100);
  const what = `power ${dBm} dBm`;
  if (!PLAIN_TYPES.has(info.type)) {
    const { status } = await exchange.insist(codec.setPower(dBm, false), timings.answerMs);
    if (status === codec.Status.OK) return;
  }
  // Readers that know no volatile power store it: only when it is another, to spare their memory.
  if (info.powerDbm !== dBm) await exchange.order(codec.setPower(dBm, true), what, timings.answerMs);
}

async function setAntennas({ exchange }: Line, ports: readonly number[], info: codec.Info, timings: Timings): Promise<void> {
  const mask = ports.reduce((bits, port) => bits | (1 << (port - 1)), 0);
  const what = `antennas ${ports.join(', ')}`;
  if (mask > 0x7f) {
    if (info.mask !== mask) await exchange.order(codec.setAntennas(mask, true), what, timings.answerMs);
  } else await exchange.order(codec.setAntennas(mask, false), what, timings.answerMs);
}

/** What is measured while the reader is idle; a model that does not know a command leaves its answer out. */
async function measure(
  { exchange }: Line,
  ports: readonly number[],
  kHz: number,
  timings: Timings,
): Promise<Pick<Reading, 'antennas' | 'pins' | 'temperatureC' | 'inputs'>> {
  const known = async (command: Uint8Array): Promise<Uint8Array | undefined> => {
    try {
      const { status, data } = await exchange.insist(command, timings.answerMs, 2);
      return status === codec.Status.OK && data.length > 0 ? data : undefined;
    } catch (error) {
      if (faultCode(error) !== 'READER_SILENT') throw error;
      return undefined;
    }
  };
  const antennas: AntennaState[] = [];
  for (const port of ports) {
    const loss = await known(codec.returnLoss(kHz, port));
    antennas.push({ port, connected: loss === undefined ? null : (loss[0] as number) >= MIN_RETURN_LOSS_DB });
    // The first port tells whether this model knows the command.
    if (loss === undefined) break;
  }
  for (const port of ports.slice(antennas.length)) antennas.push({ port, connected: null });
  const pins = (await known(codec.pins()))?.[0];
  const warmth = await known(codec.temperature());
  return { antennas, pins, inputs: inputLevels(pins), temperatureC: temperatureOf(warmth) };
}

export const inputLevels = (pins: number | undefined): InputLevel[] =>
  pins === undefined ? [] : [1, 2].map((pin) => ({ pin, high: ((pins >> (pin - 1)) & 1) === 1 }));
/** Sign and degrees. That sign 0 is below zero is what related readers do; the manual was not at hand. */
export const temperatureOf = (data: Uint8Array | undefined): number | undefined =>
  data === undefined || data.length < 2 ? undefined : data[0] === 0 ? -(data[1] as number) : (data[1] as number);

/** The reader's own push parameters `mode, protocol, pause, filter, Q, session, mask...`; undefined when it has no push. */
async function pushState({ exchange }: Line, timings: Timings): Promise<Uint8Array | undefined> {
  try {
    const { status, data } = await exchange.insist(codec.readParameters(), timings.answerMs, 2);
    return status === codec.Status.OK && data.length >= 6 ? data : undefined;
  } catch (error) {
    if (faultCode(error) !== 'READER_SILENT') throw error;
    return undefined;
  }
}

/** Writes only what differs: these settings go to flash memory. */
async function startPush(
  { exchange }: Line,
  { session, gated = false }: ReaderSettings,
  state: Uint8Array,
  timings: Timings,
): Promise<number> {
  const wanted = [0, 0, 0, START_Q, session];
  if (wanted.some((value, i) => state[i + 1] !== value)) {
    await exchange.order(codec.pushParameters(START_Q, session), `session ${session}`, timings.answerMs);
  }
  const beat = await exchange.insist(codec.heartbeatTime(), timings.answerMs);
  if (beat.status === codec.Status.OK && ((beat.data[0] ?? 0) & 0x7f) !== HEARTBEAT_STEPS) {
    await exchange.order(codec.heartbeatTime(HEARTBEAT_STEPS), 'a heartbeat', timings.answerMs);
  }
  const mode = gated ? codec.Mode.GATED : codec.Mode.PUSH;
  await exchange.order(codec.workMode(mode), 'to start reading', timings.answerMs);
  return mode;
}

/**
 * Brings a reader from any state to where it reads, or can be asked for rounds. `known` is the rate that worked last.
 * @throws Fault READER_SILENT, READER_REFUSED, READER_REGION, READER_BAUD, READER_NO_ANTENNA, LINK_LOST
 */
export async function startUp(
  line: Line,
  settings: ReaderSettings,
  known: number | undefined,
  timings: Timings = TIMINGS,
): Promise<Reading> {
  const { exchange, link } = line;
  const region = codec.regionBytes(settings.region);
  if (region === undefined) {
    throw new Fault('READER_REGION', `region "${settings.region}" is none of this reader's: use one of ${codec.REGION_NAMES.join(', ')}`);
  }
  const found = await probe(line, settings, known, timings);
  const { info } = found;
  const isPlain = PLAIN_TYPES.has(info.type);
  const push = isPlain ? undefined : await pushState(line, timings);
  if (push !== undefined && push[0] !== codec.Mode.ANSWER)
    await exchange.order(codec.workMode(codec.Mode.ANSWER), 'to stop reading', timings.answerMs);
  if (settings.gated === true && push === undefined) {
    throw new Fault('READER_REFUSED', `${link.name}: a ${info.typeName} can not read by a photo-eye: set "gated" to false`);
  }
  const baud = found.rate === undefined || isPlain ? found.rate : await settle(line, settings, found.rate, timings);

  const [max, min] = region;
  if (info.max !== max || info.min !== min) {
    const { status } = await exchange.insist(codec.setRegion(region), timings.answerMs);
    if (status !== codec.Status.OK && status !== codec.Status.SAVE_FAILED) {
      const why = codec.statusText(status);
      throw new Fault('READER_REGION', `${link.name}: a ${info.typeName} refused region ${settings.region} (${why}): choose another`, {
        status,
      });
    }
  }
  await setPower(line, settings, info, timings);
  const ports = isPlain ? [settings.ports?.[0] ?? 1] : (settings.ports ?? portsOf(info.mask ?? 1));
  if (ports.length === 0) {
    throw new Fault('READER_NO_ANTENNA', `${link.name}: no antenna is set: name the ports in the doors' settings`);
  }
  if (!isPlain) await setAntennas(line, ports, info, timings);
  // Models that do not know the check refuse it, and read without.
  if (info.checksAntennas === false) await exchange.insist(codec.antennaCheck(true), timings.answerMs);
  const measured = await measure(line, isPlain ? [] : ports, codec.bandOf(max, min)?.fromKHz ?? 0, timings);
  if (isPlain && info.scanTime !== SCAN_STEPS) await exchange.order(codec.scanTime(SCAN_STEPS), 'its scan time', timings.answerMs);
  const set = (await exchange.insist(codec.info(), timings.answerMs)).data;
  const how = push === undefined ? ({ shape: isPlain ? '18' : '288' } as const) : { mode: await startPush(line, settings, push, timings) };
  return {
    ...measured,
    antennas: isPlain ? ports.map((port) => ({ port, connected: null })) : measured.antennas,
    model: info.typeName,
    firmware: info.version,
    info: codec.infoOf(set, 0, set.length) ?? info,
    how,
    ports,
    ...(baud === undefined ? {} : { baud }),
  };
}

const portsOf = (mask: number): number[] => [1, 2, 3, 4, 5, 6, 7, 8].filter((port) => (mask >> (port - 1)) & 1);
