import { existsSync } from 'node:fs';
import { Fault } from '../../protocol/fault.ts';
import { openLink } from '../readers/link/open.ts';
import { networkPath } from '../readers/link/tcp.ts';
import { LLRP_PORT } from '../readers/llrp/codec.ts';
import { isNetworkModel } from '../readers/network/inlet.ts';
import { FAMILIES, openReader } from '../readers/open.ts';
import type { ReaderSettings } from '../readers/reader.ts';
import { loadSettings, type Settings, zoneAntennas } from '../settings.ts';
import { writeTape } from '../setup/recording/file.ts';
import { DEFAULT_MAX_MB, MAX_MB, MAX_SECONDS, recording } from '../setup/recording/recorder.ts';
import { Tap } from '../setup/recording/tap.ts';
import { doorsOf, type TapeHeader, type What } from '../setup/recording/tape.ts';
import { options, required } from './usage.ts';

/** Does not wait for a node whose machine hangs. */
const ANSWER_MS = 5_000;

interface Wish {
  readonly what: What;
  readonly maxMb: number;
  readonly seconds: number;
}

/**
 * `record --settings FILE --reader ID --out FILE [--what bytes|reads] [--max-mb N] [--seconds N]`, or `--port PATH` or `--tcp HOST:PORT` with
 * `--model NAME [--region NAME]`. One program owns a reader's line: where the node of the settings runs, it hands over what it hears and
 * goes on; else the reader is started here. @throws Fault USAGE, RECORD_EXISTS, RECORD_WRITE, RECORD_REFUSED
 */
export async function record(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = options(args, {
    ...{ settings: text, reader: text, out: text, what: text, 'max-mb': text, seconds: text },
    ...{ port: text, tcp: text, model: text, region: text },
  });
  const out = required(values.out, '--out FILE');
  if (existsSync(out)) throw new Fault('RECORD_EXISTS', `${out} exists: name another, or remove it yourself`);
  const what = values.what ?? 'bytes';
  if (what !== 'bytes' && what !== 'reads') throw new Fault('USAGE', '--what must be bytes or reads');
  const wish: Wish = {
    what,
    maxMb: number(values['max-mb'], '--max-mb', MAX_MB) ?? DEFAULT_MAX_MB,
    seconds: number(values.seconds, '--seconds', MAX_SECONDS) ?? MAX_SECONDS,
  };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  if (values.settings === undefined) {
    const link = values.tcp === undefined ? values.port : networkPath(`tcp://${values.tcp.replace(/^tcp:\/\//, '')}`, LLRP_PORT);
    const model = required(values.model, '--model NAME (or --settings FILE)');
    const reader = {
      ...{ id: values.reader ?? 'r1', model, link: required(link, '--port PATH or --tcp HOST:PORT') },
      ...{ region: values.region ?? 'EU3', powerCdbm: 2_700, session: 1 },
    };
    return own(reader, [], wish, out, stop.signal);
  }
  const settings = await loadSettings(values.settings, { keepCopy: false });
  const id = required(values.reader, '--reader ID');
  const reader = settings.readers.find((one) => one.id === id);
  if (reader === undefined) throw new Fault('USAGE', `--reader must be one of ${settings.readers.map((one) => one.id).join(', ')}`);
  const tape = await ofNode(settings, id, wish);
  if (tape !== undefined) return write(out, tape, stop.signal, 'the running node');
  const { doors, zones } = settings;
  const antennas = [...doors.flatMap((door) => door.antennas), ...zones.flatMap((zone) => zoneAntennas(settings, zone))];
  const ports = new Set(antennas.filter((antenna) => antenna.reader === id).map(({ port }) => port));
  return own({ ...reader, ports: [...ports].sort((a, b) => a - b) }, doorsOf(settings, id), wish, out, stop.signal);
}

function number(text: string | undefined, option: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value <= most)) throw new Fault('USAGE', `${option} must be a number above 0, at most ${most}`);
  return value;
}

/** The recording that a running node makes; undefined when none of these settings runs. @throws Fault RECORD_REFUSED */
async function ofNode(
  { panel, site, node }: Settings,
  id: string,
  { what, maxMb, seconds }: Wish,
): Promise<ReadableStream<Uint8Array> | undefined> {
  if (panel.port === 0) return undefined;
  const base = `http://${panel.host}:${panel.port}/api`;
  try {
    const state = (await (await fetch(`${base}/state`, { signal: AbortSignal.timeout(ANSWER_MS) })).json()) as {
      site?: string;
      node?: string;
    };
    if (state.site !== site || state.node !== node) return undefined;
  } catch {
    return undefined;
  }
  const query = new URLSearchParams({ what, maxMb: String(maxMb), seconds: String(seconds) });
  const answer = await fetch(`${base}/setup/readers/${encodeURIComponent(id)}/recording?${query}`);
  if (answer.ok && answer.body !== null) return answer.body;
  const { detail = '' } = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Fault('RECORD_REFUSED', `the running node makes no recording (${answer.status}): ${detail}`);
}

/** Starts the reader here and records it. */
async function own(reader: ReaderSettings, doors: TapeHeader['doors'], wish: Wish, out: string, stop: AbortSignal): Promise<number> {
  if (isNetworkModel(reader.model)) {
    throw new Fault('USAGE', `${reader.id} publishes to the broker of its node: start the node, then record with --what reads`);
  }
  if (!FAMILIES.has(reader.model)) throw new Fault('USAGE', `--model must be one of ${[...FAMILIES.keys()].join(', ')}`);
  const tap = new Tap();
  let told = '';
  const events = {
    reads: (_: string, reads: Parameters<Tap['reads']>[0]) => tap.reads(reads),
    health: (_: string, { state, message }: { state: string; message?: { text: string } }) => {
      const now = message === undefined ? state : `${state}: ${message.text}`;
      if (now !== told) console.error(`reader ${reader.id} ${now}`);
      told = now;
    },
  };
  const running = openReader(reader, events, { open: tap.through(openLink) });
  const { id, model, link, rssiOffset, ports } = reader;
  const decoding = { ...(ports === undefined ? {} : { ports }), ...(rssiOffset === undefined ? {} : { rssiOffset }) };
  const header: TapeHeader = { v: 1, what: wish.what, reader: id, model, link, ...decoding, start: Date.now(), doors };
  const tape = recording(tap, header, { maxBytes: wish.maxMb * 1_000_000, maxMs: wish.seconds * 1_000 });
  running.start();
  try {
    return await write(out, tape, stop, 'this command');
  } finally {
    await running.stop();
  }
}

async function write(out: string, tape: ReadableStream<Uint8Array>, stop: AbortSignal, who: string): Promise<number> {
  console.error(`recording into ${out} (${who} has the line); Ctrl-C ends it`);
  const { bytes, end } = await writeTape(out, tape, stop);
  console.error(`${out}: ${bytes} bytes, ended by ${end}`);
  return end === 'cut' || end === 'slow' ? 1 : 0;
}
