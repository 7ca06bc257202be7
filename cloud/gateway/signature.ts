import type { Verify } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';

/** Imported keys; a node has one, two during a rotation. */
const MAX_KEYS = 8;

/** Verifies Ed25519 with the platform's WebCrypto and keeps imported keys, which costs as much as a verification. */
export function verifier(): Verify {
  const imported = new Map<string, Promise<CryptoKey>>();
  return async (publicKey, signature, message) => {
    const name = toBase64url(publicKey);
    let key = imported.get(name);
    if (key === undefined) {
      if (imported.size >= MAX_KEYS) imported.clear();
      key = crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
      imported.set(name, key);
    }
    return crypto.subtle.verify({ name: 'Ed25519' }, await key, signature, message);
  };
}
