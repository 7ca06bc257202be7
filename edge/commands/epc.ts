import type { Readable, Writable } from 'node:stream';
import { reportEpc } from '../../protocol/epc/report.ts';
import { answerLines } from '../lines.ts';
import { options } from './usage.ts';

/** Eight times the digits of the longest EPC, for blanks between them. */
const MAX_LINE = 1_024;
const TOO_LONG = { error: { code: 'EPC_LENGTH', message: `a line of more than ${MAX_LINE} characters is no EPC` } };

/** Reads EPCs, one a line, and writes all their forms, one JSON object a line. Resolves with the exit code. */
export async function answerEpcs(input: Readable, output: Writable): Promise<number> {
  await answerLines(input, output, MAX_LINE, (line) => (line.length > MAX_LINE ? TOO_LONG : reportEpc(line)));
  return 0;
}

/** `epc`: EPCs from the standard input, their forms to the standard output. @throws Fault USAGE */
export async function epc(args: string[]): Promise<number> {
  options(args, {});
  return answerEpcs(process.stdin, process.stdout);
}
