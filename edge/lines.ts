import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';

/**
 * Answers each line of `input` with one line of JSON on `output`, in order; reads no faster than the answers are taken, and ends quietly
 * when their reader goes away. What follows the last line end is a line when it holds anything. Of a line of more than `maxLine`
 * characters `answer` is given one character too many: enough to know it, and memory stays bounded. `answer` must not throw.
 */
export async function answerLines(input: Readable, output: Writable, maxLine: number, answer: (line: string) => object): Promise<void> {
  const text = (line: string): string => JSON.stringify(answer(line.slice(0, maxLine + 1)));
  async function* answers(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
    const decoder = new StringDecoder('utf8');
    let open = '';
    for await (const chunk of chunks) {
      const lines = decoder.write(chunk).split('\n');
      lines[0] = open + lines[0];
      open = (lines.pop() as string).slice(0, maxLine + 1);
      if (lines.length > 0) yield `${lines.map(text).join('\n')}\n`;
    }
    open += decoder.end();
    if (open !== '') yield `${text(open)}\n`;
  }
  // The reader may go away after the last write, when nobody awaits it any more.
  output.on('error', () => undefined);
  try {
    await pipeline(input, answers, output, { end: false });
  } catch (error) {
    // EPIPE where a write told of it, a closed stream where none was under way.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE' && !output.destroyed) throw error;
  }
}
