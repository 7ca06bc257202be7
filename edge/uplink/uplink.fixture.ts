import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyId } from '../../protocol/batch.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import type { PassageBody } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { Backoff } from '../backoff.ts';
import { Outbox } from '../outbox/outbox.ts';
import { FakeHub } from './hub.fixture.ts';
import { Uplink, type UplinkOptions, type UplinkState } from './uplink.ts';

export const ADDRESS: NodeAddress = { tenant: 'demo', site: 'LYON', node: 'dock-1' };

/** Raw 32 bytes of an Ed25519 public key: the end of its SPKI form. */
export const rawPublicKey = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }).subarray(-32));

export function makeKey(): { id: string; publicKey: Uint8Array; sign: (message: Uint8Array) => Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = rawPublicKey(publicKey);
  return { id: keyId(raw), publicKey: raw, sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}

export const passageBody = (n: number, items = 3): PassageBody => ({
  type: 'passage',
  v: 1,
  passage: `p${n}`,
  door: 'D1',
  part: 1,
  parts: 1,
  direction: 'out',
  opened: 1_700_000_000_000 + n,
  closed: 1_700_000_001_000 + n,
  confidence: 990,
  items: [{ gtin: '03456789012340', serials: [n * 1000, ...Array.from({ length: items - 1 }, () => 1)] }],
  clock: { wall: 1_700_000_001_000 + n, mono: 5_000, boot: '00c0ffee', synced: true },
});

export interface Scene {
  readonly hub: FakeHub;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly key: ReturnType<typeof makeKey>;
  readonly events: { event: string; fields: Readonly<Record<string, string | number>> }[];
  /** Appends records with consecutive numbers and waits until they are on disk. */
  commit(count: number, items?: number): Promise<void>;
  /** Resolves when the uplink's state is as wanted. */
  until(done: (state: UplinkState) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A real outbox in a file, the uplink, and a hub on a port of its own. */
export async function scene(more: Partial<UplinkOptions> = {}, folder?: string): Promise<Scene> {
  const path = folder ?? mkdtempSync(join(tmpdir(), 'docket-uplink-'));
  const clock = () => ({ wall: Date.now(), mono: 1, boot: '00c0ffee', synced: true });
  const outbox = new Outbox({ path: join(path, 'outbox.db'), address: ADDRESS, clock });
  const hub = await FakeHub.open(ADDRESS);
  const key = makeKey();
  const events: Scene['events'] = [];
  let waiting: (() => void)[] = [];
  const status = (): NodeStatus => ({ v: 1, online: true, at: Date.now(), queued: outbox.queued() });
  const uplink: Uplink = new Uplink({
    address: ADDRESS,
    url: hub.url,
    key: () => key,
    outbox,
    status,
    onCommand: () => undefined,
    onState: () => {
      const wake = waiting;
      waiting = [];
      for (const resolve of wake) resolve();
    },
    log: (event, fields) => events.push({ event, fields }),
    backoff: new Backoff(1, 20),
    ...more,
  });
  let appended = 0;
  return {
    hub,
    outbox,
    uplink,
    key,
    events,
    commit: async (count, items) => {
      const wanted = Array.from({ length: count }, () => outbox.append({ body: passageBody(++appended, items) }));
      await Promise.all(wanted);
    },
    until: async (done) => {
      while (!done(uplink.state())) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: async () => {
      await uplink.stop();
      await hub.close();
      await outbox.close();
      if (folder === undefined) rmSync(path, { recursive: true });
    },
  };
}
