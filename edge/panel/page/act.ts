import { effect, signal } from '@preact/signals';
import type { CountStep, DocumentChoice, PanelDoubt, Verdict } from '../model.ts';
import { words } from './language.ts';
import { panel } from './live.ts';

const KEPT = 'docket.by';
/** What stands in a record when nobody gave a name. */
const NOBODY = 'panel';

/** Who decides, kept on this screen. */
export const by = signal(localStorage.getItem(KEPT) ?? '');
/** Items whose decision is on its way, by key(). */
export const pending = signal<ReadonlySet<string>>(new Set());
/** What a person is told about their last action, also read aloud. */
export const notice = signal<{ readonly text: string; readonly failed: boolean } | null>(null);

export const key = (doubt: Pick<PanelDoubt, 'passage' | 'epc'>): string => `${doubt.passage} ${doubt.epc}`;

export function setBy(name: string): void {
  by.value = name;
  localStorage.setItem(KEPT, name);
}

// A settled item stays marked until it has left the list, so that nobody decides on it twice.
effect(() => {
  const listed = new Set(panel.value?.doubts.map(key));
  const held = pending.peek();
  if ([...held].some((one) => !listed.has(one))) pending.value = new Set([...held].filter((one) => listed.has(one)));
});

const TOLD = ['DOUBT_UNKNOWN', 'DOCUMENT_UNKNOWN', 'DOOR_UNKNOWN', 'ZONE_UNKNOWN', 'COUNT_OPEN', 'COUNT_GONE', 'COUNT_READING'] as const;
const isTold = (code: string): code is (typeof TOLD)[number] => (TOLD as readonly string[]).includes(code);

/** Sends a command; the text to show when it was refused, undefined when it was done. */
async function post(path: string, body: unknown): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  } catch {
    return words.value.failed.lost;
  }
  if (response.ok) return undefined;
  const { failed } = words.value;
  const { code, detail } = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  if (code !== undefined && isTold(code)) return failed[code];
  return failed.other(detail ?? String(response.status));
}

/** Decides on items of one passage. They leave the list when the node says so, not before. */
export async function decide(doubts: readonly PanelDoubt[], verdict: Verdict): Promise<void> {
  const first = doubts[0];
  if (first === undefined) return;
  const keys = doubts.map(key);
  pending.value = new Set([...pending.value, ...keys]);
  const epcs = doubts.map(({ epc }) => epc);
  const refusal = await post('/api/decisions', { passage: first.passage, epcs, verdict, by: by.value.trim() || NOBODY });
  if (refusal !== undefined) pending.value = new Set([...pending.value].filter((held) => !keys.includes(held)));
  notice.value = refusal === undefined ? { text: words.value.doubts.saved(doubts.length), failed: false } : { text: refusal, failed: true };
}

/** Chooses the document of a door; true when it was done. */
export async function chooseDocument(door: string, ref: DocumentChoice | null): Promise<boolean> {
  const refusal = await post(`/api/doors/${encodeURIComponent(door)}/document`, { ref });
  notice.value = refusal === undefined ? null : { text: refusal, failed: true };
  return refusal === undefined;
}

/** Goes on with the count. */
export async function stepCount(step: CountStep): Promise<void> {
  const refusal = await post('/api/count', step);
  if (refusal !== undefined) notice.value = { text: refusal, failed: true };
  else notice.value = step.do === 'approve' ? { text: words.value.count.approved, failed: false } : null;
}
