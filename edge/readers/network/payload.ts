import { type EventsOf, MAX_EVENTS, type NetworkEvent } from './event.ts';
import { JsonSplitter } from './splitter.ts';

/** Longest message: forty times what a handheld may send, and a webhook array of a thousand events. */
export const MAX_PAYLOAD_BYTES = 262_144;

export interface Payload {
  readonly events: readonly NetworkEvent[];
  /** Stretches that were no JSON. */
  readonly garbage: number;
}

/** The events of one message: one JSON value, several in a row, or text that says nothing. Pure; never throws. */
export function eventsOf(payload: Uint8Array, read: EventsOf): Payload {
  if (payload.length === 0) return { events: [], garbage: 0 };
  if (payload.length > MAX_PAYLOAD_BYTES) return { events: [], garbage: 1 };
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  const whole = parsed(text);
  if (whole !== undefined) return typeof whole.value === 'object' ? { events: read(whole.value), garbage: 0 } : { events: [], garbage: 1 };
  const splitter = new JsonSplitter(MAX_PAYLOAD_BYTES);
  const events: NetworkEvent[] = [];
  let garbage = 0;
  // Each piece costs a parse: what lies beyond as many as there may be events is left unread.
  for (const piece of splitter.push(text).slice(0, MAX_EVENTS)) {
    const one = parsed(piece);
    if (one === undefined) garbage++;
    else if (events.length < MAX_EVENTS) events.push(...read(one.value));
  }
  splitter.end();
  return { events: events.slice(0, MAX_EVENTS), garbage: garbage + splitter.garbage };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
