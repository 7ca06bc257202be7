import { Fault } from '../../protocol/fault.ts';

/** The statuses the panel answers a refusal with; any other Fault of the node is a conflict with what it knows now. */
const STATUS: Readonly<Record<string, { status: number; title: string }>> = {
  HOST_REFUSED: { status: 421, title: 'Not this panel' },
  ORIGIN_REFUSED: { status: 403, title: 'Not from this page' },
  NOT_JSON: { status: 415, title: 'JSON only' },
  BODY_TOO_LARGE: { status: 413, title: 'Too large' },
  BODY_INVALID: { status: 400, title: 'Invalid body' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  TOO_MANY_SCREENS: { status: 503, title: 'Too many screens' },
  DOOR_UNKNOWN: { status: 404, title: 'Unknown door' },
  DOCUMENT_UNKNOWN: { status: 404, title: 'Unknown document' },
  ZONE_UNKNOWN: { status: 404, title: 'Unknown zone' },
  READER_UNKNOWN: { status: 404, title: 'Unknown reader' },
  LINK_ADDRESS: { status: 400, title: 'Not an address' },
  RECORDING_BYTES: { status: 400, title: 'No bytes to record' },
  TOO_MANY_RECORDINGS: { status: 503, title: 'Too many recordings' },
};

/** One thing that is wrong with a body: where, as a JSON path, and what. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A refusal that names the fields at fault. */
export class BodyFault extends Fault {
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    super('BODY_INVALID', `the body is refused: ${fields.map(({ field, message }) => `${field}: ${message}`).join('; ')}`);
    this.fields = fields;
  }
}

/** Any thrown value as an answer in problem+json (RFC 9457); what is no Fault says nothing of its inside. */
export function problem(error: unknown): Response {
  const fault = error instanceof Fault ? error : new Fault('INTERNAL', 'the panel failed on this request: see the log of the node');
  const { status, title } = STATUS[fault.code] ?? (error instanceof Fault ? CONFLICT : INTERNAL);
  const fields = fault instanceof BodyFault ? fault.fields : undefined;
  const body = { type: 'about:blank', title, status, code: fault.code, detail: fault.message, fields };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
}

const CONFLICT = { status: 409, title: 'Conflict' };
const INTERNAL = { status: 500, title: 'Failed' };
