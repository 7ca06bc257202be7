import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { Identified, Probe, ProbeLine } from '../probe.ts';
import { capabilities, powerIndex } from './capabilities.ts';
import * as codec from './codec.ts';
import { config } from './config.ts';
import { Attempt, readerEvents } from './events.ts';
import { ReportDecoder } from './reports.ts';

/** A reader greets at once. */
const GREET_MS = 600;
const ANSWER_MS = 2_000;
/** Across a room, and what every reader takes; see setup/probe.ts. */
const CDBM = 2_000;
/** Of no host that is known: what others have set up stays. */
const SPEC_ID = 0x44_6f_63_6b;
const NOTHING = new Uint8Array(0);

/** Numbers of the messages of one connection. */
let id = 0;

function ask(line: ProbeLine, command: codec.Command): Promise<codec.Frame | undefined> {
  id = (id + 1) & 0xffff;
  const own = id;
  const frames = new codec.LlrpCodec();
  const { KEEPALIVE, RO_ACCESS_REPORT, READER_EVENT_NOTIFICATION } = codec.Message;
  const unasked: readonly number[] = [KEEPALIVE, RO_ACCESS_REPORT, READER_EVENT_NOTIFICATION];
  return line.ask(
    command(own),
    (chunk) => frames.push(chunk).find((frame) => frame.id === own && !unasked.includes(frame.type)),
    ANSWER_MS,
  );
}

async function identify(line: ProbeLine): Promise<Identified | undefined> {
  const frames = new codec.LlrpCodec();
  const greeting = (chunk: Uint8Array): number | undefined => {
    const events = frames
      .push(chunk)
      .flatMap((frame) => (frame.type === codec.Message.READER_EVENT_NOTIFICATION ? readerEvents(frame) : []));
    return events.find((event) => event.kind === 'attempt')?.status;
  };
  const status = await line.ask(NOTHING, greeting, GREET_MS);
  if (status === undefined) return undefined;
  if (status !== Attempt.OK) {
    return { model: 'LLRP reader', antennas: [], fault: 'another program is connected to it, and it takes one: end that one' };
  }
  const able = await ask(line, codec.getCapabilities());
  if (able === undefined) return undefined;
  const { model, firmware, antennas: count } = capabilities(able);
  const now = await ask(line, codec.getConfig());
  const told = now === undefined ? [] : config(now).antennas;
  const antennas = Array.from({ length: count }, (_, i) => told.find(({ port }) => port === i + 1) ?? { port: i + 1, connected: null });
  return { model, ...(firmware === '' ? {} : { firmware }), antennas };
}

/** A specification of its own, beside those that the reader has, for a moment. Its region is the reader's own. */
async function sample(line: ProbeLine, { antennas }: Identified, ms: number): Promise<Read[]> {
  const able = await ask(line, codec.getCapabilities());
  const now = await ask(line, codec.getConfig());
  if (able === undefined || now === undefined) return [];
  const { powers, hopping, hopTable, frequencies } = capabilities(able);
  const power = powerIndex(powers, CDBM) ?? Math.min(...powers.keys());
  const own = config(now).transmitters;
  const ports = antennas.filter(({ connected }) => connected !== false).map(({ port }) => port);
  if (ports.length === 0 || powers.size === 0) return [];
  const fallback = { hopTable: hopping ? hopTable : 0, channel: hopping ? 0 : 1 };
  const transmitters = ports.map((port) => ({ port, power, ...(own.get(port) ?? fallback) }));
  const spec = codec.roSpec({ id: SPEC_ID, transmitters, session: 0, impinj: false });
  const reads: Read[] = [];
  const frames = new codec.LlrpCodec();
  const reports = new ReportDecoder(frequencies);
  const take = (chunk: Uint8Array): undefined => {
    for (const frame of frames.push(chunk)) reports.decode(frame, Date.now(), reads);
  };
  try {
    for (const command of [codec.addRoSpec(spec), codec.enableRoSpec(SPEC_ID), codec.startRoSpec(SPEC_ID)]) await order(line, command);
    await line.ask(NOTHING, take, ms);
  } finally {
    await ask(line, codec.deleteRoSpec(SPEC_ID));
    await ask(line, codec.closeConnection());
  }
  return reads;
}

async function order(line: ProbeLine, command: codec.Command): Promise<void> {
  const answer = await ask(line, command);
  const status = answer === undefined ? undefined : codec.statusOf(answer);
  if (status === undefined || status.code === codec.SUCCESS) return;
  throw new Fault('READER_REFUSED', `not read: ${codec.statusText(status)}`, { status: status.code });
}

export const probe: Probe = { bauds: [], silentMs: GREET_MS, identify, read: sample };
