import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../protocol/fault.ts';

/** What the folder holds in the end. */
export interface ExportSummary {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Entries of the log. */
  readonly entries: number;
}

/** A file of 20 MB, the largest, over a slow line. */
const TIMEOUT_MS = 120_000;
/** Tries of one file, a second apart and then longer: the ledger matches what came last, moves, or the line is down for a moment. */
const MAX_TRIES = 60;
const MAX_WAIT_MS = 5_000;

/** What may pass by itself: no answer at all, or one that says so. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

function makeFolder(folder: string): void {
  let found: string[];
  try {
    mkdirSync(folder, { recursive: true });
    found = readdirSync(folder);
  } catch (error) {
    throw new Fault('FOLDER_UNWRITABLE', `${folder} cannot be made or read: ${(error as Error).message}`);
  }
  if (found.length > 0)
    throw new Fault('FOLDER_NOT_EMPTY', `${folder} holds ${found[0]}: name a folder that is empty or does not exist yet`);
}

/** A path that stays inside the folder: the hub is not trusted with other files of this machine. */
function checkPath(path: string): string {
  const parts = path.split('/');
  if (!/^[\w./-]{1,200}$/.test(path) || parts.some((part) => part === '' || part.startsWith('.'))) {
    throw new Fault('EXPORT_INVALID', `the hub named the file "${path.slice(0, 80)}": that is no path of an export`);
  }
  return path;
}

async function problemOf(response: Response): Promise<Fault> {
  const text = await response.text();
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && typeof detail === 'string') return new Fault(code, detail);
  } catch {
    // Not the hub's own answer: something stands between.
  }
  return new Fault(`HTTP_${response.status}`, `the hub answered with status ${response.status}`);
}

interface Hub {
  readonly url: string;
  readonly key: string;
}

/** One answer, asked for again while what is wrong may pass. */
async function ask({ url, key }: Hub, method: string, path: string): Promise<{ bytes: Uint8Array; next: string | null }> {
  for (let tried = 1; ; tried += 1) {
    let fault: Fault;
    let passing = true;
    let wait = Math.min(MAX_WAIT_MS, 250 * 2 ** tried);
    try {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return { bytes: new Uint8Array(await response.arrayBuffer()), next: response.headers.get('x-docket-next') };
      passing = PASSING.has(response.status);
      wait = Math.max(wait, 1000 * Number(response.headers.get('retry-after') ?? 0) || 0);
      fault = await problemOf(response);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      fault = new Fault('HUB_UNREACHABLE', `no answer from ${url}: ${cause}. Is the hub running, is the address right?`);
      // At the start it is the address that is wrong, not the line.
      passing = method === 'GET';
    }
    if (!passing || tried >= MAX_TRIES) throw fault;
    await sleep(wait);
  }
}

/**
 * Fetches an export of the whole ledger into a folder, which must be empty or not exist. Nothing is checked here but paths:
 * `hub verify` does that, and it needs no hub.
 * @throws Fault FOLDER_NOT_EMPTY, FOLDER_UNWRITABLE, HUB_UNREACHABLE, EXPORT_INVALID, and the codes of the API
 */
export async function exportFolder(folder: string, hub: Hub): Promise<ExportSummary> {
  makeFolder(folder);
  const opened = JSON.parse(new TextDecoder().decode((await ask(hub, 'POST', '/v1/exports')).bytes)) as { id: string; first: string };
  let files = 0;
  let total = 0;
  let entries = 0;
  for (let path: string | null = opened.first; path !== null; ) {
    const name: string = checkPath(path);
    const { bytes, next } = await ask(hub, 'GET', `/v1/exports/${encodeURIComponent(opened.id)}/files/${name}`);
    const file = join(folder, name);
    try {
      mkdirSync(dirname(file), { recursive: true });
      // Never over a file that exists: the hub would have named one twice.
      writeFileSync(file, bytes, { flag: 'wx' });
    } catch (error) {
      throw new Fault('FOLDER_UNWRITABLE', `${file} cannot be written: ${(error as Error).message}`);
    }
    files += 1;
    total += bytes.length;
    if (name === 'checkpoint') entries = Number(new TextDecoder().decode(bytes).split('\n')[1]);
    path = next;
  }
  return { folder, files, bytes: total, entries };
}
