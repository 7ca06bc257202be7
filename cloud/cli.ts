import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Fault, faultCode } from '../protocol/fault.ts';

import { exportFolder } from './exportfolder.node.ts';

/** One command: its options (required ones first), what it does, and its run, which returns what is printed as JSON. */
interface Command {
  readonly words: string;
  readonly about: string;
  readonly needs: readonly string[];
  readonly may?: readonly string[];
  /** What its one word without an option names. */
  readonly file?: 'FILE' | 'FOLDER' | 'FOLDER|URL';
  /** Whether an answer is a good one: of one that is not the status is 1. */
  good?(answer: unknown): boolean;
  run(options: Readonly<Record<string, string>>, file: string): Promise<unknown>;
}

/** A hub that does not answer in this time hangs; a local one may take seconds for its first answer. */
const TIMEOUT_MS = 30_000;

async function ask(
  options: Readonly<Record<string, string>>,
  secret: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, options['url']), {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Fault('HUB_UNREACHABLE', `no answer from ${options['url']}: ${cause}. Is the hub running, is the address right?`);
  }
  const text = await response.text();
  if (response.ok) return text === '' ? { done: true } : (JSON.parse(text) as unknown);
  let problem: { code?: string; detail?: string } = {};
  try {
    problem = JSON.parse(text) as { code?: string; detail?: string };
  } catch {
    // Not the hub's own answer: something stands between.
  }
  throw new Fault(
    problem.code ?? `HTTP_${response.status}`,
    problem.detail ?? `${method} ${path} was answered with status ${response.status}`,
  );
}

/** The members that were given, under their names in the API. */
function given(options: Readonly<Record<string, string>>, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([option, member]) => {
      const value = options[option];
      return value === undefined ? [] : [[member, value]];
    }),
  );
}

/** The number that an option gives, under its name in the API; nothing without it. @throws Fault USAGE */
function numbered(options: Readonly<Record<string, string>>, option: string, member: string): Record<string, number> {
  const value = options[option];
  if (value === undefined) return {};
  if (!/^\d+(\.\d+)?$/.test(value)) throw new Fault('USAGE', `--${option} ${value} is no number: write digits, such as 12`);
  return { [member]: Number(value) };
}

const nodePath = (options: Readonly<Record<string, string>>): string =>
  `/v1/nodes/${encodeURIComponent(options['site'] ?? '')}/${encodeURIComponent(options['node'] ?? '')}`;

const IDENTITY = { vat: 'vat', siren: 'siren', gln: 'gln' };

const COMMANDS: readonly Command[] = [
  {
    words: 'bootstrap',
    about: 'Makes a tenant. Prints its first admin key: it is shown this once. Give at least one of --vat, --siren, --gln.',
    needs: ['url', 'token', 'tenant', 'name'],
    may: ['vat', 'siren', 'gln'],
    run: (options) =>
      ask(options, options['token'] ?? '', 'POST', '/v1/tenants', {
        ...given(options, { tenant: 'tenant', name: 'name' }),
        company: given(options, { name: 'name', ...IDENTITY }),
      }),
  },
  {
    words: 'site put',
    about: 'Names a site and its time zone, such as Europe/Paris.',
    needs: ['url', 'key', 'site', 'name', 'time-zone'],
    may: ['gln'],
    run: (options) =>
      ask(
        options,
        options['key'] ?? '',
        'PUT',
        `/v1/sites/${encodeURIComponent(options['site'] ?? '')}`,
        given(options, { name: 'name', 'time-zone': 'timeZone', gln: 'gln' }),
      ),
  },
  {
    words: 'node add',
    about: 'Registers the public key of a gateway PC without a token. `npm run edge -- key --settings FILE` prints it.',
    needs: ['url', 'key', 'site', 'node', 'public-key'],
    run: (options) =>
      ask(options, options['key'] ?? '', 'POST', '/v1/nodes', given(options, { site: 'site', node: 'node', 'public-key': 'publicKey' })),
  },
  {
    words: 'enrol',
    about: 'Makes a token that lets one gateway PC in, once, and prints the command to type there. Valid for 24 hours, or --hours.',
    needs: ['url', 'key', 'site', 'node'],
    may: ['hours'],
    run: async (options) => {
      const asked = { ...given(options, { site: 'site', node: 'node' }), ...numbered(options, 'hours', 'hours') };
      const { token, expiresAt } = (await ask(options, options['key'] ?? '', 'POST', '/v1/enrolments', asked)) as {
        token: string;
        expiresAt: number;
      };
      return { token, expires: new Date(expiresAt).toISOString(), command: `npm run edge -- enrol --settings FILE --token ${token}` };
    },
  },
  {
    words: 'node revoke',
    about: 'Ends a key of a gateway PC at once, also its last one. `node list` shows the ids.',
    needs: ['url', 'key', 'site', 'node', 'id'],
    run: (options) => ask(options, options['key'] ?? '', 'DELETE', `${nodePath(options)}/keys/${encodeURIComponent(options['id'] ?? '')}`),
  },
  {
    words: 'node release',
    about: 'Lets a quarantined gateway PC in again. First make sure that one machine alone has its key; `enrol` gives it a new one.',
    needs: ['url', 'key', 'site', 'node'],
    run: (options) => ask(options, options['key'] ?? '', 'POST', `${nodePath(options)}/release`),
  },
  {
    words: 'node list',
    about: 'Lists the gateway PCs and whether they are online.',
    needs: ['url', 'key'],
    run: (options) => ask(options, options['key'] ?? '', 'GET', '/v1/nodes'),
  },
  {
    words: 'rebuild',
    about:
      'Folds stock, documents and matching again from the log, in the background, and puts right what differs. Needs the scope log:admin.',
    needs: ['url', 'key'],
    run: (options) => ask(options, options['key'] ?? '', 'POST', '/v1/rebuild'),
  },
  {
    words: 'projections',
    about: 'Says how stock, documents and matching stand against the log: a rebuild that runs, alarms that stand.',
    needs: ['url', 'key'],
    run: (options) => ask(options, options['key'] ?? '', 'GET', '/v1/projections'),
  },
  {
    words: 'key create',
    about: 'Makes an API key with scopes such as stock:read,documents:write. It is shown this once.',
    needs: ['url', 'key', 'name', 'scopes'],
    may: ['days'],
    run: (options) =>
      ask(options, options['key'] ?? '', 'POST', '/v1/keys', {
        name: options['name'],
        scopes: (options['scopes'] ?? '').split(','),
        ...numbered(options, 'days', 'expiresInDays'),
      }),
  },
  {
    words: 'key list',
    about: 'Lists the API keys, without their texts.',
    needs: ['url', 'key'],
    run: (options) => ask(options, options['key'] ?? '', 'GET', '/v1/keys'),
  },
  {
    words: 'key revoke',
    about: 'Revokes an API key at once.',
    needs: ['url', 'key', 'id'],
    run: (options) => ask(options, options['key'] ?? '', 'DELETE', `/v1/keys/${encodeURIComponent(options['id'] ?? '')}`),
  },
  {
    words: 'export',
    about: 'Fetches the whole ledger with its proofs into a folder, which must be empty. Needs the scope log:export.',
    needs: ['url', 'key'],
    file: 'FOLDER',
    run: (options, folder) => exportFolder(folder, { url: options['url'] ?? '', key: options['key'] ?? '' }),
  },
  {
    words: 'verify',
    about:
      'Verifies an export without any hub, or the log at http(s)://HOST/log/TENANT, and names what is wrong to the byte. --vkey is the key of the log as its owner gave it; --key (log:read) is for an address.',
    needs: [],
    may: ['vkey', 'key'],
    file: 'FOLDER|URL',
    run: (options, place) => verify(place, given(options, { vkey: 'vkey', key: 'key' })),
    good: (answer) => (answer as { ok: boolean }).ok,
  },
  {
    words: 'invoice',
    about:
      'Reads an invoice or credit note (UBL, CII, Factur-X or ZUGFeRD PDF) and prints it in normal form with what breaks the rules of EN 16931. Asks no hub.',
    needs: [],
    file: 'FILE',
    run: (_, file) => printInvoice(file),
  },
  {
    words: 'match',
    about:
      'Matches the invoices of a scenario, or of many cases, with their movements (JSON), and prints lines, gates, findings and what nobody billed. Asks no hub.',
    needs: [],
    file: 'FILE',
    run: async (_, file) => (await import('./reconcile/worked.ts')).runFile(readJson(file)),
    good: (answer) => !((answer as { cases?: readonly object[] }).cases ?? []).some((one) => 'error' in one),
  },
];

/** Loaded when it is asked for: folding takes the projections of the whole hub. */
async function verify(place: string, options: { vkey?: string; key?: string }): Promise<unknown> {
  if (/^https?:\/\//.test(place)) return (await import('./proof/verify/prefix.ts')).verifyPrefix(place, options);
  const [{ verifyFolder }, { openFold }] = await Promise.all([import('./proof/verify/verify.ts'), import('./proof/verify/fold.ts')]);
  return verifyFolder(place, { ...options, fold: openFold });
}

/** Loaded when it is asked for: the PDF parser is large. */
async function printInvoice(file: string): Promise<unknown> {
  const [{ read }, { printed }] = await Promise.all([import('./documents/intake.ts'), import('./documents/printed.ts')]);
  return printed(read(readFile(file)));
}

function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', `${file} cannot be read: ${(error as Error).message}`);
  }
}

/** @throws Fault FILE_UNREADABLE, JSON_INVALID */
function readJson(file: string): unknown {
  const bytes = readFile(file);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Fault('JSON_INVALID', `${file} is not JSON: ${(error as Error).message}`);
  }
}

function help(): string {
  const lines = COMMANDS.map(({ words, needs, may = [], file, about }) => {
    const options = [...(file ? [file] : []), ...needs.map((name) => `--${name} …`), ...may.map((name) => `[--${name} …]`)];
    return `  ${[words, ...options].join(' ')}\n      ${about}`;
  });
  return [
    'Usage: npm run --silent hub -- <command>',
    '',
    ...lines,
    '',
    'Every command prints one JSON value. What fails prints {"error":{"code","message"}} and ends with status 1, a wrong call with 2.',
    '--token may stand in the environment variable BOOTSTRAP_TOKEN, --key in DOCKET_KEY, --url in DOCKET_URL.',
  ].join('\n');
}

const ENVIRONMENT: Readonly<Record<string, string>> = { token: 'BOOTSTRAP_TOKEN', key: 'DOCKET_KEY', url: 'DOCKET_URL' };

/** Every option takes a value, and one public key in 64 begins with a hyphen: what follows an option is its value, unless it is an option. */
function joined(args: readonly string[], names: readonly string[]): string[] {
  const options = names.map((name) => `--${name}`);
  const isOption = (arg: string): boolean => options.includes(arg.split('=', 1)[0] ?? '');
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [arg = '', next] = [args[i], args[i + 1]];
    if (!options.includes(arg) || next === undefined || isOption(next)) out.push(arg);
    else {
      out.push(`${arg}=${next}`);
      i++;
    }
  }
  return out;
}

function optionsOf(command: Command, args: readonly string[]): { options: Record<string, string>; file: string } {
  const names = [...command.needs, ...(command.may ?? [])];
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: joined(args, names),
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      allowPositionals: command.file !== undefined,
    });
  } catch (error) {
    throw new Fault('USAGE', (error as Error).message);
  }
  const options: Record<string, string> = {};
  for (const name of names) {
    const value = parsed.values[name] ?? process.env[ENVIRONMENT[name] ?? ''];
    if (typeof value === 'string' && value !== '') options[name] = value;
    else if (command.needs.includes(name)) throw new Fault('USAGE', `${command.words} needs --${name}`);
  }
  if (options['url'] !== undefined && !URL.canParse(options['url'])) {
    throw new Fault('USAGE', `--url ${options['url']} is no address such as http://127.0.0.1:8787`);
  }
  const [file, more] = parsed.positionals;
  if (command.file !== undefined && (file === undefined || more !== undefined))
    throw new Fault('USAGE', `${command.words} takes one ${command.file}`);
  return { options, file: file ?? '' };
}

async function main(args: readonly string[]): Promise<number> {
  const text = args.join(' ');
  if (text === '' || args.includes('--help') || args[0] === 'help') {
    console.log(help());
    return 0;
  }
  const command = COMMANDS.find(({ words }) => text === words || text.startsWith(`${words} `));
  if (command === undefined) {
    console.error(`There is no command "${args.slice(0, 2).join(' ')}".\n\n${help()}`);
    return 2;
  }
  try {
    const { options, file } = optionsOf(command, args.slice(command.words.split(' ').length));
    const answer = await command.run(options, file);
    console.log(JSON.stringify(answer, null, 2));
    return command.good?.(answer) === false ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    console.log(JSON.stringify({ error: { code: faultCode(error), message: error.message } }));
    return faultCode(error) === 'USAGE' ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
