// Makes a fresh clone ready: runs `npm ci` when the installed packages are not those of the lock file, and makes sure that
// the pinned Node is there. Plain JavaScript without packages: it runs on whatever Node (20 or later) the machine has.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.docket-lock');
const lock = join(root, '.docket', 'setup.lock');
// A waiting set-up gives up after this: a first install over a slow line takes some minutes.
const WAIT_MS = 10 * 60_000;

function fail(sentence) {
  console.error(`docket: ${sentence}`);
  process.exit(1);
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old to set the project up: install Node 20 or later and try again.`);

const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies.node;
const hash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const nodeBinary = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function installedNode() {
  if (!existsSync(nodeBinary)) return undefined;
  try {
    return execFileSync(nodeBinary, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  } catch {
    return undefined;
  }
}

function ready() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && installedNode() === wanted;
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** One set-up at a time: `npm start` and `npm test` begun together must not install into each other. */
function takeLock() {
  mkdirSync(dirname(lock), { recursive: true });
  const until = Date.now() + WAIT_MS;
  for (;;) {
    try {
      mkdirSync(lock);
      process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
      return;
    } catch {
      // A lock older than the longest wait was left by a set-up that was killed.
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      if (age > WAIT_MS) rmSync(lock, { recursive: true, force: true });
      if (Date.now() > until) fail(`another set-up holds ${lock}: wait for it, or remove that folder.`);
      sleep(500);
      if (ready()) process.exit(0);
    }
  }
}

function npm(args) {
  const result = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  return result.status === 0;
}

/** `npm ci` empties the folder that a link points to, under whoever works with it. */
function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

if (!ready()) {
  const packages = join(root, 'node_modules');
  if (isLink(packages))
    fail(`${packages} is a link to other packages than those of package-lock.json: remove it and run the command again.`);
  takeLock();
  if (!ready()) {
    console.error('docket: installing the packages of package-lock.json (once, about a minute) ...');
    if (!npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
      fail('`npm ci` failed (see above). It needs the npm registry: check the network or the proxy, then run the same command again.');
    }
    if (installedNode() !== wanted) {
      // npm was told to run no install scripts: run the one that puts the pinned Node in place.
      const script = join(root, 'node_modules', 'node', 'installArchSpecificPackage.js');
      if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: dirname(script), stdio: ['ignore', 'inherit', 'inherit'] });
    }
    if (installedNode() !== wanted) {
      fail(`Node ${wanted} could not be installed for ${process.platform}-${process.arch}: the npm package "node" has none for it.`);
    }
    writeFileSync(stamp, hash);
  }
}
