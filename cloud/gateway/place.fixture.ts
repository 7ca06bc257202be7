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
  const node = await SigningNode.make({ tenant: `t${crypto.randomUUID().slice(0, 8)}`, site: 'LYON', node: 'dock-1' });
  const site = { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } } as const;
  await objects.LEDGER.getByName(node.address.tenant).append([site, node.registration()], Date.now());
  return placeOf(node);
}

/** One more registered node of the same tenant: a new ledger costs far more. */
export async function neighbour({ node, ledger }: Place): Promise<Place> {
  const other = await SigningNode.make({ ...node.address, node: `n${crypto.randomUUID().slice(0, 8)}` });
  await ledger.append([other.registration()], Date.now());
  return placeOf(other);
}

function placeOf(node: SigningNode): Place {
  const { tenant, site, node: name } = node.address;
  return {
    node,
    // New stubs each time: one that saw its object die is dead too.
    get ledger() {
      return objects.LEDGER.getByName(tenant);
    },
    get gateway() {
      return objects.GATEWAY.getByName(clientId(node.address));
    },
    status: async () => (await objects.LEDGER.getByName(tenant).nodes()).find((row) => row.node === name)?.status ?? null,
    head: async () => (await objects.LEDGER.getByName(tenant).node(site, name)).head.seq,
  };
}

/** A status of a node that is online. */
export const online = (more: object = {}): Uint8Array => Buffer.from(JSON.stringify({ v: 1, online: true, ...more }));
