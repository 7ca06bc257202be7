import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXPECTED } from './expected.ts';
import type { Outcome } from './seed.ts';

/**
 * `npm run sim -- [--seeds N] [--from S] [--trace]`: runs the seeds S to S + N - 1 of the simulation, in two processes. A violation ends
 * with its seed, what was wrong and the command that plays it again, and with exit code 1.
 */
const PROCESSES = 2;
/** From so many seeds on, a fault that never happened is a mistake of the simulation. */
const ALL_FAULTS_FROM = 300;
const usage = 'npm run sim -- [--seeds N] [--from S] [--trace]';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly trace: boolean;
}

function options(): Options {
  try {
    const spec = {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    } as const;
    const { values } = parseArgs({ options: spec });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const [seeds, from] = [Number(values.seeds), Number(values.from)];
    if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(from) || from < 0)
      throw new RangeError('--seeds must be a whole number from 1, --from one from 0');
    return { seeds, from, trace: values.trace };
  } catch (error) {
    console.error(`docket: ${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

/** Runs every `stride`-th seed in a process of its own; `told` hears each outcome. Resolves with how the process ended. */
function runProcess(args: readonly string[], told: (outcome: Outcome) => void): Promise<string | undefined> {
  const run = fileURLToPath(new URL('run.ts', import.meta.url));
  const child = spawn(process.execPath, [run, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => told(JSON.parse(line) as Outcome));
  return new Promise((resolve) => {
    const ended = new Promise<void>((done) => lines.once('close', done));
    child.once('close', (code, signal) => void ended.then(() => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`)));
  });
}

const { seeds, from, trace } = options();
const began = performance.now();
const faults = new Map<string, number>();
let steps = 0;
let entries = 0;
let done = 0;
const failed: Outcome[] = [];

const told = (outcome: Outcome): void => {
  done++;
  steps += outcome.steps;
  entries += outcome.entries;
  for (const [fault, times] of Object.entries(outcome.faults)) faults.set(fault, (faults.get(fault) ?? 0) + times);
  for (const line of outcome.lines ?? []) console.log(line);
  if (trace) console.log(`seed ${outcome.seed}: trace ${outcome.trace}`);
  if (outcome.violation === undefined) return;
  failed.push(outcome);
  const { rule, step, text } = outcome.violation;
  console.error(
    `docket: seed ${outcome.seed}, step ${step}: ${rule}: ${text}\n  again: npm run sim -- --seeds 1 --from ${outcome.seed} --trace`,
  );
};

const processes = Math.min(PROCESSES, seeds);
const ends = await Promise.all(
  Array.from({ length: processes }, (_, n) => {
    const count = Math.floor((seeds - n + processes - 1) / processes);
    return runProcess([from + n, count, processes, ...(trace ? ['--trace'] : [])].map(String), told);
  }),
);
const seconds = ((performance.now() - began) / 1000).toFixed(1);
const counts = [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([fault, times]) => `${fault} ${times}`);
console.log(`sim: ${done} seeds from ${from}, ${steps} steps, ${entries} entries, ${failed.length} violations, ${seconds} s`);
console.log(`  happened: ${counts.join(', ')}`);
const broken = ends.filter((end) => end !== undefined);
for (const end of broken) console.error(`docket: a process of the simulation ${end}`);
const missing = seeds < ALL_FAULTS_FROM ? [] : EXPECTED.filter((fault) => !faults.has(fault));
if (missing.length > 0) console.error(`docket: in ${seeds} seeds these faults never happened: ${missing.join(', ')}`);
process.exit(failed.length > 0 || broken.length > 0 || missing.length > 0 || done !== seeds ? 1 : 0);
