import { Fault } from '../../protocol/fault.ts';
import { sleep } from '../backoff.ts';
import { loadSettings } from '../settings.ts';
import { readTape, type Tape } from '../setup/recording/file.ts';
import { type Played, Player } from '../setup/recording/player.ts';
import { serveTape } from '../setup/recording/serve.ts';
import { doorsOf } from '../setup/recording/tape.ts';
import { options } from './usage.ts';

/**
 * `replay FILE [--settings FILE] [--reads] [--in-time]`: what the doors would decide, a JSON object a line, the same at each run; the doors are
 * those of the recording, or of the settings. `replay FILE --serve [--port N] [--in-time]` offers the recorded bytes to a driver.
 * @throws Fault USAGE, TAPE_HEADER, TAPE_READ, REPLAY_FAMILY, REPLAY_SERVE
 */
export async function replay(args: string[]): Promise<number> {
  const [boolean, string] = [{ type: 'boolean' }, { type: 'string' }] as const;
  const { values, positionals } = options(args, { settings: string, reads: boolean, 'in-time': boolean, serve: boolean, port: string }, 1);
  const [file] = positionals;
  if (file === undefined) throw new Fault('USAGE', 'the FILE of a recording is missing');
  const { 'in-time': inTime = false, reads = false } = values;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // The reader of the lines may go away first.
  process.stdout.on('error', () => stop.abort());
  const tape = await readTape(file);
  if (values.serve === true) return serve(tape, Number(values.port ?? 0), inTime, stop.signal);
  const { reader } = tape.header;
  const doors =
    values.settings === undefined ? tape.header.doors : doorsOf(await loadSettings(values.settings, { keepCopy: false }), reader);
  await play({ ...tape, header: { ...tape.header, doors } }, reads, inTime, stop.signal);
  return 0;
}

/** Waits where whoever reads the lines does not take them. */
async function say(value: object): Promise<void> {
  if (process.stdout.write(`${JSON.stringify(value)}\n`) || process.stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    process.stdout.once('drain', resolve);
    process.stdout.once('error', () => resolve());
  });
}

async function play(tape: Tape, withReads: boolean, inTime: boolean, stop: AbortSignal): Promise<void> {
  const { header, entries, damaged, end } = tape;
  const player = new Player(header);
  const count = { entries: 0, bytes: 0, reads: 0, passages: 0 };
  const from = performance.now();
  const tell = async ({ reads, passages }: Played): Promise<void> => {
    count.reads += reads.length;
    count.passages += passages.length;
    if (withReads) for (const read of reads) await say({ kind: 'read', reader: header.reader, ...read });
    for (const passage of passages) await say({ kind: 'passage', ...passage });
  };
  await say({ kind: 'recording', ...header, doors: header.doors.map(({ id }) => id) });
  for await (const entry of entries) {
    if (stop.aborted) break;
    count.entries++;
    if (entry.kind === 'reader') count.bytes += entry.bytes.length;
    if (inTime) await sleep(Math.max(0, entry.t - (performance.now() - from)), stop);
    await tell(player.play(entry));
  }
  await tell(player.end());
  await say({ kind: 'end', ...count, damaged: damaged(), end: end() ?? 'cut' });
}

async function serve(tape: Tape, port: number, inTime: boolean, stop: AbortSignal): Promise<number> {
  if (tape.header.what !== 'bytes') throw new Fault('USAGE', 'this recording is of reads: only bytes can be served');
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) throw new Fault('USAGE', '--port must be 0 to 65535');
  const served = await serveTape(tape.entries, port, inTime);
  await say({ kind: 'serving', link: served.link, model: tape.header.model });
  await new Promise((resolve) => stop.addEventListener('abort', resolve));
  await served.stop();
  return 0;
}
