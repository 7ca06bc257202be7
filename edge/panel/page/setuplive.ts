import { signal } from '@preact/signals';
import type { FieldError } from '../problem.ts';
import type { ReaderChange, Saved, SetUpForm, SetUpState } from '../setupmodel.ts';
import { words } from './language.ts';
import { connection } from './live.ts';

/** Follows a hand that moves a tag from antenna to antenna. */
const POLL_MS = 400;

export const setUp = signal<SetUpState | null>(null);
/** Whether the last question was answered. */
export const heard = signal(true);
/** The tag whose antenna is looked for; undefined: the loudest. */
export const followed = signal<string | undefined>(undefined);

let asking = false;

async function ask(): Promise<void> {
  if (asking) return;
  asking = true;
  const query = followed.value === undefined ? '' : `?epc=${encodeURIComponent(followed.value)}`;
  try {
    const response = await fetch(`/api/setup/state${query}`);
    heard.value = response.ok;
    if (response.ok) setUp.value = (await response.json()) as SetUpState;
  } catch {
    heard.value = false;
  } finally {
    asking = false;
  }
}

/** Looks as long as the screen is open; returns the end of it. */
export function look(): () => void {
  void ask();
  const timer = setInterval(() => {
    // While the node is gone there is nobody to ask: the events tell when it is back.
    if (document.visibilityState === 'visible' && connection.value.state === 'live') void ask();
  }, POLL_MS);
  return () => clearInterval(timer);
}

/** An answer of the node, or why there is none. */
export type Answer<T> = { readonly ok: T } | { readonly code: string; readonly detail: string; readonly fields: readonly FieldError[] };

async function call<T>(path: string, body?: unknown): Promise<Answer<T>> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(path, body === undefined ? {} : sent);
    if (response.ok) return { ok: (await response.json()) as T };
    const { code = '', detail = String(response.status), fields = [] } = (await response.json()) as Partial<Refusal>;
    return { code, detail, fields };
  } catch {
    return { code: 'LOST', detail: words.value.failed.lost, fields: [] };
  }
}

interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly fields: readonly FieldError[];
}

export const loadForm = (): Promise<Answer<SetUpForm>> => call('/api/setup/form');

export function save({ id, ...body }: ReaderChange): Promise<Answer<Saved>> {
  return call(`/api/setup/readers/${encodeURIComponent(id)}`, body);
}

export async function search(tcp: string | undefined): Promise<Answer<unknown>> {
  const answer = await call('/api/setup/search', tcp === undefined ? {} : { tcp });
  void ask();
  return answer;
}

export async function clearTags(): Promise<void> {
  followed.value = undefined;
  await call('/api/setup/clear', {});
  void ask();
}
