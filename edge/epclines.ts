import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { reportEpc } from '../protocol/epc/report.ts';

/** Eight times the digits of the longest EPC, for blanks between them: memory stays bounded whatever comes without a line end. */
const MAX_LINE = 1024;

const tooLong = { error: { code: 'EPC_LENGTH', message: `a line of more than ${MAX_LINE} characters is no EPC` } };

/** One line of JSON, without its end, for one line of text. */
export function answerLine(line: string): string {
  return JSON.stringify(line.length > MAX_LINE ? tooLong : reportEpc(line));
}

/** Answers for the lines of each chunk, in order; what follows the last line end is a line when it holds anything. */
async function* answers(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of chunks) {
    const lines = decoder.write(chunk).split('\n');
    lines[0] = open + lines[0];
    // One character over the limit is enough to know it.
    open = (lines.pop() as string).slice(0, MAX_LINE + 1);
    if (lines.length > 0) yield `${lines.map(answerLine).join('\n')}\n`;
  }
  open += decoder.end();
  if (open !== '') yield `${answerLine(open)}\n`;
}

/**
 * Reads EPCs in hexadecimal, one a line, and writes one JSON object a line, in order; reads no faster than the answers are taken. Ends quietly
 * when their reader goes away. Resolves with the exit code.
 */
export async function answerEpcs(input: Readable, output: Writable): Promise<number> {
  // The reader may go away after the last write, when nobody awaits it any more.
  output.on('error', () => undefined);
  try {
    await pipeline(input, answers, output, { end: false });
  } catch (error) {
    // EPIPE where a write told of it, a closed stream where none was under way.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE' && !output.destroyed) throw error;
  }
  return 0;
}
