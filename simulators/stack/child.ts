import { type ChildProcess, spawn } from 'node:child_process';
import { Fault } from '../../protocol/fault.ts';
import type { Leash } from './leash.ts';

export interface ChildOptions {
  /** Shown in messages. */
  readonly name: string;
  /** The program after the Node binary: script and its arguments. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly leash: Leash;
  /** Called with every line of both outputs. */
  readonly line?: (line: string) => void;
  /** It ended though nobody called stop or kill. */
  readonly crashed?: (child: Child) => void;
}

/** Kept for messages and reports: what a start or a crash says fits, and a long run does not fill the memory. */
const LINES_KEPT = 400;
const MAX_LINE_CHARS = 100_000;
/** A child that has not ended by itself after this is killed: an edge waits up to 5 s for acknowledgements. */
const STOP_MS = 8_000;

/**
 * A Node program as a child process in a process group of its own, so that it and whatever it started can be ended together, and
 * a Ctrl-C in the terminal reaches the parent alone, which then stops everything in order.
 */
export class Child {
  readonly name: string;
  readonly pid: number;
  readonly lines: string[] = [];
  /** Resolves with how it ended: an exit code or a signal. */
  readonly ended: Promise<string>;
  #process: ChildProcess;
  #over: string | undefined;
  #leash: Leash;
  #wanted = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#leash = options.leash;
    this.#process = spawn(process.execPath, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const pid = this.#process.pid;
    if (pid === undefined) throw new Fault('SPAWN', `${options.name}: ${process.execPath} did not start`);
    this.pid = pid;
    options.leash.hold(pid);
    const keep = (line: string): void => {
      this.lines.push(line);
      if (this.lines.length > LINES_KEPT) this.lines.shift();
      options.line?.(line);
    };
    lines(this.#process.stdout, keep);
    lines(this.#process.stderr, keep);
    this.ended = new Promise((resolve) => {
      // `close` and not `exit`: by then every line it wrote has been read.
      this.#process.once('close', (code, signal) => {
        this.#over = signal ?? `exit code ${code}`;
        resolve(this.#over);
        if (!this.#wanted) options.crashed?.(this);
      });
    });
  }

  /** How it ended; undefined while it runs. */
  get over(): string | undefined {
    return this.#over;
  }

  /** Asks it to stop; kills the group when it does not. */
  async stop(): Promise<void> {
    this.#wanted = true;
    if (this.#over === undefined) {
      const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_MS);
      this.#process.kill('SIGTERM');
      await this.ended;
      clearTimeout(timer);
    }
    // What it left behind, such as a runtime that it started, ends with its group.
    this.#signal('SIGKILL');
    this.#leash.release(this.pid);
  }

  /** Ends it and all it started at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#wanted = true;
    this.#signal('SIGKILL');
    await this.ended;
    this.#leash.release(this.pid);
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH: nobody of the group is left.
    }
  }
}

function lines(stream: NodeJS.ReadableStream | null, line: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const part of parts) line(part.trimEnd());
  });
  stream?.on('end', () => {
    if (rest !== '') line(rest);
  });
}
