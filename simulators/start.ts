import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Fault } from '../protocol/fault.ts';
import { claimPort } from './stack/ports.ts';
import { Stack } from './stack/stack.ts';
import { Story } from './story.ts';

const USAGE = `npm start -- [options]      the whole path on this machine: hub, edge, panel, dashboard and a simulated dock

  --hub-port N      port of the hub and its dashboard (8787, or HUB_PORT)
  --panel-port N    port of the edge's panel (8788, or PANEL_PORT)
  --seed N          another world of goods, pallets and mistakes (1)
  --data-dir DIR    where hub and edge keep their state (.docket/start)
  --keep            go on where the last run ended, instead of afresh
  --pace N          2 plays everything twice as fast (1)
  --verbose         show what hub and edge write
  --dev             restart edge and hub when their files change (npm run dev)`;

interface Options {
  readonly hubPort: number;
  readonly panelPort: number;
  readonly seed: number;
  readonly pace: number;
  readonly dataDir: string;
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly dev: boolean;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Two doors: a pallet in one, the next one on its way to the other. */
const DOORS = ['D1', 'D2'];
/** Goods parked beside each door. */
const STRAYS = 4;
/** One piece in thirty has a tag that answers too seldom. */
const HARD = 1 / 30;

function options(): Options | undefined {
  const { values } = parseArgs({
    options: {
      'hub-port': { type: 'string', default: process.env['HUB_PORT'] ?? '8787' },
      'panel-port': { type: 'string', default: process.env['PANEL_PORT'] ?? '8788' },
      seed: { type: 'string', default: '1' },
      pace: { type: 'string', default: '1' },
      'data-dir': { type: 'string', default: join(ROOT, '.docket/start') },
      keep: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: string, text: string, low: number, high: number): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high) return value;
    throw new Fault('OPTION', `--${name} ${text}: give a number from ${low} to ${high}`);
  };
  return {
    hubPort: number('hub-port', values['hub-port'], 1, 65_535),
    panelPort: number('panel-port', values['panel-port'], 1, 65_535),
    seed: number('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    pace: number('pace', values.pace, 0.25, 4),
    dataDir: resolve(values['data-dir']),
    keep: values.keep,
    verbose: values.verbose,
    dev: values.dev,
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run({ hubPort, panelPort, seed, pace, dataDir, keep, verbose, dev }: Options): Promise<number> {
  await claimPort(hubPort, 'hub', '--hub-port', 'HUB_PORT');
  await claimPort(panelPort, 'panel', '--panel-port', 'PANEL_PORT');
  const story = new AbortController();
  let code = 0;
  stopOnSignals(story);
  say('Starting hub, edge and simulated dock ...');
  const stack = await Stack.start({
    root: ROOT,
    dataDir,
    keep,
    seed,
    hubPort,
    panelPort,
    doors: DOORS,
    strays: STRAYS,
    pace,
    watch: dev,
    // Two deliveries come in for each that leaves, so that there is something to sell.
    plan: { direction: (number) => (number % 3 === 0 ? 'out' : 'in'), pallets: 2, hard: HARD },
    ...(verbose ? { line: (from: string, line: string) => say(`[${from}] ${line}`) } : {}),
    crashed: (name, how, lines) => {
      say(`${name} ended by itself (${how}). Its last lines:\n${lines.slice(-20).join('\n')}`);
      code = 1;
      story.abort();
    },
  });
  try {
    say('');
    // The fragment signs in; it never leaves the browser.
    say(`  dashboard  ${stack.hub.address}/#key=${stack.key}`);
    say(`  panel      ${stack.edge.address}/`);
    say(`  hub API    ${stack.hub.address}/v1   (Authorization: Bearer ${stack.key})`);
    say('');
    say(`World ${seed}. Ctrl-C stops everything.`);
    await new Story(stack, say).run(story.signal);
  } finally {
    say('Stopping ...');
    await stack.stop();
  }
  say('Stopped.');
  return code;
}

/** How often is looked whether npm is still there. */
const PARENT_MS = 500;

/** Ctrl-C, a service manager, or the terminal that closes: the story ends and everything stops in order. A second Ctrl-C is not waited for. */
function stopOnSignals(story: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (story.signal.aborted && signal === 'SIGINT') process.exit(130);
      story.abort();
    });
  }
  // npm that is sent SIGTERM ends its shell, which passes nothing on.
  const parent = process.ppid;
  const orphaned = (): void => {
    if (process.ppid !== parent) story.abort();
  };
  if (process.env['npm_lifecycle_event'] !== undefined) setInterval(orphaned, PARENT_MS).unref();
  // A closed terminal takes our output away: nobody reads it, and it must not stop the stopping.
  process.stdout.on('error', () => story.abort());
  process.stderr.on('error', () => undefined);
}

try {
  const chosen = options();
  if (chosen === undefined) say(USAGE);
  else process.exitCode = await run(chosen);
} catch (error) {
  const known = error instanceof Fault || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`${known ? (error as Error).message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
