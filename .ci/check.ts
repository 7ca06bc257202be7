import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sourceFiles } from './imports.ts';

/** All validators in one command: each prints only what is wrong, and the last line counts them. */

/** The Worker must start in a second and stay far under the platform's 10 MB: a jump of this size has to be meant. */
const MAX_BUNDLE_GZIP_KB = 400;
/** Size budget of source files (tests aside): the eye stops at more. */
const MAX_LINES = 600;
const SOFT_LINES = 400;

const TYPE_PROJECTS = [
  'protocol',
  'protocol/tsconfig.test.json',
  'edge',
  'edge/panel/page',
  'cloud',
  'cloud/tsconfig.node.json',
  'cloud/dashboard',
  'simulators',
  '.ci',
];

interface Result {
  readonly ok: boolean;
  readonly output: string;
}

function run(command: string, ...args: string[]): Result {
  const result = spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32' });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}` };
}

function bundle(): Result {
  const folder = '.docket/bundle';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const result = run('wrangler', 'deploy', '--dry-run', '--outdir', folder);
  if (!result.ok) return result;
  const code = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const kilobytes = code.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0) / 1024;
  const output = `Worker bundle: ${kilobytes.toFixed(0)} KB gzip (limit ${MAX_BUNDLE_GZIP_KB})`;
  console.log(`  ${output}`);
  return { ok: code.length > 0 && kilobytes <= MAX_BUNDLE_GZIP_KB, output };
}

function lengths(): Result {
  const files = sourceFiles().filter((file) => !/\.test\.tsx?$|(^|\/)vectors\//.test(file));
  const counted = files.map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length })).sort((a, b) => b.lines - a.lines);
  const median = counted[Math.floor(counted.length / 2)]?.lines ?? 0;
  const over = counted.filter((one) => one.lines > SOFT_LINES).length;
  console.log(`  ${counted.length} source files, median ${median} lines, ${over} over ${SOFT_LINES}; the longest:`);
  for (const { file, lines } of counted.slice(0, 5)) console.log(`    ${lines} ${file}`);
  const offenders = counted.filter((one) => one.lines > MAX_LINES);
  return {
    ok: counted.length > 0 && offenders.length === 0,
    output: offenders.map((one) => `${one.file} has ${one.lines} lines`).join('\n'),
  };
}

/** A lock file with download addresses ties every clone to one registry. */
function lockFile(): Result {
  const hosts = readFileSync('package-lock.json', 'utf8')
    .split('\n')
    .filter((line) => line.includes('"resolved":'));
  return { ok: hosts.length === 0, output: hosts.slice(0, 3).join('\n') };
}

const steps: readonly (readonly [string, () => Result])[] = [
  ['format and lint', () => run('biome', 'ci', '--error-on-warnings', '.')],
  ...TYPE_PROJECTS.map((project) => [`types ${project}`, () => run('tsc', '-p', project)] as const),
  ['generated types are fresh', () => run('wrangler', 'types', '--include-runtime=false', '--check', 'cloud/env.d.ts')],
  ['import rules', () => run('vitest', 'run', '--project', 'architecture', '--reporter=default')],
  ['deploy dry run', bundle],
  ['file lengths', lengths],
  ['lock file names no registry', lockFile],
  // A lock file without the packages of other platforms installs here and nowhere else.
  ['lock file is complete', () => run('npm', 'ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')],
];

let failed = 0;
for (const [name, step] of steps) {
  const { ok, output } = step();
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) {
    failed++;
    console.log(output);
  }
}
mkdirSync('.docket', { recursive: true });
writeFileSync('.docket/check.json', JSON.stringify({ passed: steps.length - failed, failed }));
console.log(`check: ${steps.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
