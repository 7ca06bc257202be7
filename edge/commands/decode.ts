import { fromHex } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { answerLines } from '../lines.ts';
import type { Describe, Direction } from '../readers/described.ts';
import { describe as thingmagic } from '../readers/thingmagic/describe.ts';
import { options } from './usage.ts';

const PROTOCOLS: Readonly<Record<string, Describe>> = { thingmagic };

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
  await answerLines(process.stdin, process.stdout, (line) => answer(describe, direction, line));
  return 0;
}

/** Blanks and colons between the digits are common in captures. */
function answer(describe: Describe, direction: Direction, line: string): object {
  const bytes = fromHex(line.replace(/[\s:]/g, ''));
  if (bytes === undefined) {
    return { frames: [], dropped: 0, error: { code: 'HEX_INVALID', message: 'the line is no even count of hexadecimal digits' } };
  }
  return describe(bytes, direction);
}
