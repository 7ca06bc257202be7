import { Fault } from '../../protocol/fault.ts';
import type { Random } from '../random.ts';
import type { EdgeEvent } from '../stack/edge.ts';
import type { Stack } from '../stack/stack.ts';
import type { Pass } from '../warehouse.ts';

/** From a passage's close to its PUBACK an idle machine takes 10 to 60 ms: the blow falls within the first part of it. */
const LONGEST_WAIT_MS = 15;
const CLOSE_MS = 20_000;

/** Follows one pass through the edge's log: closed, committed, acknowledged. */
class Handover {
  readonly closed: Promise<void>;
  acknowledged = false;
  readonly #off: () => void;
  readonly #seqs = new Set<string>();
  #passage: string | undefined;

  constructor(stack: Stack, pass: Pass, from: number) {
    let done: () => void = () => undefined;
    this.closed = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Fault('NO_PASSAGE', `no passage was closed for ${pass.id} at ${pass.door}`)), CLOSE_MS);
      done = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#off = stack.onEdge((event) => this.#take(event, pass.door, from, done));
  }

  end(): void {
    this.#off();
  }

  #take(event: EdgeEvent, door: string, from: number, done: () => void): void {
    if (event.event === 'passage.closed' && event['door'] === door && Number(event['closed']) >= from) {
      this.#passage ??= String(event['passage']);
      done();
    }
    const seq = `${event['epoch']}/${event['seq']}`;
    if (event.event === 'record.committed' && event['passage'] === this.#passage) this.#seqs.add(seq);
    if (event.event === 'record.acknowledged' && this.#seqs.has(seq)) this.acknowledged = true;
  }
}

export interface Blow {
  /** False: the PUBACK was faster, and nothing was killed. */
  readonly struck: boolean;
  /** The blow fell before the PUBACK. */
  readonly hit: boolean;
  /** Resolves when what was killed is up again. */
  readonly again: Promise<void>;
}

/** Drives a pass, kills a process with SIGKILL at a random instant after its passage closed, and starts it again at once. */
export async function strike(stack: Stack, pass: Pass, what: 'edge' | 'hub', random: Random): Promise<Blow> {
  const wait = random.between(0, LONGEST_WAIT_MS);
  const handover = new Handover(stack, pass, Date.now() + pass.ms / stack.options.pace / 2);
  await stack.drive(pass);
  await handover.closed;
  await new Promise((resolve) => setTimeout(resolve, wait));
  if (handover.acknowledged) {
    handover.end();
    return { struck: false, hit: false, again: Promise.resolve() };
  }
  const part = what === 'edge' ? stack.edge : stack.hub;
  await part.kill();
  // Every line that it wrote before its death has been read by now.
  const hit = !handover.acknowledged;
  handover.end();
  const again = part.start();
  // Whoever awaits it sees its failure; meanwhile it must not count as one that nobody saw.
  again.catch(() => undefined);
  return { struck: true, hit, again };
}
