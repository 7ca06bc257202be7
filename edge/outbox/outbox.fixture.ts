import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBatch, sealBatch } from '../../protocol/batch.ts';
import type { NodeClock, PassageBody } from '../../protocol/record.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

export const ADDRESS = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
export const CLOCK: NodeClock = { wall: 1_700_000_000_000, mono: 5_000, boot: '0a1b2c3d', synced: true };

/** Outboxes and their folders of one test; `clean` closes and removes them. */
export class Bench {
  readonly #folders: string[] = [];
  readonly #open = new Set<Outbox>();

  path(): string {
    const folder = mkdtempSync(join(tmpdir(), 'docket-outbox-'));
    this.#folders.push(folder);
    return join(folder, 'outbox.db');
  }

  open(path = this.path(), more: Partial<OutboxOptions> = {}): Outbox {
    // No reserve and no alarm by the disk of whoever runs the tests: those that are about them ask for them.
    const limits = { reserveBytes: 0, alarmFreeBytes: 0, ...more.limits };
    const outbox = new Outbox({ path, address: ADDRESS, clock: () => CLOCK, ...more, limits });
    this.#open.add(outbox);
    return outbox;
  }

  async close(outbox: Outbox): Promise<void> {
    this.#open.delete(outbox);
    await outbox.close();
  }

  async clean(): Promise<void> {
    for (const outbox of this.#open) await this.close(outbox);
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

export function passageBody(passage: string, more: Partial<PassageBody> = {}): PassageBody {
  return {
    type: 'passage',
    v: 1,
    passage,
    door: 'D1',
    part: 1,
    parts: 1,
    direction: 'in',
    opened: 1_700_000_000_000,
    closed: 1_700_000_004_000,
    confidence: 990,
    items: [{ gtin: '03453120000011', serials: [5, 2] }],
    strays: 3,
    clock: CLOCK,
    ...more,
  };
}

/** Reads all records after `seq` as the hub would: in one signed batch, whose chain is checked. Returns the bodies. */
export async function verify(outbox: Outbox, seq = 0): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (let slice = outbox.after(seq, 256, 500_000); slice !== undefined; slice = outbox.after(seq, 256, 500_000)) {
    const { epoch, first, before, records } = slice;
    const header = { ...ADDRESS, epoch, first, before, key: '0011223344556677', sentAt: CLOCK.wall };
    const batch = openBatch(await sealBatch(header, records, () => new Uint8Array(64)));
    if (Buffer.compare(batch.header.after, records.at(-1)?.chain ?? new Uint8Array()) !== 0)
      throw new RangeError(`chain differs after ${seq}`);
    bodies.push(...batch.records.map((record) => JSON.parse(Buffer.from(record.body).toString())));
    seq += records.length;
  }
  return bodies;
}
