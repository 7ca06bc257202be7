import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../protocol/fault.ts';

/**
 * Finds the Chromium that browser tests drive, or installs one: the variable CHROMIUM, a system browser, Playwright's cache,
 * then Debian's package (as root), then Playwright's own download. A machine that can have none fails here, in words:
 * a browser test is never skipped in silence.
 */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const MAC = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];

function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const file = join(folder, name);
    if (folder !== '' && existsSync(file)) return file;
  }
  return undefined;
}

function inPlaywrightCache(): string | undefined {
  const caches = [
    process.env['PLAYWRIGHT_BROWSERS_PATH'],
    join(homedir(), '.cache/ms-playwright'),
    join(homedir(), 'Library/Caches/ms-playwright'),
  ];
  for (const cache of caches) {
    if (cache === undefined || !existsSync(cache)) continue;
    for (const folder of readdirSync(cache).sort().reverse()) {
      for (const inner of [
        'chrome-linux/chrome',
        'chrome-linux64/chrome',
        'chrome-headless-shell-linux64/chrome-headless-shell',
        'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
      ]) {
        const file = join(cache, folder, inner);
        if (folder.startsWith('chromium') && existsSync(file)) return file;
      }
    }
  }
  return undefined;
}

function installed(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Fault('BROWSER_MISSING', `The variable CHROMIUM names ${named}, which does not exist: correct or unset it.`);
  }
  for (const name of NAMES) {
    const file = onPath(name);
    if (file !== undefined) return file;
  }
  return MAC.find((file) => existsSync(file)) ?? inPlaywrightCache();
}

function canApt(): boolean {
  return process.getuid?.() === 0 && onPath('apt-get') !== undefined;
}

/** Installs Debian packages; true when apt said that all went well. Needs root. */
export function aptInstall(...packages: string[]): boolean {
  if (!canApt()) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
  return (
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { stdio: ['ignore', 'ignore', 'inherit'], env })
      .status === 0
  );
}

/** The path of a Chromium that starts. @throws Error in plain words when there is none and none can be installed. */
export function findBrowser(): string {
  let file = installed();
  if (file === undefined) {
    console.error('docket: no Chromium found, installing one for the browser tests ...');
    if (!aptInstall('chromium'))
      spawnSync(process.execPath, [join('node_modules', 'playwright-core', 'cli.js'), 'install', 'chromium'], { stdio: 'inherit' });
    file = installed();
  }
  if (file === undefined) {
    throw new Fault(
      'BROWSER_MISSING',
      'The browser tests need Chromium: it is not on this machine, and neither apt-get (needs root) nor Playwright could install it. ' +
        'Install Chromium or Chrome yourself, or name one in the variable CHROMIUM, and run the tests again.',
    );
  }
  execFileSync(file, ['--version'], { stdio: 'ignore' });
  return file;
}

/** Vitest's global set-up: what it puts in the environment reaches every worker. */
export default function setup(): void {
  process.env['CHROMIUM'] = findBrowser();
}
