import { setTimeout as pause } from 'node:timers/promises';
import { toBase64url } from '../../protocol/bytes.ts';
import type { HubClient } from '../erp/hub.ts';
import type { Cue, Shot } from './aim.ts';
import { type Aftermath, lookAt, type OutboxLook, type State, statesOf } from './look.ts';
import type { ChaosNode } from './node.ts';
import type { Seen } from './proxy.ts';
import type { HubRuntime } from './runtime.ts';

export interface Head {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: string;
}

/** What a kill hit, and what it broke. */
export interface Hit {
  readonly aftermath: Aftermath;
  readonly states: readonly State[];
  readonly violations: readonly string[];
  /** The outbox file as the kill left it; only when the node was killed. */
  readonly look?: OutboxLook;
}

/** A cue that does not come within this, as when the link is down for a backoff, is not waited for: the kill falls anyhow. */
const CUE_MS = 6_000;
/** A backoff after some failures in a row. */
const ONLINE_MS = 5_000;
/** A killed hub's connections end within this; the proxy has then seen all that passed. */
const SETTLE_MS = 30;
/** A batch that had reached the hub when the node died is committed within this. */
const POST_MS = 60;

export async function headOf(client: HubClient, node: ChaosNode): Promise<Head> {
  const { body } = await client.call<{ data: { site: string; node: string; head: Head }[] }>('GET', '/v1/nodes');
  const found = body.data.find((row) => row.site === node.address.site && row.node === node.address.node);
  return found?.head ?? { epoch: 1, seq: 0, chain: '' };
}

/** Resolves when `event` comes, or when it does not come in time. */
async function within(ms: number, event: Promise<void>): Promise<void> {
  const late = new AbortController();
  await Promise.race([event, pause(ms, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}

/** Resolves at the cue, or when it does not come in time. */
async function cue(node: ChaosNode, what: Cue): Promise<void> {
  if (what === 'anything') return;
  const off: (() => void)[] = [];
  const come = new Promise<void>((resolve) => {
    if (what === 'sent' || what === 'forwarded') off.push(node.proxy.on((event) => event === what && resolve()));
    else off.push(node.on(({ event }) => event === (what === 'closed' ? 'passage.closed' : 'record.committed') && resolve()));
  });
  await within(CUE_MS, come);
  for (const end of off) end();
}

/** A node that is offline waits for its next try: until then most kills would find the same records in the same state. */
async function online(node: ChaosNode): Promise<void> {
  if (node.proxy.online) return;
  let off = (): void => undefined;
  const welcomed = new Promise<void>((resolve) => {
    off = node.proxy.on((event) => event === 'welcomed' && resolve());
  });
  await within(ONLINE_MS, welcomed);
  off();
}

/** Kills as planned, looks where it hit, and brings everything up again. */
export async function strike(shot: Shot, node: ChaosNode, hub: HubRuntime, client: HubClient): Promise<Hit> {
  if (shot.cue !== 'anything') await online(node);
  node.proxy.set(shot.weather);
  await cue(node, shot.cue);
  await pause(shot.delayMs);
  const hit = shot.victim === 'edge' ? await killNode(node, client) : await killHub(shot.victim, node, hub, client);
  node.proxy.set(shot.after.weather);
  if (shot.victim === 'edge') await node.start();
  await pause(shot.after.ms);
  node.proxy.set({ kind: 'clear' });
  return hit;
}

async function killNode(node: ChaosNode, client: HubClient): Promise<Hit> {
  await node.kill();
  const seen = node.proxy.seen;
  const look = lookAt(node.outbox);
  await pause(POST_MS);
  const head = await headOf(client, node);
  const open = node.underWay(new Set(look.passages.keys()));
  const aftermath: Aftermath = { victim: 'edge', open, committed: look.seq, ...wire(seen, head) };
  const violations = broken(seen, head);
  if (look.epoch !== head.epoch && head.seq > 0) violations.push(`the node is in epoch ${look.epoch}, the hub in ${head.epoch}`);
  if (head.seq > look.seq) violations.push(`the hub has record ${head.seq}, the node's file ends at ${look.seq}`);
  if (head.seq === look.seq && head.seq > 0 && head.chain !== toBase64url(look.chain))
    violations.push(`the chains differ at record ${head.seq}`);
  return { aftermath, states: statesOf(aftermath), violations, look };
}

async function killHub(victim: 'hub' | 'workerd', node: ChaosNode, hub: HubRuntime, client: HubClient): Promise<Hit> {
  if (victim === 'hub') await hub.killAll();
  else hub.killWorkerd();
  await pause(SETTLE_MS);
  const seen = node.proxy.seen;
  // The node must not send before it is known where the hub stands.
  node.proxy.set({ kind: 'cut' });
  await (victim === 'hub' ? hub.start() : hub.back());
  const head = await headOf(client, node);
  const aftermath: Aftermath = { victim, open: 0, committed: 0, ...wire(seen, head) };
  return { aftermath, states: statesOf(aftermath), violations: broken(seen, head) };
}

const wire = (seen: Seen, head: Head): Pick<Aftermath, 'sent' | 'posted' | 'acknowledged'> => ({
  sent: seen.sent,
  posted: head.seq,
  acknowledged: seen.acknowledged,
});

/** What was acknowledged to the node must stand in the log, whatever died. */
function broken(seen: Seen, head: Head): string[] {
  return seen.acknowledged > head.seq ? [`record ${seen.acknowledged} was acknowledged, the hub's log ends at ${head.seq}`] : [];
}
