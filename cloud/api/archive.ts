import { originalKey } from '../ledger/archive.ts';
import type { Upload } from './route.ts';

/**
 * Puts the bytes of a document into the archive. The same bytes again change nothing.
 * @returns SHA-256 of the bytes, lower-case hexadecimal
 */
export async function archiveOriginal(archive: R2Bucket, tenant: string, { bytes, type }: Upload): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  // The archive checks the hash: what it keeps is what was signed for.
  await archive.put(originalKey(tenant, hash), bytes, { sha256: digest, httpMetadata: { contentType: type } });
  return hash;
}

const EXTENSIONS: Readonly<Record<string, string>> = { 'application/json': 'json', 'application/pdf': 'pdf' };

/** The bytes of a document as a file to save: never shown as a page of this origin. */
export async function readOriginal(
  archive: R2Bucket,
  tenant: string,
  document: { readonly number: string; readonly original: string; readonly contentType: string },
): Promise<Response> {
  const object = await archive.get(originalKey(tenant, document.original));
  if (object === null) throw new Error(`the archive lacks ${document.original} of ${tenant}`);
  const extension = EXTENSIONS[document.contentType] ?? 'xml';
  const name = encodeURIComponent(`${document.number}.${extension}`).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return new Response(object.body, {
    headers: {
      'content-type': document.contentType,
      'content-length': String(object.size),
      // RFC 6266 with the encoding of RFC 8187: a number may hold any character.
      'content-disposition': `attachment; filename*=UTF-8''${name}`,
    },
  });
}
