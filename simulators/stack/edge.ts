import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../../protocol/fault.ts';
import { Child } from './child.ts';
import type { Leash } from './leash.ts';
import { PanelClient } from './panel.ts';

/** A line of the edge's log: one event. */
export interface EdgeEvent {
  readonly at: number;
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface EdgeOptions {
  /** The repository. */
  readonly root: string;
  readonly dataDir: string;
  /** The whole settings file as the edge reads it; `dataDir` and `panel` are set here. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly panelPort: number;
  readonly leash: Leash;
  /** Restarts it when one of its files changes. */
  readonly watch: boolean;
  readonly event?: (event: EdgeEvent) => void;
  readonly line?: (line: string) => void;
  readonly crashed?: (child: Child) => void;
}

/** An edge opens its store, replays its journal and connects to its readers: a second, on a busy machine several. */
const READY_MS = 60_000;

/** The edge as a child process. */
export class EdgeProcess {
  readonly panel: PanelClient;
  readonly address: string;
  readonly #options: EdgeOptions;
  readonly #file: string;
  #child: Child | undefined;

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.address = `http://127.0.0.1:${options.panelPort}`;
    this.panel = new PanelClient(this.address);
    this.#file = join(options.dataDir, 'settings.json');
    mkdirSync(dirname(this.#file), { recursive: true });
    const settings = { ...options.settings, dataDir: options.dataDir, panel: { host: '127.0.0.1', port: options.panelPort } };
    writeFileSync(this.#file, `${JSON.stringify(settings, null, 2)}\n`);
  }

  get pid(): number | undefined {
    return this.#child?.over === undefined ? this.#child?.pid : undefined;
  }

  get lines(): readonly string[] {
    return this.#child?.lines ?? [];
  }

  /** The node's public key, base64url of 32 bytes; made at the first call. */
  async publicKey(): Promise<string> {
    const child = this.#spawn(['key', '--settings', this.#file]);
    const end = await child.ended;
    await child.stop();
    const key = /(?<![\w-])[\w-]{43}(?![\w-])/.exec(child.lines.join('\n'))?.[0];
    if (end !== 'exit code 0' || key === undefined) throw new Fault('EDGE_KEY', `edge: printed no key (${end})\n${child.lines.join('\n')}`);
    return key;
  }

  /** Enrols the node with a token of the hub, as a person at the machine does, also while it runs. @throws Fault EDGE_COMMAND with what it wrote */
  async enrol(token: string): Promise<void> {
    await this.#command('enrol', '--token', token);
  }

  /** Replaces the node's key, also while it runs. @throws Fault EDGE_COMMAND with what it wrote */
  async rotate(): Promise<void> {
    await this.#command('rotate');
  }

  async #command(name: string, ...more: readonly string[]): Promise<void> {
    const child = this.#spawn([name, '--settings', this.#file, ...more]);
    const end = await child.ended;
    await child.stop();
    if (end !== 'exit code 0') throw new Fault('EDGE_COMMAND', `edge ${name}: failed (${end})\n${child.lines.join('\n')}`);
  }

  /** Resolves when it says that it is ready. @throws Fault EDGE_START with the last lines it wrote */
  async start(): Promise<void> {
    let ready: () => void = () => undefined;
    const isReady = new Promise<'ready'>((resolve) => {
      ready = () => resolve('ready');
    });
    const child = this.#spawn(['run', '--settings', this.#file], ready);
    this.#child = child;
    const timeout = new Promise<string>((resolve) => setTimeout(() => resolve(`not ready after ${READY_MS / 1000} s`), READY_MS).unref());
    const outcome = await Promise.race([isReady, child.ended, timeout]);
    if (outcome === 'ready') return;
    await child.kill();
    throw new Fault('EDGE_START', `edge: did not come up (${outcome})\n${child.lines.slice(-20).join('\n')}`);
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** `ready` marks the run itself: only that is watched, and only its end is a crash. */
  #spawn(args: readonly string[], ready?: () => void): Child {
    const { root, leash, event, line, crashed, watch } = this.#options;
    return new Child({
      name: 'edge',
      args: [...(watch && ready !== undefined ? ['--watch', '--watch-preserve-output'] : []), join(root, 'edge/cli.ts'), ...args],
      cwd: root,
      leash,
      ...(ready === undefined || crashed === undefined ? {} : { crashed }),
      line: (text) => {
        line?.(text);
        const parsed = eventOf(text);
        if (parsed === undefined) return;
        if (parsed.event === 'ready') ready?.();
        event?.(parsed);
      },
    });
  }
}

function eventOf(line: string): EdgeEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<EdgeEvent>;
    return typeof value.event === 'string' ? (value as EdgeEvent) : undefined;
  } catch {
    return undefined;
  }
}
