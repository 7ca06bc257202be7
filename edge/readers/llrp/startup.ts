import { Fault } from '../../../protocol/fault.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, InputLevel } from '../session.ts';
import { REGIONS } from '../thingmagic/codec.ts';
import { type Capabilities, capabilities, powerIndex } from './capabilities.ts';
import * as codec from './codec.ts';
import { type Config, config } from './config.ts';
import type { Exchange } from './exchange.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  /** The reader's greeting on a new connection. */
  readonly greetMs: number;
  /** How long the greeting is waited for before the reader is asked, and how long that answer may take. */
  readonly probeMs: number;
  /** Answer to a question; going back to the factory's settings takes readers a second or more. */
  readonly answerMs: number;
  /** How often the reader is to give a sign of life. */
  readonly keepaliveMs: number;
  /** Silence after which the connection is dead: three signs of life and some. */
  readonly silentMs: number;
  /** The end of a connection in order. */
  readonly closeMs: number;
}

export const TIMINGS: Timings = { greetMs: 5_000, probeMs: 500, answerMs: 5_000, keepaliveMs: 1_000, silentMs: 3_500, closeMs: 1_000 };

export interface Ready {
  readonly capabilities: Capabilities;
  readonly antennas: readonly AntennaState[];
  readonly inputs: readonly InputLevel[];
}

/** Ours, after all others were deleted. */
export const ROSPEC_ID = 1;

/**
 * Communications standards (LLRP 1.0.1, RegulatoryCapabilities) by the names of regions. The region of a network reader is set by its maker or its
 * own web page, not over LLRP: here it is only compared, so that a reader for another continent is noticed.
 */
const STANDARDS: Readonly<Record<string, readonly number[]>> = {
  ...{ NA: [1], NA2: [1], NA3: [1], NA4: [1], EU: [2, 3], EU2: [2, 3], EU3: [2, 3], EU4: [2, 3] },
  ...{ AU: [4, 5], JP: [6], JP2: [6], JP3: [6], HK: [7], TW: [8], KR: [9], KR2: [9] },
};
const STANDARD_NAMES = [
  ...['unspecified', 'US FCC part 15', 'ETSI 302 208', 'ETSI 300 220', 'Australia LIPD 1 W', 'Australia LIPD 4 W'],
  ...['Japan ARIB STD T89', 'Hong Kong OFTA 1049', 'Taiwan DGT LP0002', 'Korea MIC article 5-2'],
];

function checkRegion(name: string, region: string, standard: number): void {
  if (!Object.hasOwn(REGIONS, region)) {
    throw new Fault('READER_REGION', `region "${region}" is unknown: use one of ${Object.keys(REGIONS).join(', ')}`);
  }
  const wanted = STANDARDS[region];
  // The list of the standard is from 2007: for a region that it lacks, and a reader that does not say, there is nothing to compare.
  if (wanted === undefined || standard === 0 || wanted.includes(standard)) return;
  throw new Fault(
    'READER_REGION',
    `${name} works by ${STANDARD_NAMES[standard] ?? `standard ${standard}`}, not for region ${region}: set its region on its own page, or correct the settings`,
    { standard },
  );
}

function choosePower(name: string, powers: ReadonlyMap<number, number>, cdbm: number): number {
  const index = powerIndex(powers, cdbm);
  const all = [...powers.values()];
  if (index !== undefined && cdbm <= Math.max(...all)) return index;
  const range = all.length === 0 ? 'names no power at all' : `does ${Math.min(...all) / 100} to ${Math.max(...all) / 100} dBm`;
  throw new Fault('READER_REFUSED', `${name}: power ${cdbm / 100} dBm is not possible, the reader ${range}: change powerCdbm`);
}

/** The configured ports, which are read even when they look open, because some antennas block the current that detection needs; else what is connected. */
function choosePorts(name: string, settings: ReaderSettings, { antennas }: Config, count: number): readonly AntennaState[] {
  const connected = antennas.filter((antenna) => antenna.connected === true).map((antenna) => antenna.port);
  const ports = settings.ports ?? (antennas.length > 0 ? connected : Array.from({ length: count }, (_, i) => i + 1));
  const beyond = ports.find((port) => count > 0 && port > count);
  if (beyond !== undefined)
    throw new Fault('READER_NO_ANTENNA', `${name}: there is no antenna port ${beyond}, the reader has ${count}: correct the doors`);
  if (ports.length === 0) {
    throw new Fault(
      'READER_NO_ANTENNA',
      `${name}: no antenna is connected: check the antenna cables, or name the ports in the doors' settings`,
    );
  }
  return ports.map((port) => ({ port, connected: antennas.find((antenna) => antenna.port === port)?.connected ?? null }));
}

/** Phase is worth having, but a reader that does not give it is read all the same. */
async function takesImpinj(exchange: Exchange, ms: number): Promise<boolean> {
  return codec.statusOf(await exchange.ask(codec.enableImpinj(), "Impinj's extensions", ms))?.code === codec.SUCCESS;
}

/**
 * Brings a reader that has greeted from any state into its stream.
 * @throws Fault READER_SILENT, READER_REFUSED, READER_REGION, READER_NO_ANTENNA, LINK_LOST
 */
export async function startUp(exchange: Exchange, name: string, settings: ReaderSettings, timings: Timings): Promise<Ready> {
  const ms = timings.answerMs;
  const able = capabilities(await exchange.order(codec.getCapabilities(), 'its capabilities', ms));
  checkRegion(name, settings.region, able.standard);
  const power = choosePower(name, able.powers, settings.powerCdbm);
  await exchange.order(codec.configure(timings.keepaliveMs), 'keepalives and events', ms);
  const impinj = able.vendor === codec.Vendor.IMPINJ && (await takesImpinj(exchange, ms));
  await exchange.tell(codec.enableEventsAndReports());
  await exchange.order(codec.deleteRoSpecs(), 'to forget what it did before', ms);
  // What an earlier host wanted done to tags; a reader without access operations may refuse.
  await exchange.ask(codec.deleteAccessSpecs(), 'to forget access operations', ms);
  if (able.inputs > 0) await exchange.ask(codec.enableInputs(able.inputs), 'to report its inputs', ms);
  const now = config(await exchange.order(codec.getConfig(), 'its configuration', ms));
  const antennas = choosePorts(name, settings, now, able.antennas);
  const transmitters = antennas.map(({ port }) => {
    const fallback = { hopTable: able.hopping ? able.hopTable : 0, channel: able.hopping ? 0 : 1 };
    return { port, power, ...(now.transmitters.get(port) ?? fallback) };
  });
  const spec = codec.roSpec({ id: ROSPEC_ID, transmitters, session: settings.session, impinj });
  await exchange.order(
    codec.addRoSpec(spec),
    `antennas ${antennas.map(({ port }) => port).join(', ')} at ${settings.powerCdbm / 100} dBm`,
    ms,
  );
  await exchange.order(codec.enableRoSpec(ROSPEC_ID), 'to be ready', ms);
  await exchange.order(codec.startRoSpec(ROSPEC_ID), 'to start reading', ms);
  return { capabilities: able, antennas, inputs: now.inputs };
}
