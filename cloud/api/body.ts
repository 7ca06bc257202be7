import { fromUtf8 } from '../../protocol/bytes.ts';
import { Problem } from './problem.ts';
import type { Content } from './route.ts';
import { fieldErrors } from './validity.ts';

/** JSON bodies: an item with all its packs is under 4 KB; 256 KB leave room and cost little to parse. */
export const MAX_JSON_BYTES = 256 * 1024;
/** A body that is too large is still taken up to here before it is answered: the platform itself lets no larger one through. */
const MAX_DRAINED_BYTES = 100_000_000;

function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function checkMedia(request: Request, allowed: readonly string[]): string {
  const type = mediaType(request);
  if (!allowed.includes(type)) {
    throw new Problem(
      'MEDIA_TYPE',
      `content type ${type === '' ? '(none)' : type.slice(0, 80)} is not read here: send ${allowed.join(' or ')}`,
    );
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers.get('content-type') ?? '')?.[1];
  if (type === 'application/json' && charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new Problem('MEDIA_TYPE', `JSON in ${charset.slice(0, 40)} is not read here: send UTF-8 (RFC 8259 section 8.1)`);
  }
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new Problem('MEDIA_TYPE', `content encoding ${encoding.slice(0, 40)} is not read here: send the body as it is`);
  }
  return type;
}

/** Reads a body of at most `limit` bytes and holds no more, whatever Content-Length says. @throws Problem BODY_TOO_LARGE */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): Problem =>
    new Problem('BODY_TOO_LARGE', `the body is larger than ${limit} bytes: send less`, { details: { limit } });
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > limit) {
    // A connection that is closed under its sender shows it a broken pipe instead of this answer.
    if (declared <= MAX_DRAINED_BYTES) await request.body?.pipeTo(new WritableStream());
    else await request.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null) {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** JSON text of bytes. @throws Problem JSON_INVALID */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch (error) {
    throw new Problem('JSON_INVALID', `the body is not JSON in UTF-8: ${(error as Error).message.slice(0, 160)}`);
  }
}

/** The body a route takes, judged by its schema or, for other media, by the route's own reader. */
export async function readBody(request: Request, content: Content<unknown>): Promise<unknown> {
  if ('media' in content) {
    const type = checkMedia(
      request,
      content.media.map((media) => media.type),
    );
    return content.read({ type, bytes: await readBytes(request, content.limit) });
  }
  checkMedia(request, ['application/json']);
  const value = parseJson(await readBytes(request, MAX_JSON_BYTES));
  const result = content.schema.safeParse(value);
  if (result.success) return result.data;
  const fields = fieldErrors(result.error);
  throw new Problem('BODY_INVALID', `${fields[0]?.field || 'body'}: ${fields[0]?.message ?? 'does not fit'}`, { fields });
}
