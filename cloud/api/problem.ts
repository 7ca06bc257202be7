import { Fault } from '../../protocol/fault.ts';
import { isProblemCode, PROBLEMS, type ProblemCode } from './problems.ts';

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

type Details = Readonly<Record<string, string | number | boolean>>;

/** An error that the API answers as problem+json (RFC 9457). */
export class Problem extends Fault {
  override readonly code: ProblemCode;
  readonly fields: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { fields?: readonly FieldError[]; details?: Details; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, detail, more.details ?? {});
    this.code = code;
    this.fields = more.fields ?? [];
    this.headers = more.headers ?? {};
  }
}

interface Coded {
  readonly code: string;
  readonly message: string;
  readonly details: Details;
}

/** The code of a Fault, also of one that crossed a Durable Object call: there only name, message and own properties survive. */
function coded(error: unknown): Coded | undefined {
  if (error instanceof Fault) return error;
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const details = 'details' in error && typeof error.details === 'object' && error.details !== null ? (error.details as Details) : {};
  return { code: error.code, message: error.message, details };
}

/** True for an object that is overloaded or was moved under the call (Durable Objects, "Error handling"): the same call may succeed now. */
function isPassing(error: unknown): boolean {
  const { retryable, overloaded } = (error ?? {}) as { retryable?: unknown; overloaded?: unknown };
  return retryable === true || overloaded === true;
}

/** The problem that any thrown value is. What is not a known fault says nothing about the inside: only the log does. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const fault = coded(error);
  if (fault !== undefined && isProblemCode(fault.code)) return new Problem(fault.code, fault.message, { details: fault.details });
  if (isPassing(error)) {
    return new Problem('BUSY', 'the ledger is busy or moving: repeat the request, which does no harm', { headers: { 'retry-after': '1' } });
  }
  return new Problem('INTERNAL', 'the hub failed on this request; nothing is known to be stored. Repeat it, then report the request id');
}

/** The response of a problem. */
export function problemResponse(problem: Problem, requestId: string): Response {
  const { status, title } = PROBLEMS[problem.code];
  const body = {
    type: `urn:docket:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    requestId,
    ...(problem.fields.length > 0 ? { fields: problem.fields } : {}),
    ...(Object.keys(problem.details).length > 0 ? { details: problem.details } : {}),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...problem.headers },
  });
}
