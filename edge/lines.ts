import { createInterface } from 'node:readline';

/** What is kept back before the lines wait for the reader of the output. */
const BATCH = 256;

/**
 * Answers every line of `input` with one JSON object on `output`, in order; it waits when nobody takes the answers, and ends quietly
 * when nobody wants them any more. An empty line has no answer. `answer` must not throw.
 */
export async function answerLines(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  answer: (line: string) => object,
): Promise<void> {
  let gone = false;
  output.on('error', () => {
    gone = true;
  });
  let text = '';
  let count = 0;
  const flush = async (): Promise<void> => {
    if (count === 0 || gone) return;
    const chunk = text;
    text = '';
    count = 0;
    await new Promise<void>((resolve) => output.write(chunk, () => resolve()));
  };
  // A terminal wants each answer at once; so does a program that asks one line at a time.
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const idle = setInterval(() => void flush(), 20);
  try {
    for await (const line of lines) {
      if (gone) break;
      const trimmed = line.trim();
      if (trimmed === '') continue;
      text += `${JSON.stringify(answer(trimmed))}\n`;
      if (++count >= BATCH) await flush();
    }
    await flush();
  } finally {
    clearInterval(idle);
    lines.close();
  }
}
