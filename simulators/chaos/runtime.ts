import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../protocol/fault.ts';
import { Child } from '../stack/child.ts';
import { HubProcess } from '../stack/hub.ts';
import type { Leash } from '../stack/leash.ts';

export interface RuntimeOptions {
  /** The repository. */
  readonly root: string;
  readonly dataDir: string;
  readonly port: number;
  readonly bootstrapToken: string;
  readonly leash: Leash;
  readonly line?: (line: string) => void;
}

const HOST = fileURLToPath(new URL('./runtime.host.ts', import.meta.url));
/** On a busy machine; it takes 3 s on an idle one. */
const READY_MS = 60_000;
const POLL_MS = 20;

/**
 * The hub in workerd on a file system that outlives it. It is bundled once, so that a change of a source file does not reach a run, and
 * killed in two ways: workerd alone, as when a machine of the platform ends an isolate, or workerd with the program that holds it.
 */
export class HubRuntime {
  readonly address: string;
  readonly #options: RuntimeOptions;
  readonly #worker: string;
  #child: Child | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.address = `http://127.0.0.1:${options.port}`;
    this.#worker = join(options.dataDir, 'worker.json');
  }

  get lines(): readonly string[] {
    return this.#child?.lines ?? [];
  }

  /** Makes the catalog's tables and bundles the Worker. @throws Fault HUB_START */
  async prepare(): Promise<void> {
    const { root, dataDir } = this.#options;
    await new HubProcess(this.#options).migrate();
    await this.#run('bundle', [
      join(root, 'node_modules/wrangler/bin/wrangler.js'),
      ...['deploy', '--dry-run', '--outdir', join(dataDir, 'bundle')],
    ]);
    await this.#run('bindings', [HOST, 'prepare', root, this.#worker]);
  }

  /** Resolves when the API answers. @throws Fault HUB_START with the last lines it wrote */
  async start(): Promise<void> {
    const { dataDir, port } = this.#options;
    this.#child = this.#spawn('hub', [HOST, 'serve', this.#worker, join(dataDir, 'bundle/worker.js'), dataDir, String(port)]);
    await this.#up();
  }

  /** SIGKILL for workerd and the program that holds it; resolves when they are gone. */
  async killAll(): Promise<void> {
    await this.#child?.kill();
  }

  /** SIGKILL for workerd alone: whoever holds it starts another by itself. */
  killWorkerd(): void {
    const group = this.#child?.pid;
    const pids = group === undefined ? [] : workerdOf(group);
    if (pids.length === 0) throw new Fault('NO_WORKERD', `no workerd runs in the process group ${group ?? '(none)'}`);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }

  /** Resolves when a workerd that was killed alone is back. */
  async back(): Promise<void> {
    await this.#up();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async #up(): Promise<void> {
    const until = Date.now() + READY_MS;
    while (!(await this.#answers())) {
      const over = this.#child?.over;
      if (over !== undefined || Date.now() > until) {
        await this.#child?.kill();
        throw new Fault('HUB_START', `hub: did not come up (${over ?? 'no answer'})\n${this.lines.slice(-20).join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.address}/v1/openapi.json`, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  async #run(name: string, args: readonly string[]): Promise<void> {
    const child = this.#spawn(name, args);
    const end = await child.ended;
    await child.stop();
    if (end !== 'exit code 0')
      throw new Fault('HUB_START', `hub: its ${name} could not be made (${end})\n${child.lines.slice(-20).join('\n')}`);
  }

  #spawn(name: string, args: readonly string[]): Child {
    const { root, leash, line, dataDir, bootstrapToken } = this.#options;
    return new Child({
      name,
      args,
      cwd: root,
      leash,
      ...(line === undefined ? {} : { line }),
      env: {
        BOOTSTRAP_TOKEN: bootstrapToken,
        CI: '1',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        WRANGLER_SEND_METRICS: 'false',
        X_LOCAL_OBSERVABILITY: 'false',
        X_LOCAL_EXPLORER: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        WRANGLER_LOG_PATH: join(dataDir, 'wrangler.log'),
        WRANGLER_REGISTRY_PATH: join(dataDir, 'registry'),
      },
    });
  }
}

/** The workerd processes of a process group. Linux tells it by /proc, which is there also where `ps` is not installed. */
function workerdOf(group: number): number[] {
  if (!existsSync('/proc/self/stat')) {
    const { stdout } = spawnSync('ps', ['-axo', 'pid=,pgid=,comm='], { encoding: 'utf8' });
    const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/));
    return rows.filter(([, pgid, name]) => Number(pgid) === group && name?.endsWith('workerd') === true).map(([pid]) => Number(pid));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        // pid (comm) state ppid pgrp ...
        const [, name, pgrp] = /^\d+ \((.*)\) \S \d+ (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return name === 'workerd' && Number(pgrp) === group;
      } catch {
        return false;
      }
    });
}
