import { fromHex } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { answerLines } from '../lines.ts';
import { describe as a0 } from '../readers/a0/describe.ts';
import { describe as bb } from '../readers/bb/describe.ts';
import type { Describe, Direction } from '../readers/described.ts';
import { describe as llrp } from '../readers/llrp/describe.ts';
import { describe as thingmagic } from '../readers/thingmagic/describe.ts';
import { describe as uhf18 } from '../readers/uhf18/describe.ts';
import { options } from './usage.ts';

const PROTOCOLS: Readonly<Record<string, Describe>> = { thingmagic, a0, uhf18, bb, llrp };

/** A megabyte of bytes: an hour of a desk reader, a minute of a busy door. Memory stays bounded whatever comes without a line end. */
const MAX_LINE = 2_097_152;

/**
 * `decode --protocol NAME [--direction reader|host]`: one hexadecimal string a line in, `{"frames":[...],"dropped":BYTES}` a line out.
 * @throws Fault USAGE
 */
export async function decode(args: string[]): Promise<number> {
  const { values } = options(args, { protocol: { type: 'string' }, direction: { type: 'string' } });
  const { protocol = '', direction = 'reader' } = values;
  const describe = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined;
  if (describe === undefined) throw new Fault('USAGE', `--protocol must be one of ${Object.keys(PROTOCOLS).join(', ')}`);
  if (direction !== 'reader' && direction !== 'host') throw new Fault('USAGE', '--direction must be reader or host');
  await answerLines(process.stdin, process.stdout, MAX_LINE, (line) => answer(describe, direction, line));
  return 0;
}

/** Blanks and colons between the digits are common in captures. */
function answer(describe: Describe, direction: Direction, line: string): object {
  if (line.length > MAX_LINE) return wrong(`the line has more than ${MAX_LINE} characters: cut it`);
  const bytes = fromHex(line.replace(/[\s:]/g, ''));
  if (bytes === undefined) return wrong('the line is no even count of hexadecimal digits');
  return describe(bytes, direction);
}

const wrong = (message: string): object => ({ frames: [], dropped: 0, error: { code: 'HEX_INVALID', message } });
