import * as z from 'zod';
import { enrolAddress } from '../../../protocol/enrol.ts';
import { publicKeyText, signatureText } from './nodes.ts';
import { shape } from './shape.ts';
import { index, instant, name, written } from './terms.ts';

/** A token lives a working day so that the paper it stands on is worthless tomorrow; a quarter of an hour for who stands beside the machine. */
const DEFAULT_HOURS = 24;
const MIN_HOURS = 0.25;
/** A machine that is sent by post arrives within a week. */
const MAX_HOURS = 7 * 24;

export const enrolmentBody = shape(
  'EnrolmentBody',
  z.strictObject({
    site: name,
    node: name,
    hours: z
      .number()
      .min(MIN_HOURS)
      .max(MAX_HOURS)
      .default(DEFAULT_HOURS)
      .meta({ description: `How long the token may be used, ${MIN_HOURS} to ${MAX_HOURS} hours` }),
  }),
);

export const enrolment = shape(
  'Enrolment',
  z.object({
    site: z.string(),
    node: z.string(),
    token: z.string().meta({ description: 'Shown this once; it lets one machine in' }),
    expiresAt: instant,
  }),
);

function isToken(text: string): boolean {
  try {
    enrolAddress(text);
    return true;
  } catch {
    return false;
  }
}

export const enrolBody = shape(
  'EnrolBody',
  z.strictObject({
    token: z.string().max(140).refine(isToken, 'is no enrolment token: check that it was copied whole'),
    publicKey: publicKeyText,
    proof: signatureText.meta({ description: 'Signature of the new key, see protocol/enrol.ts' }),
  }),
);

export const rotateBody = shape(
  'RotateBody',
  z.strictObject({
    tenant: name,
    site: name,
    node: name,
    publicKey: publicKeyText,
    proof: signatureText.meta({ description: 'Signature of the new key, see protocol/enrol.ts' }),
    by: z.string().regex(/^[0-9A-F]{16}$/, 'is no key id of 16 capital hexadecimal digits'),
    signature: signatureText.meta({ description: 'Signature of the old key over the same' }),
  }),
);

export const enrolled = shape(
  'EnrolledNode',
  z.object({ site: z.string(), node: z.string(), keyId: z.string(), fingerprint: z.string(), entry: written }),
);

export const rotated = shape('RotatedKey', z.object({ ...enrolled.shape, oldKeyUntil: z.nullable(instant) }));

export const nodeParams = z.object({ site: name, node: name });

export const nodeKeyParams = z.object({
  ...nodeParams.shape,
  id: z.string().regex(/^[0-9A-Fa-f]{16}$/, 'is no key id of 16 hexadecimal digits'),
});

export const revoked = shape(
  'RevokedNodeKey',
  z.object({
    keyId: z.string(),
    entry: written,
    left: index.meta({ description: 'Keys of the node that are still valid; 0: it must be enrolled anew' }),
  }),
);

export const released = shape('ReleasedNode', z.object({ site: z.string(), node: z.string(), entry: written }));
