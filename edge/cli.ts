import { Fault } from '../protocol/fault.ts';
import { type Command, settingsFile } from './commands/usage.ts';
import { faultFields, jsonLog } from './log.ts';
import { loadSettings } from './settings.ts';

const HELP = `docket edge: the program at the dock

  npm run edge -- run --settings FILE     run this dock: readers, doors, panel, link to the hub
  npm run edge -- enrol --settings FILE --token TOKEN
                                          make a key and have the hub take it; \`npm run hub -- enrol\` there makes the token
  npm run edge -- rotate --settings FILE  replace the key by a new one; a running node goes on with it
  npm run edge -- key --settings FILE     print the public key, its short name, and its fingerprint as the hub must show it
  npm run edge -- outbox --settings FILE  say what happened to the file of unsent records that nobody has confirmed yet
  npm run edge -- confirm --settings FILE confirm that: the panel stops telling of it; files that were set aside stay
  npm run edge -- check --settings FILE   say whether the settings file is right, and change nothing
  npm run edge -- probe [--port PATH | --tcp HOST:PORT] [--region NAME] [--no-read] [--json]
                                          find the readers that answer here, read with each for 3 s, say what to write in the settings
  npm run edge -- record --settings FILE --reader ID --out FILE [--what bytes|reads] [--max-mb N] [--seconds N]
                                          record a reader, also of a running node; or --port PATH | --tcp HOST:PORT with --model NAME
  npm run edge -- replay FILE [--settings FILE] [--reads] [--in-time]
                                          what the doors would decide on a recording, a JSON object a line; the same at each run
  npm run edge -- replay FILE --serve [--port N] [--in-time]
                                          offer the recorded bytes to a driver on a TCP port of this machine
  npm run edge -- decode --protocol NAME [--direction reader|host]
                                          frames of a reader, a hexadecimal string a line in, a JSON object a line out
  npm run edge -- epc                     what EPCs say: one in hexadecimal a line in, a JSON object a line out

run writes one JSON object a line, an event each. Ctrl-C or SIGTERM stops it: it first writes down all it knows
and gives the hub up to 5 seconds to answer. A pallet that stands in a door then is not lost: it is judged after
the next start.

Exit codes: 0 stopped or right, 1 something failed while running, 2 wrong call or wrong settings.
`;

/** Wrong call or settings: trying again without a person changes nothing. */
const EXIT_WRONG = 2;
const EXIT_FAILED = 1;
/** A stop that takes longer hangs: the readers take a few seconds, the hub 5. */
const STOP_LIMIT_MS = 15_000;

async function run(args: string[]): Promise<number> {
  const file = settingsFile(args);
  const log = jsonLog((line) => process.stdout.write(line));
  // The reader of the log may go away first: the dock goes on.
  process.stdout.on('error', () => undefined);
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  const settings = await loadSettings(file);
  // Loaded here: the other commands need none of its parts and answer at once.
  const { runNode } = await import('./main.ts');
  const node = await runNode(settings, log, file);
  log('stopping', { signal: await stopped });
  setTimeout(() => {
    log('stopped', { complete: false });
    process.exit(EXIT_FAILED);
  }, STOP_LIMIT_MS).unref();
  await node.stop();
  log('stopped', { complete: true });
  return 0;
}

/** Each loads its own parts: a command that needs little answers at once. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => run,
  enrol: async () => (await import('./commands/identity.ts')).enrol,
  rotate: async () => (await import('./commands/identity.ts')).rotate,
  key: async () => (await import('./commands/identity.ts')).key,
  outbox: async () => (await import('./commands/outbox.ts')).outbox,
  confirm: async () => (await import('./commands/outbox.ts')).confirm,
  check: async () => (await import('./commands/check.ts')).check,
  epc: async () => (await import('./commands/epc.ts')).epc,
  decode: async () => (await import('./commands/decode.ts')).decode,
  probe: async () => (await import('./commands/probe.ts')).probe,
  record: async () => (await import('./commands/record.ts')).record,
  replay: async () => (await import('./commands/replay.ts')).replay,
};

/** Runs a command line; resolves with the exit code. */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === 'help' || [name, ...args].some((arg) => arg === '--help' || arg === '-h')) {
    console.log(HELP);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Fault('USAGE', `there is no command ${name ?? '(none given)'}`);
  return (await command())(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, text } = faultFields(error);
  console.error(`docket edge: ${code}: ${text}`);
  if (code === 'USAGE') console.error(`\n${HELP}`);
  if (!(error instanceof Fault)) console.error(error);
  process.exitCode = ['USAGE', 'SETTINGS_INVALID'].includes(code) ? EXIT_WRONG : EXIT_FAILED;
}
