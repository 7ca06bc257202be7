import type { Import } from './imports.ts';

/**
 * Who may import whom (ARCHITECTURE.md, "Import rules"). Each rule takes one import and returns why it is forbidden.
 * The order of the pipeline is the order of the lists: a stage may import those before it, never those after it.
 */
const EDGE_STAGES = ['readers', 'presence', 'passage', 'count', 'outbox', 'uplink', 'panel'];
const CLOUD_ABOVE_LEDGER = ['documents', 'reconcile', 'counting', 'valuation', 'metrics', 'automation', 'foresight', 'proof'];
const EDGE_PACKAGES = ['mqtt', 'aedes', 'serialport', 'lowdb'];

const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || /(^|\/)testing\//.test(file);
const top = (file: string): string => file.split('/')[0] as string;
const second = (file: string): string => file.split('/')[1] ?? '';
const packageOf = (specifier: string): string =>
  specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] as string);
const isEntry = (file: string): boolean => /^(edge|cloud)\/(cli|main|worker)\.ts$/.test(file);
const isNodeSide = (file: string): boolean =>
  /\.node(\.test)?\.ts$/.test(file) || /^cloud\/(cli|dashboard\/build)\.ts$/.test(file) || file.startsWith('cloud/proof/verify');
const isFront = (file: string): boolean =>
  file.startsWith('edge/panel/page/') || (file.startsWith('cloud/dashboard/') && !file.endsWith('build.ts'));
/** Node built-ins that workerd offers and that touch neither disk nor network. */
const WORKER_SAFE_BUILTINS = ['node:crypto', 'node:zlib', 'node:buffer'];

type Rule = (i: Import) => string | undefined;

const folders: Rule = ({ from, file }) => {
  if (file === undefined || isTest(from)) return undefined;
  const [source, target] = [top(from), top(file)];
  if (source === 'protocol' && target !== 'protocol') return 'protocol imports nothing outside itself';
  if (source === 'edge' && (target === 'cloud' || target === 'simulators')) return `edge may not import ${target}`;
  if (source === 'cloud' && (target === 'edge' || target === 'simulators')) return `cloud may not import ${target}`;
  if (source === 'simulators' && !/^simulators\/(accuracy|bench|chaos|faults)\//.test(from)) {
    if (target === 'cloud') return 'simulators talk to the hub over HTTP and MQTT only';
    if (target === 'edge' && !/^edge\/readers\/[^/]+\/codec\.ts$/.test(file)) return 'simulators may import only the codecs of edge';
  }
  return undefined;
};

const entries: Rule = ({ from, file }) => {
  if (file === undefined || isTest(from)) return undefined;
  // `npm run edge -- run` is the one way in: the command line starts the composition it stands beside.
  if (from === 'edge/cli.ts' && file === 'edge/main.ts') return undefined;
  if (isEntry(file)) return 'nothing imports a cli, a main or a worker: move what is needed to a noun of its own';
  return undefined;
};

const packages: Rule = ({ from, specifier, file }) => {
  if (file !== undefined || isTest(from)) return undefined;
  const name = packageOf(specifier);
  const builtin = specifier.startsWith('node:');
  const front = isFront(from);
  if (top(from) === 'protocol' && (builtin || specifier.startsWith('cloudflare:'))) return 'protocol runs everywhere: no platform module';
  if (front && (builtin || specifier.startsWith('cloudflare:'))) return 'a web page has no platform modules';
  if (top(from) === 'edge' && specifier.startsWith('cloudflare:')) return 'edge runs on Node';
  if (top(from) === 'cloud' && !isNodeSide(from)) {
    if (EDGE_PACKAGES.includes(name)) return `${name} belongs to the edge`;
    if (builtin && !WORKER_SAFE_BUILTINS.includes(specifier))
      return `${specifier} does not run in a Worker: only cli.ts, proof/verify and *.node.ts may use it`;
  }
  if (top(from) === 'simulators' && !/^simulators\/(bench|faults|e2e)\//.test(from) && ['aedes', 'serialport', 'lowdb'].includes(name)) {
    return `${name} belongs to the edge`;
  }
  return undefined;
};

const fronts: Rule = ({ from, file, typeOnly }) => {
  if (file === undefined || isTest(from) || !isFront(from)) return undefined;
  if (top(file) === 'protocol' || isFront(file) || typeOnly) return undefined;
  return 'a web page may import server modules as types only';
};

const edgeStages: Rule = ({ from, file, typeOnly }) => {
  if (file === undefined || isTest(from) || top(from) !== 'edge' || top(file) !== 'edge' || typeOnly) return undefined;
  const [source, target] = [EDGE_STAGES.indexOf(second(from)), EDGE_STAGES.indexOf(second(file))];
  return source >= 0 && target > source ? `${second(from)} comes before ${second(file)}: data flows one way` : undefined;
};

const cloudStages: Rule = ({ from, file, typeOnly }) => {
  if (file === undefined || isTest(from) || top(from) !== 'cloud' || top(file) !== 'cloud' || typeOnly) return undefined;
  const [source, target] = [second(from), second(file)];
  if (target === 'api' && source !== 'api' && from !== 'cloud/worker.ts') return 'only the worker imports the api';
  if (source === 'ledger' && CLOUD_ABOVE_LEDGER.includes(target)) return 'the ledger is given its projections, it does not import them';
  if (source === 'ledger' && target === 'gateway') return 'the gateway feeds the ledger, never the other way';
  if (CLOUD_ABOVE_LEDGER.includes(source) && target === 'gateway') return 'the gateway is behind the ledger';
  if (source === 'gateway' && CLOUD_ABOVE_LEDGER.includes(target)) return 'the gateway knows the ledger alone';
  return undefined;
};

/** The verifier is a second opinion: of the project it knows its own folder and how an error looks; only its fold runs the hub's projections. */
const verifier: Rule = ({ from, file, specifier }) => {
  const folder = 'cloud/proof/verify/';
  if (!from.startsWith(folder) || isTest(from) || from.endsWith('.fixture.ts') || from === `${folder}fold.ts`) return undefined;
  if (file === undefined) return specifier.startsWith('node:') ? undefined : 'the verifier uses Node alone: an auditor reads one folder';
  if (file === `${folder}fold.ts`) return 'the verifier is given the fold by its caller';
  if (file.startsWith(folder) || file === 'protocol/fault.ts') return undefined;
  return 'the verifier imports nothing of what it verifies';
};

const RULES: readonly Rule[] = [folders, entries, packages, fronts, edgeStages, cloudStages, verifier];

/** Why an import is forbidden; empty when it is allowed. */
export function violations(one: Import): string[] {
  return RULES.map((rule) => rule(one)).filter((reason) => reason !== undefined);
}
