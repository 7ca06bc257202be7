import { env } from 'cloudflare:workers';
import type { NodeStatus } from '../../protocol/command.ts';
import { clientId } from '../../protocol/topics.ts';
import type { Ledger } from '../ledger/object.ts';
import { SigningNode } from './node.fixture.ts';
import type { Gateway } from './object.ts';

export const objects = env as unknown as { GATEWAY: DurableObjectNamespace<Gateway>; LEDGER: DurableObjectNamespace<Ledger> };

export interface Place {
  readonly node: SigningNode;
  readonly gateway: DurableObjectStub<Gateway>;
  readonly ledger: DurableObjectStub<Ledger>;
  status(): Promise<NodeStatus | null>;
  head(): Promise<number>;
}

/** A tenant of its own with one registered node. */
export async function place(): Promise<Place> {
  const tenant = `t${crypto.randomUUID().slice(0, 8)}`;
  const node = await SigningNode.make({ tenant, site: 'LYON', node: 'dock-1' });
  const ledger = objects.LEDGER.getByName(tenant);
  await ledger.append(
    [{ type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }, node.registration()],
    Date.now(),
  );
  return {
    node,
    ledger,
    gateway: objects.GATEWAY.getByName(clientId(node.address)),
    status: async () => (await ledger.nodes()).find((row) => row.node === 'dock-1')?.status ?? null,
    head: async () => (await ledger.node('LYON', 'dock-1')).head.seq,
  };
}

/** A status of a node that is online. */
export const online = (more: object = {}): Uint8Array => Buffer.from(JSON.stringify({ v: 1, online: true, ...more }));
