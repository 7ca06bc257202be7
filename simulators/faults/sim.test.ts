import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXPECTED } from './expected.ts';
import { MUTANTS } from './mutants.ts';
import type { Outcome } from './seed.ts';

/** Some 40 times what a seed takes alone: the machine may be busy with everything else. */
const PATIENCE_MS = 900_000;
/** Seeds until which a broken part must be seen. */
const MUTANT_SEEDS = 40;

/** The simulation replaces the clocks and timers of its process, so it always has one of its own. `enough` ends it early. */
function run(args: readonly (string | number)[], enough: (outcome: Outcome) => boolean = () => false): Promise<Outcome[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('run.ts', import.meta.url)), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const outcomes: Outcome[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const outcome = JSON.parse(line) as Outcome;
    outcomes.push(outcome);
    if (enough(outcome)) child.kill();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    lines.once('close', () => resolve(outcomes));
  });
}

describe('the simulation', { timeout: PATIENCE_MS }, () => {
  it('shows no violation in the first sixty seeds, most kinds of faults among them', async () => {
    const outcomes = await run([1, 60, 1]);
    expect(outcomes.flatMap(({ seed, violation }) => (violation === undefined ? [] : [{ seed, ...violation }]))).toEqual([]);
    expect(outcomes).toHaveLength(60);
    const seen = new Set(outcomes.flatMap(({ faults }) => Object.keys(faults)));
    expect(EXPECTED.filter((fault) => !seen.has(fault)).length).toBeLessThan(EXPECTED.length / 4);
  });

  it('plays the same seed the same way, whatever the process ran before', async () => {
    const traces = async (from: number, count: number): Promise<string[]> => (await run([from, count, 1])).map(({ trace }) => trace);
    const [long, short] = [await traces(5, 4), await traces(7, 2)];
    expect(short).toEqual(long.slice(2));
    expect(new Set(long).size).toBe(4);
  });
});

describe('the checks', { timeout: PATIENCE_MS }, () => {
  it.for(Object.entries(MUTANTS))('see %s', async ([name, { rules }]) => {
    const outcomes = await run([1, MUTANT_SEEDS, 1, name], ({ violation }) => violation !== undefined);
    expect(rules).toContain(outcomes.at(-1)?.violation?.rule);
  });

  it('are all shown to be able to fail', () => {
    const rules = new Set(Object.values(MUTANTS).flatMap(({ rules: own }) => own));
    for (const rule of ['puback', 'lost', 'twice', 'stock', 'fold', 'tree', 'checkpoint', 'chain', 'time', 'drain'])
      expect(rules).toContain(rule);
  });
});
