import { signal } from '@preact/signals';

/** Kept for the life of the tab: a key on a shared computer must not outlive the visit. */
const KEPT = 'docket.key';

function first(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given === null) return sessionStorage.getItem(KEPT);
  // The fragment never reaches a server; it leaves the address bar and the history before anybody reads them.
  history.replaceState(null, '', location.pathname + location.search);
  sessionStorage.setItem(KEPT, given);
  return given;
}

/** The API key; null while nobody is signed in. */
export const key = signal<string | null>(first());
/** Why the visit ended, as the API's code; null when nobody was thrown out. */
export const ended = signal<string | null>(null);

export function signIn(given: string): void {
  sessionStorage.setItem(KEPT, given);
  ended.value = null;
  key.value = given;
}

export function signOut(code: string | null = null): void {
  sessionStorage.removeItem(KEPT);
  ended.value = code;
  key.value = null;
}
