import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Ends the stack's process groups when the stack itself is gone: a killed parent can't clean up, but its end of a pipe closes.
 * One small process for all children.
 */
export class Leash {
  readonly #process = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: Ctrl-C in the terminal must not end it before the children.
    detached: true,
  });

  constructor() {
    // A write after its end would otherwise be an unhandled error; without the leash the stack still stops its children itself.
    this.#process.stdin.on('error', () => undefined);
    this.#process.unref();
  }

  hold(pid: number): void {
    this.#process.stdin.write(`+${pid}\n`);
  }

  release(pid: number): void {
    this.#process.stdin.write(`-${pid}\n`);
  }

  /** Lets it go: whatever is still held is ended. */
  close(): void {
    this.#process.stdin.end();
  }
}

/** The process at the other end: reads pids, and at the end of the pipe kills the groups it still holds. */
function hold(): void {
  const held = new Set<number>();
  let rest = '';
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const pid = Number(part.slice(1));
      if (part.startsWith('+') && Number.isSafeInteger(pid) && pid > 1) held.add(pid);
      else held.delete(pid);
    }
  });
  process.stdin.on('end', () => {
    for (const pid of held) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // ended by itself
      }
    }
    process.exit(0);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) hold();
