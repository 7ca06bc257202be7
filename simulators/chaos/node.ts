import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../protocol/fault.ts';
import { clientId, type NodeAddress } from '../../protocol/topics.ts';
import { Child } from '../stack/child.ts';
import type { EdgeEvent } from '../stack/edge.ts';
import type { Leash } from '../stack/leash.ts';
import type { WireProxy } from './proxy.ts';

/** A node that can be killed and started again, with the proxy that stands between it and the hub. */
export interface ChaosNode {
  readonly address: NodeAddress;
  readonly proxy: WireProxy;
  /** Its outbox file. */
  readonly outbox: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Calls `listener` with every event of its log; returns the unsubscription. */
  on(listener: (event: EdgeEvent) => void): () => void;
  /** Passages that were under way when it was killed and are not among `known`. */
  underWay(known: ReadonlySet<string>): number;
}

const CHILD = fileURLToPath(new URL('./feeder.child.ts', import.meta.url));
const READY_MS = 60_000;

/** The fast node: real intake, outbox and uplink in a process that closes passages at a rate. */
export class Feeder implements ChaosNode {
  readonly address: NodeAddress;
  readonly proxy: WireProxy;
  readonly outbox: string;
  readonly #options: { readonly root: string; readonly dataDir: string; readonly leash: Leash; readonly line?: (line: string) => void };
  readonly #listeners = new Set<(event: EdgeEvent) => void>();
  /** Passages that it closed since its start. */
  readonly #closed = new Set<string>();
  /** Passages a second; 0 makes none. */
  rate = 0;
  #child: Child | undefined;

  constructor(
    address: NodeAddress,
    proxy: WireProxy,
    options: { readonly root: string; readonly dataDir: string; readonly leash: Leash; readonly line?: (line: string) => void },
  ) {
    this.address = address;
    this.proxy = proxy;
    this.#options = options;
    this.outbox = join(options.dataDir, 'outbox.db');
  }

  async start(): Promise<void> {
    const { root, dataDir, leash, line } = this.#options;
    this.#closed.clear();
    let ready: () => void = () => undefined;
    const isReady = new Promise<'ready'>((resolve) => {
      ready = () => resolve('ready');
    });
    const config = { dataDir, address: this.address, url: `ws://127.0.0.1:${this.proxy.port}`, rate: this.rate };
    const child = new Child({
      name: clientId(this.address),
      args: [CHILD, JSON.stringify(config)],
      cwd: root,
      leash,
      line: (text) => {
        line?.(text);
        const event = eventOf(text);
        if (event === undefined) return;
        if (event.event === 'ready') ready();
        if (event.event === 'passage.closed') this.#closed.add(String(event['passage']));
        for (const listener of this.#listeners) listener(event);
      },
    });
    this.#child = child;
    const late = new Promise<string>((resolve) => setTimeout(() => resolve('no answer'), READY_MS).unref());
    const outcome = await Promise.race([isReady, child.ended, late]);
    if (outcome === 'ready') return;
    await child.kill();
    throw new Fault('NODE_START', `${child.name} did not come up (${outcome})\n${child.lines.slice(-20).join('\n')}`);
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  on(listener: (event: EdgeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  underWay(known: ReadonlySet<string>): number {
    return [...this.#closed].filter((passage) => !known.has(passage)).length;
  }
}

function eventOf(line: string): EdgeEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as EdgeEvent;
  } catch {
    // A line that the kill cut off.
    return undefined;
  }
}
