import { afterEach, expect, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { Backoff } from '../../backoff.ts';
import type { ReaderHealth, ReaderSettings } from '../reader.ts';
import { type DriverParts, LlrpReader } from './driver.ts';
import { TIMINGS, type Timings } from './startup.ts';

export const EPC = '3034257BF7194E4000001A85';
export const SETTINGS: ReaderSettings = {
  ...{ id: 'r1', model: 'llrp', link: '', region: 'EU3', powerCdbm: 2_700, session: 1, ports: [1, 2] },
};
/** A reader that is noticed to be gone sooner than a real one. */
export const QUICK: Timings = { ...TIMINGS, greetMs: 500, probeMs: 100, keepaliveMs: 100, silentMs: 500 };

export const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

export class Watch {
  readonly reads: Read[] = [];
  readonly healths: ReaderHealth[] = [];
  /** Changes of inputs: pin and level. */
  readonly inputs: [number, boolean][] = [];
  readonly reader: LlrpReader;

  constructor(link: string, settings: Partial<ReaderSettings> = {}, parts: DriverParts = {}) {
    const events = {
      reads: (_id: string, reads: Read[]) => void this.reads.push(...reads),
      health: (_id: string, health: ReaderHealth) => void this.healths.push(health),
      input: (_id: string, pin: number, high: boolean) => void this.inputs.push([pin, high]),
    };
    this.reader = new LlrpReader({ ...SETTINGS, link, ...settings }, events, {
      absent: new Backoff(100, 1_000, () => 0),
      backoff: new Backoff(100, 3_000, () => 0),
      ...parts,
    });
    toClose.push(() => this.reader.stop());
    this.reader.start();
  }

  states(): string[] {
    return this.healths.map((health) => health.state).filter((state, i, all) => state !== all[i - 1]);
  }

  /** Codes of all faults and warnings so far. */
  codes(): (string | undefined)[] {
    return this.healths.map((health) => health.message?.code);
  }

  /** Waits for `count` reads more than there are. */
  async more(count = 10): Promise<void> {
    const from = this.reads.length;
    await within(() => expect(this.reads.length).toBeGreaterThan(from + count));
  }
}

export const within = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });
