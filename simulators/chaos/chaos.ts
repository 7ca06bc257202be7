import { parseArgs } from 'node:util';
import { Fault } from '../../protocol/fault.ts';
import { STATES } from './look.ts';
import { type ChaosReport, runChaos } from './run.ts';

const USAGE = `npm run chaos -- [options]      kills edge and hub with SIGKILL while goods move, and counts afterwards

  --kills N     how many (200)
  --seed N      another order of kills, delays and network weather (1)
  --dock N      percent of the kills that fall on the whole edge with an emulated reader, the rest on its inner half at speed (15)
  --json        the report as one JSON line after the table
  --verbose     show what hub and nodes write

Exit codes: 0 nothing lost and nothing twice, 1 something was, or a state was never hit, 2 wrong call.`;

interface Call {
  readonly kills: number;
  readonly seed: number;
  readonly dockShare: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw new Fault('USAGE', `--${name} ${text}: give a whole number from ${low} to ${high}\n\n${USAGE}`);
}

function call(): Call | undefined {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: 'string', default: '200' },
        seed: { type: 'string', default: '1' },
        dock: { type: 'string', default: '15' },
        json: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const { json, verbose } = values;
    return {
      ...{ json, verbose },
      kills: whole('kills', values.kills, 1, 10_000),
      seed: whole('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
      dockShare: whole('dock', values.dock, 0, 100) / 100,
    };
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('USAGE', `${(error as Error).message}\n\n${USAGE}`);
  }
}

function table(report: ChaosReport): string {
  const { hits, victims, kills, seed, seconds, entries, passages, lost, twice } = report;
  const rows: (readonly [string, string | number])[] = [
    ['kills', `${kills} (edge ${victims['edge']}, workerd alone ${victims['workerd']}, hub ${victims['hub']})`],
    ...STATES.map((state) => [`hit ${state}`, hits[state]] as const),
    ['passages', passages],
    ['entries in the log', entries],
    ['lost', lost],
    ['twice', twice],
    ['seed, seconds', `${seed}, ${seconds}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(32)} ${value}`).join('\n');
}

async function main(): Promise<number> {
  const wanted = call();
  if (wanted === undefined) {
    console.log(USAGE);
    return 0;
  }
  const { json, verbose, ...options } = wanted;
  // The table is for the one who waits; a program reads the last line.
  const say = (line: string): void => console.error(line);
  const report = await runChaos({ ...options, say, ...(verbose ? { line: say } : {}) });
  console.log(table(report));
  for (const problem of report.problems) console.log(`WRONG: ${problem}`);
  if (report.problems.length > 0) console.log(`again: npm run chaos -- --kills ${options.kills} --seed ${options.seed}`);
  if (json) console.log(JSON.stringify(report));
  return report.problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Fault ? `docket chaos: ${error.code}: ${error.message}` : error);
  process.exitCode = error instanceof Fault && error.code === 'USAGE' ? 2 : 1;
}
