import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../protocol/fault.ts';
import type { TestNode } from './hub.fixture.ts';

export interface PahoEvent {
  readonly event: string;
  readonly code?: number;
  readonly present?: number;
  readonly granted?: readonly number[];
  readonly topic?: string;
  readonly text?: string;
  readonly qos?: number;
  readonly user?: Readonly<Record<string, string>>;
}

const SCRIPT = fileURLToPath(new URL('./paho.client.py', import.meta.url));
/** A bound for a test that would hang; nothing is judged by it. */
const EVENT_MS = 30_000;

/** A process with paho's client. */
export class Paho {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #events: PahoEvent[] = [];
  readonly #waiting: (() => void)[] = [];
  #errors = '';
  #over = false;

  constructor() {
    this.#process = spawn(process.env['INTEROP_PYTHON'] ?? 'python3', ['-u', SCRIPT]);
    let rest = '';
    this.#process.stdout.on('data', (chunk) => {
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#events.push(JSON.parse(part) as PahoEvent);
      this.#wake();
    });
    this.#process.stderr.on('data', (chunk) => {
      this.#errors += String(chunk);
    });
    this.#process.once('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  tell(call: Readonly<Record<string, unknown>>): void {
    this.#process.stdin.write(`${JSON.stringify(call)}\n`);
  }

  /** Connects as a node; resolves with the answer of the hub. */
  async connect(port: number, node: TestNode, version: 4 | 5, more: { clean?: boolean; password?: string } = {}): Promise<PahoEvent> {
    const { clean = true, password = await node.token() } = more;
    this.tell({ do: 'connect', version, port, path: `/mqtt/${node.id}`, id: node.id, user: node.id, password, clean });
    return this.next('connect');
  }

  /** The next event of that name; others before it stay for later calls. @throws Fault when the process ended without it */
  async next(name: string): Promise<PahoEvent> {
    const until = Date.now() + EVENT_MS;
    for (;;) {
      const at = this.#events.findIndex(({ event }) => event === name);
      if (at >= 0) return this.#events.splice(at, 1)[0] as PahoEvent;
      if (this.#over || Date.now() > until)
        throw new Fault('PAHO', `paho told no "${name}" (${JSON.stringify(this.#events)})\n${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 1_000).unref();
      });
    }
  }

  /** Events that nobody has asked for yet. */
  get left(): readonly PahoEvent[] {
    return this.#events;
  }

  async close(): Promise<void> {
    if (this.#over) return;
    const closed = new Promise<void>((resolve) => this.#process.once('close', () => resolve()));
    this.#process.kill('SIGKILL');
    await closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
