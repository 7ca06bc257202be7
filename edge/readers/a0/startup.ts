import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, Started } from '../session.ts';
import * as codec from './codec.ts';
import type { Exchange } from './exchange.ts';
import type { Plan } from './rounds.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  /** Answer to a command at a known rate; measuring an antenna takes longest. */
  readonly answerMs: number;
  /** Answer to the version while the rate is looked for: long enough for a network reader. */
  readonly probeMs: number;
  /** How long a round that an earlier host began is waited for. */
  readonly roundMs: number;
  /** How long a reader takes to start after a reset. */
  readonly bootMs: number;
}

export const TIMINGS: Timings = { answerMs: 500, probeMs: 200, roundMs: 2_000, bootMs: 3_000 };

/** What start-up needs from the session that owns the link. */
export interface Line {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  /** Frames with a good checksum since the link opened: proof that the rate is right. */
  frames(): number;
  /** Milliseconds since the last byte. */
  quiet(): number;
  /** Forgets an unfinished frame, after a change of rate. */
  clear(): void;
}

/** What start-up has found out. */
export interface Ready {
  readonly started: Started;
  readonly plan: Plan;
  /** Whether the reader reports missing antennas by itself. */
  readonly detects: boolean;
  readonly dbm: number;
  /** False in a region of own channels. */
  readonly table: boolean;
}

/** The faster of the two rates that these readers have. */
const FAST_BAUD = 115_200;
const RATES = [FAST_BAUD, 38_400];
/** Return loss in dB under which no antenna is there: an open connector reflects nearly all, an antenna of a door less than a tenth. */
const THRESHOLD_DB = 3;
const MAX_DBM = 33;
/** The session that a fast switch reads with is the firmware's; with this one in the settings it is used. */
const FIRMWARE_SESSION = 1;
const QUIET_MS = 100;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for the version; undefined when nothing answers. */
async function version(line: Line, ms: number): Promise<string | undefined> {
  try {
    const answer = await line.exchange.ask(codec.firmware(), ms);
    return `${answer[0] ?? 0}.${answer[1] ?? 0}`;
  } catch (error) {
    if (faultCode(error) !== 'READER_SILENT') throw error;
    return undefined;
  }
}

/** A reader in a round hears nothing. One that an earlier host began ends by itself; a long one is cut off by a reset. */
async function outwait(line: Line, timings: Timings): Promise<string | undefined> {
  const deadline = performance.now() + timings.roundMs;
  while (line.quiet() < QUIET_MS && performance.now() < deadline) await sleep(20);
  const firmware = await version(line, timings.answerMs);
  if (firmware !== undefined) return firmware;
  await line.link.write(codec.reset());
  return awake(line, timings);
}

/** Waits for a reader that starts. */
async function awake(line: Line, timings: Timings): Promise<string | undefined> {
  const deadline = performance.now() + timings.bootMs;
  while (performance.now() < deadline) {
    const firmware = await version(line, timings.probeMs);
    if (firmware !== undefined) return firmware;
  }
  return undefined;
}

/**
 * Finds the rate at which the reader answers, and its firmware.
 * @throws Fault READER_SILENT when it answers at none, LINK_LOST
 */
async function probe(
  line: Line,
  settings: ReaderSettings,
  known: number | undefined,
  timings: Timings,
): Promise<[number | undefined, string]> {
  const first = known ?? settings.baud;
  const rates = line.link.hasBaud ? [...new Set([...(first === undefined ? [] : [first]), ...RATES])] : [undefined];
  // The first rate is tried twice: the reader may have been at the end of a round.
  for (const rate of [rates[0], ...rates]) {
    if (rate !== undefined) await line.link.setBaud(rate);
    line.clear();
    const before = line.frames();
    const firmware = await version(line, line.link.hasBaud ? timings.probeMs : timings.answerMs);
    if (firmware !== undefined) return [rate, firmware];
    if (line.frames() === before) continue;
    const later = await outwait(line, timings);
    if (later !== undefined) return [rate, later];
  }
  const tried = line.link.hasBaud ? ` at ${rates.join(', ')} baud` : '';
  throw new Fault('READER_SILENT', `${line.link.name}: no A0 reader answers${tried}: check power, cable and that the model is right`);
}

/** Brings a serial line to 115200 unless the settings forbid it; the reader stores it. @throws Fault READER_BAUD when nothing comes through */
async function raise(line: Line, settings: ReaderSettings, rate: number, timings: Timings): Promise<number> {
  if (rate >= FAST_BAUD || (settings.maxBaud ?? FAST_BAUD) < FAST_BAUD) return rate;
  // Refused: then the reader stays as it is.
  if ((await line.exchange.code(codec.setBaud(FAST_BAUD), `${FAST_BAUD} baud`, timings.answerMs)) !== codec.Code.OK) return rate;
  await line.link.setBaud(FAST_BAUD);
  line.clear();
  if ((await awake(line, timings)) !== undefined) return FAST_BAUD;
  throw new Fault(
    'READER_BAUD',
    `${line.link.name}: nothing comes through at ${FAST_BAUD} baud: set the reader back to ${rate} with its own program, and maxBaud to ${rate}`,
    { baud: FAST_BAUD },
  );
}

/** Stored in flash: written only when it is another. @throws Fault READER_REGION */
async function setRegion(line: Line, name: string, band: codec.Band, timings: Timings): Promise<void> {
  const now = await line.exchange.value(codec.getRegion(), band.data.length, timings.answerMs);
  if (now?.every((byte, i) => byte === band.data[i]) === true) return;
  const code = await line.exchange.code(codec.setRegion(band.data), `region ${name}`, timings.answerMs);
  if (code === codec.Code.OK) return;
  throw new Fault('READER_REGION', `${line.link.name}: this reader does not take region ${name}: ${codec.codeText(code)}`, { code });
}

/** Temporary where the firmware can do it; else stored in flash, and only when it is another. @throws Fault READER_REFUSED */
async function setPower(line: Line, dbm: number, timings: Timings): Promise<void> {
  if ((await line.exchange.code(codec.temporaryPower(dbm), `power ${dbm} dBm`, timings.answerMs)) === codec.Code.OK) return;
  const now = await line.exchange.ask(codec.getPower(), timings.answerMs);
  if (now.length > 0 && now.every((each) => each === dbm)) return;
  await line.exchange.order(codec.storedPower(dbm), `power ${dbm} dBm`, timings.answerMs);
}

/** Switches the detector on when it is off (stored in flash); whether it is on. */
async function detector(line: Line, timings: Timings): Promise<boolean> {
  const now = await line.exchange.value(codec.getDetector(), 1, timings.answerMs);
  if (now === undefined) return false;
  if (now[0] !== 0) return true;
  return (await line.exchange.code(codec.setDetector(THRESHOLD_DB), 'the antenna detector', timings.answerMs)) === codec.Code.OK;
}

/** Connectors, by what the reader takes for a port: nothing else tells. Unverified on units with 16. */
async function connectors(line: Line, timings: Timings): Promise<1 | 4 | 8> {
  for (const count of [8, 4] as const) {
    if ((await line.exchange.code(codec.setAntenna(count), `antenna ${count}`, timings.answerMs)) === codec.Code.OK) return count;
  }
  return 1;
}

/** Whether an antenna is at each port; null where the reader can't measure it. */
async function measure(line: Line, ports: readonly number[], band: codec.Band, timings: Timings): Promise<AntennaState[]> {
  const states: AntennaState[] = [];
  for (const port of ports) {
    await line.exchange.order(codec.setAntenna(port), `antenna ${port}`, timings.answerMs);
    const loss = (await line.exchange.value(codec.returnLoss(band.middle), 1, timings.answerMs))?.[0];
    const known = loss !== undefined && !(codec.isFailure(loss) && loss > codec.Code.ANTENNA_MISSING);
    states.push({ port, connected: known ? loss !== codec.Code.ANTENNA_MISSING && loss >= THRESHOLD_DB : null });
  }
  return states;
}

/** Ports to read. @throws Fault READER_REFUSED, READER_NO_ANTENNA */
async function detect(line: Line, settings: ReaderSettings, count: number, band: codec.Band, timings: Timings): Promise<AntennaState[]> {
  const beyond = settings.ports?.find((port) => port > count);
  if (beyond !== undefined) {
    throw new Fault('READER_REFUSED', `${line.link.name}: there is no antenna port ${beyond}: this reader has ${count}`);
  }
  const states = await measure(line, settings.ports ?? Array.from({ length: count }, (_, i) => i + 1), band, timings);
  // Configured ports are read even when they look open: some antennas reflect more at the frequency that is measured.
  const used = settings.ports === undefined ? states.filter(({ connected }) => connected !== false) : states;
  if (used.length > 0) return used;
  throw new Fault(
    'READER_NO_ANTENNA',
    `${line.link.name}: no antenna is connected: check the antenna cables, or name the ports in the doors' settings`,
  );
}

/** The power in whole dBm, never more than asked for. @throws Fault READER_REFUSED */
function wholeDbm(settings: ReaderSettings, name: string): number {
  const dbm = Math.floor(settings.powerCdbm / 100);
  if (dbm >= 0 && dbm <= MAX_DBM) return dbm;
  throw new Fault('READER_REFUSED', `${name}: ${settings.powerCdbm / 100} dBm is beyond this family: set powerCdbm from 0 to ${MAX_DBM}00`);
}

/**
 * Brings a reader from any state to where its rounds can begin. `known` is the rate that worked last.
 * @throws Fault READER_SILENT, READER_REFUSED, READER_REGION, READER_BAUD, READER_NO_ANTENNA, LINK_LOST
 */
export async function startUp(line: Line, settings: ReaderSettings, known: number | undefined, timings: Timings): Promise<Ready> {
  const band = Object.hasOwn(codec.A0_REGIONS, settings.region) ? codec.A0_REGIONS[settings.region] : undefined;
  if (band === undefined) {
    const names = Object.keys(codec.A0_REGIONS).join(', ');
    throw new Fault('READER_REGION', `${line.link.name}: this family does not know region "${settings.region}": use one of ${names}`);
  }
  const dbm = wholeDbm(settings, line.link.name);
  const [found, firmware] = await probe(line, settings, known, timings);
  const baud = found === undefined ? undefined : await raise(line, settings, found, timings);
  await setRegion(line, settings.region, band, timings);
  await setPower(line, dbm, timings);
  // A beep at each tag costs reads; firmware without a beeper refuses.
  await line.exchange.ask(codec.beeper(0), timings.answerMs);
  const detects = await detector(line, timings);
  const count = await connectors(line, timings);
  const antennas = await detect(line, settings, count, band, timings);
  const ports = antennas.map(({ port }) => port);
  const model = count === 1 ? 'R2000' : `R2000 ${count} ports`;
  return {
    started: { model, firmware, ...(baud === undefined ? {} : { baud }), antennas },
    plan: { ports, session: settings.session, connectors: useSwitch(ports, count, settings.session) },
    detects,
    dbm,
    table: band.data.length === 3,
  };
}

function useSwitch(ports: readonly number[], count: 1 | 4 | 8, session: number): 4 | 8 | undefined {
  return count > 1 && ports.length > 1 && session === FIRMWARE_SESSION ? (count as 4 | 8) : undefined;
}
