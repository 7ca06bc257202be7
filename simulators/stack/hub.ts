import { join } from 'node:path';
import { Fault } from '../../protocol/fault.ts';
import { Child } from './child.ts';
import type { Leash } from './leash.ts';

export interface HubOptions {
  /** The repository. */
  readonly root: string;
  /** Where its state is kept. */
  readonly dataDir: string;
  readonly port: number;
  /** The secret that may create a tenant. */
  readonly bootstrapToken: string;
  readonly leash: Leash;
  readonly line?: (line: string) => void;
  readonly crashed?: (child: Child) => void;
}

/** The first start bundles the Worker and the dashboard and unpacks nothing: seconds, on a busy machine many. */
const READY_MS = 120_000;
const POLL_MS = 100;

/** The hub in workerd, run by `wrangler dev`. No account, no network. */
export class HubProcess {
  readonly address: string;
  readonly #options: HubOptions;
  #child: Child | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.address = `http://127.0.0.1:${options.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.over === undefined ? this.#child?.pid : undefined;
  }

  get lines(): readonly string[] {
    return this.#child?.lines ?? [];
  }

  /** Brings the catalog's schema up to date; needed before the first start on a data directory. */
  async migrate(): Promise<void> {
    const child = this.#wrangler(['d1', 'migrations', 'apply', 'CATALOG', '--local', '--persist-to', this.#options.dataDir]);
    const end = await child.ended;
    await child.stop();
    if (end !== 'exit code 0') throw new Fault('HUB_START', `hub: its catalog could not be prepared (${end})\n${tail(child)}`);
  }

  /** Resolves when the API answers. @throws Fault HUB_START with the last lines it wrote */
  async start(): Promise<void> {
    const { port, dataDir } = this.#options;
    const child = this.#wrangler(
      [
        'dev',
        ...['--local', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
        ...['--persist-to', dataDir, '--show-interactive-dev-session=false'],
      ],
      this.#options.crashed,
    );
    this.#child = child;
    const until = Date.now() + READY_MS;
    while (!(await this.#answers())) {
      if (child.over !== undefined || Date.now() > until) {
        await child.kill();
        throw new Fault('HUB_START', `hub: did not come up (${child.over ?? 'no answer'})\n${tail(child)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** SIGKILL for wrangler and workerd together. */
  async kill(): Promise<void> {
    await this.#child?.kill();
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

  #wrangler(args: readonly string[], crashed?: (child: Child) => void): Child {
    const { root, leash, line, dataDir, bootstrapToken } = this.#options;
    return new Child({
      name: 'hub',
      args: [join(root, 'node_modules/wrangler/bin/wrangler.js'), ...args],
      cwd: root,
      leash,
      ...(line === undefined ? {} : { line }),
      ...(crashed === undefined ? {} : { crashed }),
      // Nothing is asked of a person and nothing of the network; its logs stay with its data.
      env: {
        // A secret in the environment stands in no list of processes.
        BOOTSTRAP_TOKEN: bootstrapToken,
        CI: '1',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        WRANGLER_SEND_METRICS: 'false',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        // Wrangler's local tracing stores every call and log line in a database of its own: work that no hub in production does.
        X_LOCAL_OBSERVABILITY: 'false',
        X_LOCAL_EXPLORER: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        WRANGLER_LOG_PATH: join(dataDir, 'wrangler.log'),
        WRANGLER_REGISTRY_PATH: join(dataDir, 'registry'),
      },
    });
  }
}

function tail(child: Child): string {
  return child.lines.slice(-20).join('\n');
}
