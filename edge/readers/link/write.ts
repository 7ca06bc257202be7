import { Fault } from '../../../protocol/fault.ts';

/** Commands are below 256 bytes: a line that has not taken one in this time is stuck (flow control, dead adapter). */
const WRITE_MS = 2_000;

/**
 * Runs a write with a callback as a promise that settles within two seconds.
 * @throws Fault LINK_LOST, LINK_STUCK
 */
export function writeInTime(name: string, write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Fault('LINK_STUCK', `${name} took no bytes for ${WRITE_MS} ms: the link is opened again`));
    }, WRITE_MS);
    write((error) => {
      clearTimeout(timer);
      if (error) reject(error instanceof Fault ? error : new Fault('LINK_LOST', `${name}: write failed (${error.message})`));
      else resolve();
    });
  });
}
