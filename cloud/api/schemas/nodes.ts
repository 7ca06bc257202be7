import * as z from 'zod';
import { fromBase64url } from '../../../protocol/bytes.ts';
import { shape } from './shape.ts';
import { isSmallOrder } from './smallorder.ts';
import { instant, name, written } from './terms.ts';

export const publicKeyText = z
  .string()
  .length(43)
  .refine((text) => fromBase64url(text)?.length === 32, 'is not the base64url of an Ed25519 public key of 32 bytes')
  .refine(
    (text) => !isSmallOrder(fromBase64url(text) ?? new Uint8Array()),
    'is an Ed25519 point of small order, for which anybody can sign: make a key with `npm run edge -- key`',
  )
  .meta({ description: 'Ed25519 public key, 32 bytes as base64url' });

export const signatureText = z
  .string()
  .length(86)
  .refine((text) => fromBase64url(text)?.length === 64, 'is not the base64url of an Ed25519 signature of 64 bytes');

export const nodeBody = shape('NodeBody', z.strictObject({ site: name, node: name, publicKey: publicKeyText }));

export const registered = shape(
  'RegisteredNode',
  z.object({
    site: z.string(),
    node: z.string(),
    keyId: z.string(),
    fingerprint: z.string(),
    publicKey: z.string(),
    entry: written,
  }),
);

const deviceKey = z.object({
  id: z.string(),
  fingerprint: z.string().meta({ description: 'Eight digits to compare with those on the node’s panel', examples: ['5661 4209'] }),
  publicKey: z.string(),
  from: instant,
  to: z.nullable(instant),
});

const quarantine = z.object({ reason: z.string(), text: z.string(), at: instant, entry: z.int() });

const status = z.looseObject({
  v: z.literal(1),
  online: z.boolean(),
  at: instant.optional(),
  epoch: z.int().optional(),
  seq: z.int().optional(),
  queued: z.int().optional(),
  clock: z
    .looseObject({ offset: z.nullable(z.int()), synced: z.boolean() })
    .optional()
    .meta({ description: 'Hub time minus the node’s wall clock, milliseconds' }),
  readers: z.array(z.looseObject({ id: z.string(), state: z.string(), readsPerSecond: z.number() })).optional(),
  version: z.string().optional(),
});

export const node = shape(
  'Node',
  z.object({
    site: z.string(),
    node: z.string(),
    keys: z.array(deviceKey),
    quarantine: z.nullable(quarantine).meta({
      description: 'Why nothing of the node is taken: CLONE (two machines live with its key) or FORK (its records contradict each other)',
    }),
    head: z
      .object({ epoch: z.int(), seq: z.int(), chain: z.string() })
      .meta({ description: 'Up to where the ledger has committed this node’s records' }),
    online: z.boolean(),
    status: z.nullable(status).meta({ description: 'Last status the node sent; null before the first' }),
    statusAt: z.nullable(instant).meta({ description: 'When that came' }),
    completeTo: z.nullable(instant).meta({ description: 'Movements of this node are complete up to here' }),
  }),
);

export const nodeList = shape('NodeList', z.object({ data: z.array(node) }));
