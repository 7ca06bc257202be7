import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';

/**
 * A program of its own, killed again and again. `prepare ROOT FILE` writes down what wrangler.toml says of the Worker's bindings;
 * `serve FILE SCRIPT DATA PORT` runs the bundled Worker in workerd with the runtime that `wrangler dev` starts, but without its proxy
 * and without bundling: it is back in half the time, and restarts a workerd that was killed alone.
 */
interface Runtime {
  readonly ready: Promise<unknown>;
}

interface RuntimeModule {
  readonly Miniflare: new (options: unknown) => Runtime;
  convertV4MiniflareOptions(options: unknown): unknown;
}

/** The runtime is wrangler's own dependency, so that both are of one version; this project names only wrangler. */
async function loadRuntime(): Promise<RuntimeModule> {
  const here = createRequire(import.meta.url);
  const path = createRequire(here.resolve('wrangler')).resolve('miniflare');
  return (await import(pathToFileURL(path).href)) as RuntimeModule;
}

/** What a Worker of this project is bound to. */
const BINDINGS = ['compatibilityDate', 'compatibilityFlags', 'bindings', 'durableObjects', 'd1Databases', 'r2Buckets'] as const;

function prepare([root = '', file = '']: readonly string[]): void {
  const { workerOptions: all } = unstable_getMiniflareWorkerOptions(`${root}/wrangler.toml`);
  // Without its web pages: they would make each start slower, and nobody looks at them here.
  const worker = Object.fromEntries(BINDINGS.map((name) => [name, (all as Readonly<Record<string, unknown>>)[name]]));
  writeFileSync(file, JSON.stringify(worker), { mode: 0o600 });
}

async function serve([file = '', script = '', data = '', port = '']: readonly string[]): Promise<void> {
  const { Miniflare, convertV4MiniflareOptions } = await loadRuntime();
  const worker = JSON.parse(readFileSync(file, 'utf8')) as object;
  const shared = { host: '127.0.0.1', port: Number(port), cf: false, resourcePersistencePath: `${data}/v3` };
  const options = convertV4MiniflareOptions({
    ...shared,
    workers: [{ ...worker, name: 'docket', modules: true, scriptPath: script, modulesRoot: dirname(script) }],
  });
  await new Miniflare(options).ready;
  process.stdout.write('ready\n');
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'prepare') prepare(rest);
else if (command === 'serve') await serve(rest);
