import { key, signOut } from './session.ts';

/** A refusal of the API, or `OFFLINE` when it could not be asked. */
export class ApiFault extends Error {
  readonly code: string;
  readonly requestId: string | undefined;

  constructor(code: string, detail: string, requestId?: string) {
    super(detail);
    this.code = code;
    this.requestId = requestId;
  }
}

/** The refusal that a response carries. A key that is not valid any more ends the visit. */
export async function faultOf(response: Response): Promise<ApiFault> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; requestId?: string };
  const fault = new ApiFault(body.code ?? `HTTP_${response.status}`, body.detail ?? response.statusText, body.requestId);
  if (response.status === 401) signOut(fault.code);
  return fault;
}

/** Asks with the key. @throws ApiFault for every answer but a success */
export async function ask(path: string, signal: AbortSignal | null = null, more: Readonly<Record<string, string>> = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { authorization: `Bearer ${key.peek() ?? ''}`, ...more }, signal });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiFault('OFFLINE', String(error));
  }
  if (!response.ok) throw await faultOf(response);
  return response;
}

/** Sends JSON with the key. @throws ApiFault for every answer but a success */
export async function send(path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${key.peek() ?? ''}`, 'content-type': 'application/json' };
  let response: Response;
  try {
    response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch (error) {
    throw new ApiFault('OFFLINE', String(error));
  }
  if (!response.ok) throw await faultOf(response);
}

/** A path with the parameters that have a value. */
export function pathOf(path: string, query: Readonly<Record<string, string | number | null | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** The names of a downloaded document's file by its content type. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/xml': 'xml',
  'text/xml': 'xml',
  'application/json': 'json',
  'application/pdf': 'pdf',
};

/** Saves the original bytes of a document; a plain link can't carry the key. @throws ApiFault */
export async function download(id: string, number: string): Promise<void> {
  const response = await ask(`/v1/documents/${encodeURIComponent(id)}/original`);
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${number.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.${ENDINGS[type] ?? 'bin'}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
