import { registerHooks } from 'node:module';
import type { Projection } from '../../cloud/ledger/projection.ts';
import { Crash, Violation } from './crash.ts';
import * as disk from './disk.ts';
import * as entropy from './entropy.ts';
import type { HubClasses } from './hub.ts';
import { MUTANTS } from './mutants.ts';
import { runSeed } from './seed.ts';
import { time } from './time.ts';
import type { Parts } from './world.ts';

/**
 * One process of the simulation: `run.ts FROM COUNT STRIDE [MUTANT] [--trace]` runs seeds FROM, FROM + STRIDE, ... and prints one JSON line
 * for each. Its clocks, timers and randomness are replaced before the code under test is loaded, so it does nothing else.
 */
const [from = 1, count = 1, stride = 1] = process.argv.slice(2, 5).map(Number);
const mutant = process.argv[5] === undefined || process.argv[5].startsWith('--') ? undefined : process.argv[5];
const keep = process.argv.includes('--trace');

/** The base class of the hub's objects exists in the platform only. */
const PLATFORM = 'export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }';
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? { url: `data:text/javascript,${encodeURIComponent(PLATFORM)}`, shortCircuit: true }
      : next(specifier, context),
});

async function parts(): Promise<Parts> {
  const load = async (path: string): Promise<Record<string, unknown>> => import(new URL(`../../cloud/${path}`, import.meta.url).href);
  const [gateway, ledger, folds] = [await load('gateway/object.ts'), await load('ledger/object.ts'), await load('projections.ts')];
  const hub = { GATEWAY: gateway['Gateway'], LEDGER: ledger['Ledger'] } as HubClasses;
  return { hub, projections: folds['projections'] as readonly Projection[] };
}

let stray: Violation | undefined;
const unhandled = (error: unknown): void => {
  // The simulation threw it into a life that is over.
  if (error instanceof Crash) return;
  stray ??= new Violation('unhandled', `an error that nobody handles: ${(error as Error)?.stack ?? String(error)}`);
};
process.on('unhandledRejection', unhandled);
process.on('uncaughtException', unhandled);
time.uncaught = unhandled;

disk.install();
entropy.install();
time.install();
// The hub's own words are no part of the result.
console.log = () => undefined;

const real = await parts();
const broken = mutant === undefined ? undefined : MUTANTS[mutant];
if (mutant !== undefined && broken === undefined) throw new RangeError(`no mutant ${mutant}; there are ${Object.keys(MUTANTS).join(', ')}`);
broken?.break?.();
if (broken?.edge !== undefined) disk.alter(broken.edge);
for (let n = 0; n < count; n++) {
  const seed = from + n * stride;
  const outcome = await runSeed(seed, { ...real, ...(broken === undefined ? {} : { mutant: broken }) }, keep);
  await time.settle();
  const found =
    stray === undefined
      ? outcome
      : { ...outcome, violation: outcome.violation ?? { rule: stray.rule, step: outcome.steps, text: stray.message } };
  stray = undefined;
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
process.exit(0);
