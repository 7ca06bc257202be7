/**
 * The error of this project: a code that callers may rely on, and a text that says what happened, with which value,
 * and what to do. The wording may change, the code may not.
 */
export class Fault extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: string, message: string, details: Record<string, string | number | boolean> = {}) {
    super(message);
    this.name = 'Fault';
    this.code = code;
    this.details = details;
  }
}

/** The code of any thrown value: its own where it is a Fault, else INTERNAL. */
export function faultCode(error: unknown): string {
  return error instanceof Fault ? error.code : 'INTERNAL';
}
