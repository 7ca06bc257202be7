import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { utf8 } from '../../../protocol/bytes.ts';
import { Fault } from '../../../protocol/fault.ts';
import { type EndReason, entryLine, MAX_LINE, parseEntry, parseHeader, type TapeEntry, type TapeHeader } from './tape.ts';

/** A power cut costs the recording its last second; a sync of each line would wear out a card. */
const SYNC_MS = 1_000;
/** Longer than the last line of a recording that has one. */
const TAIL = 100;

/**
 * Writes a recording into a new file until it ends or `stop` does; resolves with its size and why it ended; `cut`
 * when whoever records went away without a word.
 * @throws Fault RECORD_EXISTS for a file that is there already, RECORD_WRITE when the disk takes no more: what was written stays
 */
export async function writeTape(
  file: string,
  tape: ReadableStream<Uint8Array>,
  stop: AbortSignal,
): Promise<{ bytes: number; end: EndReason | 'cut' }> {
  const handle = await create(file).catch(async (error: unknown) => {
    await tape.cancel();
    throw error;
  });
  const start = Date.now();
  const reader = tape.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  stop.addEventListener('abort', cancel);
  let bytes = 0;
  let synced = performance.now();
  let tail = '';
  try {
    for (;;) {
      // A node that ends, or a connection that breaks, cuts the recording: what came is kept.
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }) as const);
      if (done) break;
      await handle.writeFile(value);
      bytes += value.length;
      tail = (tail + Buffer.from(value.subarray(-TAIL)).toString('latin1')).slice(-TAIL);
      if (performance.now() - synced < SYNC_MS) continue;
      synced = performance.now();
      await handle.datasync();
    }
    if (stop.aborted) {
      const line = utf8(entryLine({ kind: 'end', t: Date.now() - start, reason: 'stopped' }));
      await handle.writeFile(line);
      bytes += line.length;
    }
    await handle.datasync();
    return { bytes, end: stop.aborted ? 'stopped' : endOf(tail) };
  } catch (error) {
    cancel();
    const text = error instanceof Error ? error.message : String(error);
    throw error instanceof Fault
      ? error
      : new Fault('RECORD_WRITE', `${file} ends after ${bytes} bytes (${text}): what stands in it can be played`);
  } finally {
    stop.removeEventListener('abort', cancel);
    await handle.close();
  }
}

/** Why a recording ended, by its last line. */
function endOf(tail: string): EndReason | 'cut' {
  const entry = parseEntry(tail.slice(tail.lastIndexOf('\n', tail.length - 2) + 1, -1));
  return entry?.kind === 'end' ? entry.reason : 'cut';
}

async function create(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Fault('RECORD_EXISTS', `${file} exists: name another, or remove it yourself`);
    throw new Fault('RECORD_WRITE', `${file} can't be written (${message}): name another with --out`);
  }
}

/** A recording as it is read. */
export interface Tape {
  readonly header: TapeHeader;
  /** The whole lines in their order; the damaged ones are counted and left out. */
  readonly entries: AsyncGenerator<TapeEntry, void>;
  /** Lines that were torn or damaged, so far. */
  readonly damaged: () => number;
  /** Why it ended; undefined while its end has not come, and after it when it was cut. */
  readonly end: () => EndReason | undefined;
}

/** Opens a recording for reading, line by line: memory does not grow with the file. @throws Fault TAPE_HEADER, TAPE_READ */
export async function readTape(file: string): Promise<Tape> {
  const lines = linesOf(file);
  const first = await lines.next();
  const header = parseHeader(first.done === true ? '' : first.value);
  let damaged = 0;
  let end: EndReason | undefined;
  async function* entries(): AsyncGenerator<TapeEntry, void> {
    for await (const line of lines) {
      const entry = parseEntry(line);
      if (entry === undefined) damaged++;
      else {
        if (entry.kind === 'end') end = entry.reason;
        yield entry;
      }
    }
  }
  return { header, entries: entries(), damaged: () => damaged, end: () => end };
}

/** The lines of a file; of one that is too long the first characters, which no CRC fits. What follows the last line end is a torn line. */
async function* linesOf(file: string): AsyncGenerator<string, void> {
  let open = '';
  try {
    for await (const chunk of createReadStream(file, { encoding: 'latin1' })) {
      const lines = (chunk as string).split('\n');
      lines[0] = open + lines[0];
      open = (lines.pop() as string).slice(0, MAX_LINE + 1);
      yield* lines;
    }
  } catch (error) {
    throw new Fault('TAPE_READ', `${file} can't be read (${(error as Error).message})`);
  }
  if (open !== '') yield open;
}
