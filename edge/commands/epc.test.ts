import { PassThrough, Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../protocol/vectors/epcforms.json' with { type: 'json' };
import { answerEpcs } from './epc.ts';

async function answers(chunks: Iterable<Buffer>): Promise<string> {
  const output = new PassThrough();
  const parts: Buffer[] = [];
  output.on('data', (part: Buffer) => parts.push(part));
  expect(await answerEpcs(Readable.from(chunks), output)).toBe(0);
  output.end();
  await new Promise((resolve) => output.once('end', resolve));
  return Buffer.concat(parts).toString();
}

const tags = vectors.published.slice(0, 12);
const told = tags.map(({ says }) => `${JSON.stringify(says)}\n`).join('');

describe('EPCs, one a line', () => {
  it('are answered one a line in order, however the bytes are cut and the lines end', async () => {
    const text = fc
      .constantFrom('\n', '\r\n', ' \n', '\t\r\n')
      .chain((end) => fc.constantFrom(end, '').map((last) => tags.map(({ hex }) => hex).join(end) + last));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (lines, sizes) => {
        const bytes = Buffer.from(lines);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] as number;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(await answers(chunks)).toBe(told);
      }),
      { numRuns: 50 },
    );
  });

  it('stand alone: a line that is none gets its own answer and changes no other', async () => {
    const lines = ['zz', '', '303C', '3034257BF7194E4000001A8', '\u0000', 'é', ' 3034 257bf7194e4000001a85 '];
    const out = (await answers([Buffer.from(lines.join('\n'))]))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(out.map((one) => one.error?.code ?? one.gtin)).toEqual([
      'EPC_NOT_HEX',
      'EPC_EMPTY',
      'EPC_LENGTH',
      'EPC_LENGTH',
      'EPC_NOT_HEX',
      'EPC_NOT_HEX',
      '80614141123458',
    ]);
  });

  it('need no more memory than a chunk, whatever comes without a line end', async () => {
    const chunk = Buffer.alloc(65_536, 'A');
    const out = await answers([...Array.from({ length: 50 }, () => chunk), Buffer.from('\n30')]);
    expect(out.split('\n').map((line) => (line === '' ? '' : JSON.parse(line).error.code))).toEqual(['EPC_LENGTH', 'EPC_LENGTH', '']);
    expect(await answers([])).toBe('');
  });

  it('are read no faster than the answers are taken', async () => {
    let made = 0;
    const input = Readable.from(
      (function* () {
        for (; made < 1_000; made++) yield Buffer.from(`${tags[0]?.hex}\n`.repeat(100));
      })(),
    );
    const output = new Writable({ write: () => undefined });
    const ended = answerEpcs(input, output);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(made).toBeLessThan(100);
    output.destroy();
    expect(await ended).toBe(0);
  });

  it('end quietly when whoever reads the answers goes away', async () => {
    const gone = Object.assign(new Error('gone'), { code: 'EPIPE' });
    const output = new Writable({ write: (_chunk, _encoding, done) => done(gone) });
    const input = Readable.from([Buffer.from('30\n'), Buffer.from('30\n')]);
    expect(await answerEpcs(input, output)).toBe(0);
  });
});
