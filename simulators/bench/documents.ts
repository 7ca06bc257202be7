import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Fault } from '../../protocol/fault.ts';
import { Child } from '../stack/child.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';
import { type Measure, median, round } from './measure.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROUNDS = 9;
/** Parses in one call: enough that the call itself, some 0.3 ms, does not count. */
const AVERAGE_PARSES = 200;
const LARGE_PARSES = 4;
const LARGE_BYTES = 1_000_000;
const READY_MS = 20_000;

/** A Worker that reads the document it is sent n times. Its own clock stands still while it works: time is taken outside. */
const WORKER = `
import { read } from './cloud/documents/intake.ts';
export default {
  async fetch(request) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const times = Number(new URL(request.url).searchParams.get('times'));
    let lines = 0;
    for (let i = 0; i < times; i++) lines += read(bytes).document.lines.length;
    return new Response(String(lines));
  },
};`;

const sample = (name: string): string => readFileSync(join(ROOT, 'cloud/documents/samples', name), 'utf8');

/** The CII sample with its lines again and again until it weighs a megabyte. */
function large(): string {
  const text = sample('twin.cii.xml');
  const [lines = ''] = /<ram:IncludedSupplyChainTradeLineItem>[\s\S]*<\/ram:IncludedSupplyChainTradeLineItem>/.exec(text) ?? [];
  return text.replace(lines, () => lines.repeat(Math.ceil((LARGE_BYTES - text.length) / lines.length)));
}

class Reader {
  readonly #dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
  readonly #leash = new Leash();
  #child: Child | undefined;
  #address = '';

  async start(): Promise<void> {
    const port = await freePort();
    this.#address = `http://127.0.0.1:${port}`;
    await build({
      stdin: { contents: WORKER, resolveDir: ROOT, loader: 'js' },
      bundle: true,
      format: 'esm',
      external: ['node:*'],
      outfile: join(this.#dir, 'worker.js'),
      logLevel: 'error',
    });
    const date = /compatibility_date = "([\d-]+)"/.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8'))?.[1] ?? '';
    const config = join(this.#dir, 'config.capnp');
    writeFileSync(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "${date}", compatibilityFlags = ["nodejs_compat"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);`,
    );
    this.#child = new Child({
      name: 'reader',
      args: [join(ROOT, 'node_modules/workerd/bin/workerd'), 'serve', config],
      cwd: this.#dir,
      leash: this.#leash,
    });
    const until = Date.now() + READY_MS;
    for (;;) {
      try {
        await this.#parse('<a/>', 0);
        return;
      } catch (error) {
        if (Date.now() > until)
          throw new Fault('BENCH_START', `workerd did not come up: ${(error as Error).message}\n${this.#child.lines.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Milliseconds of one parse: a call of many less a call of none. */
  async cost(text: string, times: number): Promise<number> {
    await this.#parse(text, times);
    const costs: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const none = await this.#parse(text, 0);
      costs.push(((await this.#parse(text, times)) - none) / times);
    }
    return median(costs);
  }

  async stop(): Promise<void> {
    await this.#child?.kill();
    this.#leash.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #parse(text: string, times: number): Promise<number> {
    const from = performance.now();
    const response = await fetch(`${this.#address}/?times=${times}`, { method: 'POST', body: text });
    const lines = Number(await response.text());
    const spent = performance.now() - from;
    if (!response.ok || !(lines >= 2 * times)) throw new RangeError(`the reader answered ${response.status} and ${lines} lines`);
    return spent;
  }
}

/** documents.parse and documents.parse1MB: bytes to normal form with the rules of EN 16931, in workerd. */
export async function run(): Promise<Measure[]> {
  const reader = new Reader();
  try {
    await reader.start();
    const average = [sample('twin.ubl.xml'), sample('twin.cii.xml')];
    const costs: number[] = [];
    for (const text of average) costs.push(await reader.cost(text, AVERAGE_PARSES));
    const [ubl = Number.NaN, cii = Number.NaN] = costs;
    const big = large();
    const bytes = (text: string): number => Buffer.byteLength(text);
    const largeCost = await reader.cost(big, LARGE_PARSES);
    return [
      {
        name: 'documents.parse',
        value: round((ubl + cii) / 2),
        unit: 'ms',
        params: {
          bytes: Math.round((bytes(average[0] ?? '') + bytes(average[1] ?? '')) / 2),
          ubl: round(ubl),
          cii: round(cii),
          parses: AVERAGE_PARSES,
          rounds: ROUNDS,
        },
      },
      { name: 'documents.parse1MB', value: round(largeCost), unit: 'ms', params: { bytes: bytes(big), syntax: 'CII', rounds: ROUNDS } },
    ];
  } finally {
    await reader.stop();
  }
}
