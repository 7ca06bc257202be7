import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '../protocol/fault.ts';
import { type Enrolled, enrolNode, rotateKey } from './enrolment.ts';
import { loadIdentity } from './identity.ts';
import { faultFields, jsonLog } from './log.ts';
import { confirmNotices, notices } from './outbox/notice.ts';
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

async function run(file: string): Promise<number> {
  const log = jsonLog((line) => process.stdout.write(line));
  // The reader of the log may go away first: the dock goes on.
  process.stdout.on('error', () => undefined);
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  const settings = await loadSettings(file);
  // Loaded here: the other commands need none of its parts and answer at once.
  const { runNode } = await import('./main.ts');
  const node = await runNode(settings, log);
  log('stopping', { signal: await stopped });
  setTimeout(() => {
    log('stopped', { complete: false });
    process.exit(EXIT_FAILED);
  }, STOP_LIMIT_MS).unref();
  await node.stop();
  log('stopped', { complete: true });
  return 0;
}

async function key(file: string): Promise<number> {
  const settings = await loadSettings(file, { keepCopy: false });
  const { publicKey, id, fingerprint } = loadIdentity(settings.dataDir);
  console.log(`public key  ${publicKey}\nkey id      ${id}\nfingerprint ${fingerprint}`);
  return 0;
}

const show = ({ keyId, fingerprint }: Enrolled, text: string): void =>
  console.log(`${text}\nkey id      ${keyId}\nfingerprint ${fingerprint}  compare it with the one at the hub`);

async function enrol(file: string, token: string | undefined): Promise<number> {
  if (token === undefined) throw new Fault('USAGE', `--token TOKEN is missing\n\n${HELP}`);
  const settings = await loadSettings(file, { keepCopy: false });
  show(await enrolNode(settings, token), `${settings.tenant}/${settings.site}/${settings.node} is enrolled`);
  return 0;
}

async function rotate(file: string): Promise<number> {
  const settings = await loadSettings(file, { keepCopy: false });
  show(await rotateKey(settings), `${settings.tenant}/${settings.site}/${settings.node} has a new key; the old one ends in 24 hours`);
  return 0;
}

async function check(file: string): Promise<number> {
  const { tenant, site, node, readers, doors } = await loadSettings(file, { keepCopy: false });
  console.log(`${file} is right: ${tenant}/${site}/${node}, ${readers.length} reader(s), ${doors.length} door(s)`);
  return 0;
}

const outboxOf = (dataDir: string): string => join(dataDir, 'outbox.db');

async function outbox(file: string): Promise<number> {
  const { dataDir } = await loadSettings(file, { keepCopy: false });
  const open = notices(outboxOf(dataDir));
  if (open.length === 0) console.log('nothing to confirm');
  for (const { at, kind, why, file: aside, saved, lost, names } of open) {
    console.log(`${new Date(at).toISOString()} ${kind}: ${why}`);
    if (aside !== undefined) console.log(`  set aside as ${aside}`);
    console.log(`  unsent records carried over ${saved ?? 'not known'}, lost ${lost ?? 'not known'}`);
    for (const name of names) console.log(`  lost: ${name}`);
  }
  return 0;
}

async function confirm(file: string): Promise<number> {
  const { dataDir } = await loadSettings(file, { keepCopy: false });
  console.log(`${confirmNotices(outboxOf(dataDir))} confirmed`);
  return 0;
}

const COMMANDS: Readonly<Record<string, (file: string, token: string | undefined) => Promise<number>>> = {
  run,
  enrol,
  rotate,
  key,
  outbox,
  confirm,
  check,
};

interface Call {
  readonly command: string | undefined;
  readonly file: string | undefined;
  readonly token: string | undefined;
  readonly help: boolean;
}

function parse(args: string[]): Call {
  try {
    const options = { settings: { type: 'string' }, token: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const command = positionals.length > 1 ? undefined : positionals[0];
    return { command, file: values.settings, token: values.token, help: values.help === true };
  } catch (error) {
    throw new Fault('USAGE', `${(error as Error).message}\n\n${HELP}`);
  }
}

/** Runs a command line; resolves with the exit code. */
async function main(args: string[]): Promise<number> {
  const { command, file, token, help } = parse(args);
  if (help || command === 'help') {
    console.log(HELP);
    return 0;
  }
  const known = command !== undefined && Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (known === undefined || file === undefined) {
    throw new Fault(
      'USAGE',
      `${known === undefined ? `there is no command ${command ?? '(none given)'}` : '--settings FILE is missing'}\n\n${HELP}`,
    );
  }
  if (token !== undefined && known !== enrol) throw new Fault('USAGE', `--token goes with enrol only\n\n${HELP}`);
  return known(file, token);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, text } = faultFields(error);
  console.error(`docket edge: ${code}: ${text}`);
  if (!(error instanceof Fault)) console.error(error);
  process.exitCode = ['USAGE', 'SETTINGS_INVALID'].includes(code) ? EXIT_WRONG : EXIT_FAILED;
}
