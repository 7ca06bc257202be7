import { Fault, faultCode } from '../../protocol/fault.ts';
import type { Read } from '../../protocol/read.ts';
import type { ByteLink, OpenLink } from '../readers/link/link.ts';
import { openLink } from '../readers/link/open.ts';
import { FAMILIES } from '../readers/open.ts';
import { type Identified, type Probe, ProbeLine } from '../readers/probe.ts';
import type { AntennaState, Family, ReaderSession } from '../readers/session.ts';
import { type Owner, ownerOf } from './ports.ts';

/** How long a found reader is read for. */
const SAMPLE_MS = 3_000;
/** Finding a reader of a family that is in the middle of something takes it a second or two; this ends whatever hangs. */
const IDENTIFY_MS = 5_000;
/** Start-up of a reader whose rate is known takes a fraction of a second. */
const START_MS = 10_000;
/** Enough to be read across a room, and what every module takes: a desk module ends at 26 dBm. */
const SAMPLE_CDBM = 2_000;
const TICK_MS = 100;

/** What one antenna heard in three seconds. */
export interface Sampled {
  readonly port: number;
  readonly readsPerSecond: number;
  /** Different tags. */
  readonly tags: number;
  /** Mean level in dBm; null when it heard nothing. */
  readonly rssi: number | null;
}

/** A reader that was found. */
export interface Found {
  readonly state: 'found';
  readonly link: string;
  /** By the name that settings use. */
  readonly family: string;
  /** The rate at which it answered; undefined on a network link. */
  readonly baud?: number;
  readonly reader: Identified;
  /** Per antenna; absent when it was not read. */
  readonly sample?: readonly Sampled[];
  /** Why it was not read, or what it complained of. */
  readonly faults: readonly string[];
}

/** A link where no reader was found, and why. */
export interface NotFound {
  /** `owned`: another program has it; `closed`: it does not open; `silent`: it opens, and no reader answers. */
  readonly state: 'owned' | 'closed' | 'silent';
  readonly link: string;
  readonly text: string;
  readonly owner?: Owner;
}

export type Probed = Found | NotFound;

export interface ProbeOptions {
  readonly families?: ReadonlyMap<string, () => Family>;
  /** A radio region by name: the found reader transmits in it. Undefined: it is not read. */
  readonly region: string | undefined;
  readonly sampleMs?: number;
  readonly stop?: AbortSignal;
  readonly open?: OpenLink;
}

interface Asked {
  readonly name: string;
  readonly family: Family;
  readonly probe: Probe;
}

/** The families that can be asked without changing a reader. */
function askable(families: ReadonlyMap<string, () => Family>): Asked[] {
  return [...families].flatMap(([name, make]) => {
    const family = make();
    return family.probe === undefined ? [] : [{ name, family, probe: family.probe }];
  });
}

/** How long a link takes at most until it is known that no reader answers, milliseconds. */
export function longestMs(families: ReadonlyMap<string, () => Family> = FAMILIES): number {
  return askable(families).reduce((sum, { probe }) => sum + probe.bauds.length * probe.silentMs, 0);
}

/** Which family is asked at which rate, the most likely of each family first: most readers stand at their factory rate. */
export function order(asked: readonly { readonly name: string; readonly probe: Pick<Probe, 'bauds'> }[]): [string, number][] {
  const longest = Math.max(0, ...asked.map(({ probe }) => probe.bauds.length));
  return Array.from({ length: longest }, (_, i) =>
    asked.flatMap(({ name, probe }): [string, number][] => (probe.bauds[i] === undefined ? [] : [[name, probe.bauds[i]]])),
  ).flat();
}

/**
 * Finds the reader at a link, and reads with it for three seconds. It leaves no stream running, and nothing changed that the reader keeps
 * without power. Never throws for what it finds at the link.
 */
export async function probeLink(path: string, options: ProbeOptions): Promise<Probed> {
  const { families = FAMILIES, open = openLink, stop } = options;
  const asked = askable(families);
  const first = order(asked)[0];
  let line: ProbeLine | undefined;
  let session: ReaderSession | undefined;
  let link: ByteLink | undefined;
  // A device server often serves one host: a second connection would end the first.
  if (path.startsWith('tcp://')) {
    const owner = await ownerOf(path);
    if (owner !== undefined) return owned(path, owner);
  }
  try {
    link = await open(path, first?.[1] ?? 115_200, {
      data: (chunk) => (session === undefined ? line?.data(chunk) : session.data(chunk)),
      lost: (reason) => session?.lost(reason),
    });
  } catch (error) {
    return closed(path, error);
  }
  try {
    line = new ProbeLine(link);
    const found = await find(line, asked, stop);
    if (found === undefined) {
      const names = asked.map(({ name }) => name).join(', ');
      return {
        state: 'silent',
        link: path,
        text: `no reader answers (asked as ${names}): check power, cable and, for RS-232, the crossed lines`,
      };
    }
    const { one, baud, reader } = found;
    const base = { state: 'found' as const, link: path, family: one.name, ...(baud === undefined ? {} : { baud }), reader };
    if (reader.fault !== undefined || options.region === undefined) {
      return { ...base, faults: reader.fault === undefined ? [] : [reader.fault] };
    }
    const ms = options.sampleMs ?? SAMPLE_MS;
    if (one.probe.read !== 'session') {
      try {
        const from = performance.now();
        const reads = await one.probe.read(line, reader, ms);
        return { ...base, sample: summary(reads, reader.antennas, performance.now() - from), faults: [] };
      } catch (error) {
        return { ...base, faults: [error instanceof Error ? error.message : String(error)] };
      }
    }
    const parts = { link, family: one.family, baud, region: options.region, model: one.name, ms, stop };
    const { sample, faults, antennas } = await read(parts, (made) => {
      session = made;
    });
    const known = new Map([...reader.antennas, ...antennas].map((state) => [state.port, state]));
    return { ...base, reader: { ...reader, antennas: [...known.values()] }, sample, faults };
  } catch (error) {
    return { state: 'silent', link: path, text: error instanceof Error ? error.message : String(error) };
  } finally {
    await link.close();
  }
}

async function closed(path: string, error: unknown): Promise<NotFound> {
  const owner = faultCode(error) === 'LINK_OPEN' ? await ownerOf(path) : undefined;
  if (owner !== undefined) return owned(path, owner);
  return { state: 'closed', link: path, text: error instanceof Error ? error.message : String(error) };
}

function owned(path: string, owner: Owner): NotFound {
  const who = owner.node ? `the running node (process ${owner.pid})` : `process ${owner.pid} (${owner.command})`;
  const what = owner.node ? 'look at its panel, or stop it and probe again' : 'stop it and probe again';
  return { state: 'owned', link: path, owner, text: `${who} has it open: ${what}` };
}

async function find(
  line: ProbeLine,
  asked: readonly Asked[],
  stop: AbortSignal | undefined,
): Promise<{ one: Asked; baud: number | undefined; reader: Identified } | undefined> {
  // Over a network those that speak first are listened to before anything is said: what they do not understand ends their connection.
  const network = [...asked].sort((a, b) => Math.min(1, a.probe.bauds.length) - Math.min(1, b.probe.bauds.length));
  const rates = line.link.hasBaud ? order(asked) : network.map(({ name }): [string, undefined] => [name, undefined]);
  let at = rates[0]?.[1];
  for (const [name, baud] of rates) {
    if (stop?.aborted === true) return undefined;
    const one = asked.find((each) => each.name === name) as Asked;
    if (baud !== undefined && baud !== at) await line.link.setBaud(baud);
    at = baud;
    const limit = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), IDENTIFY_MS).unref());
    const reader = await Promise.race([one.probe.identify(line), limit]);
    if (reader !== undefined) return { one, baud, reader };
  }
  return undefined;
}

interface ReadParts {
  readonly link: ByteLink;
  readonly family: Family;
  readonly baud: number | undefined;
  readonly region: string;
  readonly model: string;
  readonly ms: number;
  readonly stop: AbortSignal | undefined;
}

/** Lets a found reader read for a moment, at the rate it was found at, and ends its stream. */
async function read(
  { link, family, baud, region, model, ms, stop }: ReadParts,
  take: (session: ReaderSession) => void,
): Promise<{ sample: Sampled[]; faults: string[]; antennas: readonly AntennaState[] }> {
  const reads: Read[] = [];
  const faults = new Set<string>();
  const session = family.session(
    link,
    link.name,
    {
      reads: (some) => void reads.push(...some),
      warned: (code, text = '') => code !== undefined && faults.add(text || code),
      inputs: () => undefined,
      antennas: () => undefined,
    },
    Date.now,
  );
  take(session);
  const ticker = setInterval(() => session.tick(), TICK_MS);
  const hurry = setTimeout(() => session.interrupt(), START_MS);
  let ports: readonly AntennaState[] = [];
  let took = ms;
  try {
    const rate = baud === undefined ? {} : { baud, maxBaud: baud };
    const settings = { id: 'probe', model, link: link.name, region, powerCdbm: SAMPLE_CDBM, session: 0, ...rate };
    ({ antennas: ports } = await session.start(settings, baud));
    clearTimeout(hurry);
    const from = performance.now();
    await Promise.race([pause(ms, stop), session.ended]);
    took = Math.max(1, performance.now() - from);
  } catch (error) {
    faults.add(error instanceof Fault ? error.message : String(error));
  } finally {
    clearTimeout(hurry);
    clearInterval(ticker);
    await session.stop();
  }
  return { sample: summary(reads, ports, took), faults: [...faults], antennas: ports };
}

function pause(ms: number, stop: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Reads by antenna, those that heard nothing included. */
export function summary(reads: readonly Read[], antennas: readonly AntennaState[], ms: number): Sampled[] {
  const ports = [...new Set([...antennas.map(({ port }) => port), ...reads.map(({ antenna }) => antenna)])].sort((a, b) => a - b);
  return ports.map((port) => {
    const own = reads.filter(({ antenna }) => antenna === port);
    return {
      port,
      readsPerSecond: Math.round((own.length * 1_000) / ms),
      tags: new Set(own.map(({ epc }) => epc)).size,
      rssi: own.length === 0 ? null : Math.round((own.reduce((sum, { rssi }) => sum + rssi, 0) / own.length) * 10) / 10,
    };
  });
}

/** What to write in the settings for a found reader, ready to paste into `readers`. */
export function snippet(found: Found, id: string, region: string): object {
  return {
    id,
    model: found.family,
    link: found.link,
    ...(found.baud === undefined ? {} : { baud: found.baud }),
    region,
  };
}
