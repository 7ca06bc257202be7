import { faultCode } from '../protocol/fault.ts';

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Log = (event: string, fields?: Fields) => void;

/** Writes one JSON object a line: `{"at":ms,"event":name,...}`. `write` takes the line with its newline. */
export function jsonLog(write: (line: string) => void, now: () => number = Date.now): Log {
  return (event, fields = {}) => write(`${JSON.stringify({ at: now(), event, ...fields })}\n`);
}

/** A fault as log fields. */
export function faultFields(error: unknown): { code: string; text: string } {
  return { code: faultCode(error), text: error instanceof Error ? error.message : String(error) };
}
