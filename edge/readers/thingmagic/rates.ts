import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import * as codec from './codec.ts';
import type { Exchange } from './exchange.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  /** Answer to a command at a known rate. */
  readonly answerMs: number;
  /** Answer to the version while the rate of a serial line is looked for: short, for 8 rates. */
  readonly probeMs: number;
  /** The same over a network, where there is no rate to look for. */
  readonly networkMs: number;
  /** The end of a stream: the module first sends all tags it has queued. */
  readonly stopMs: number;
  /** Silence after which what the module had queued counts as drained. */
  readonly quietMs: number;
  /** A module in its boot loader starts the firmware in up to a second. */
  readonly bootMs: number;
}

export const TIMINGS: Timings = { answerMs: 1_000, probeMs: 150, networkMs: 500, stopMs: 2_000, quietMs: 100, bootMs: 1_500 };

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
const FACTORY_BAUD = 115_200;
const RATES = [115_200, 921_600, 460_800, 9_600, 230_400, 57_600, 38_400, 19_200];
/** A tag record of 47 bytes at 115200 baud caps at 245 reads/s; a module makes 750. */
const FAST_RATES = [921_600, 460_800];
const MAX_BAUD = 921_600;
/** Wakes a module from power save and ends whatever frame it was reading. */
export const WAKE = new Uint8Array(8).fill(0xff);

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
 * The rates to try, in order. One that this process has read before stands at that rate, or was switched off and stands at the one it starts
 * with: both are tried again between the others, so that a module that comes back meanwhile is found within a second.
 */
export function ratesToTry(settings: Pick<ReaderSettings, 'baud'>, known: number | undefined): number[] {
  const start = settings.baud ?? FACTORY_BAUD;
  const others = [start, ...RATES].filter((rate, i, all) => all.indexOf(rate) === i);
  // The first rate is tried twice: the first command may have been the one that woke the module.
  if (known === undefined) return [start, ...others];
  const likely = [...new Set([known, start, FACTORY_BAUD])];
  return [...likely, ...others.filter((rate) => !likely.includes(rate)).flatMap((rate) => [...likely, rate]), ...likely];
}

/**
 * Finds the rate at which the module answers; undefined where a rate means nothing.
 * @throws Fault READER_SILENT when it answers at none, LINK_LOST
 */
export async function probe(
  line: Line,
  settings: ReaderSettings,
  known: number | undefined,
  timings: Timings,
): Promise<number | undefined> {
  const rates = line.link.hasBaud ? ratesToTry(settings, known) : [undefined, undefined];
  for (const rate of rates) {
    if (rate !== undefined) await line.link.setBaud(rate);
    line.clear();
    await silence(line, timings);
    try {
      await line.exchange.ask(codec.version(), line.link.hasBaud ? timings.probeMs : timings.networkMs);
      return rate;
    } catch (error) {
      if (faultCode(error) !== 'READER_SILENT') throw error;
    }
  }
  const tried = line.link.hasBaud ? ` at ${[...new Set(rates)].join(', ')} baud` : '';
  throw new Fault(
    'READER_SILENT',
    `${line.link.name}: no ThingMagic module answers${tried}: check power, cable and that the model is right`,
  );
}

/** Raises the rate of a serial line as far as module and settings allow. @throws Fault READER_BAUD when the new rate carries nothing */
export async function raise(line: Line, settings: ReaderSettings, rate: number, timings: Timings): Promise<number> {
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
