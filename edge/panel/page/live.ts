import { signal } from '@preact/signals';
import type { PanelState } from '../model.ts';

/** The node's state as last heard; null until the first time. */
export const panel = signal<PanelState | null>(null);
/** Whether the node is heard now. `heard` is when it last was, by the node's clock; null: never. */
export const connection = signal<{ readonly state: 'connecting' | 'live' | 'lost'; readonly heard: number | null }>({
  state: 'connecting',
  heard: null,
});
/** The node's time, once a second. */
export const now = signal(Date.now());

/** The node sends a beat every 5 s (edge/panel/live.ts): two missed and one late mean that it is gone. */
const SILENCE_MS = 12_000;
/** A node that restarts is back in a few seconds; asking more often than this helps nobody. */
const RETRY_MS = 1_500;

/** The node's clock minus this screen's: tablets are often wrong, and the records have the node's time. */
let offset = 0;
let source: EventSource | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

function heard(): void {
  clearTimeout(silence);
  silence = setTimeout(lose, SILENCE_MS);
  connection.value = { state: 'live', heard: Date.now() + offset };
}

function lose(): void {
  source?.close();
  clearTimeout(silence);
  clearTimeout(retry);
  connection.value = { state: 'lost', heard: connection.value.heard };
  retry = setTimeout(listen, RETRY_MS);
}

function listen(): void {
  source?.close();
  source = new EventSource('/api/events');
  source.addEventListener('beat', (event) => {
    offset = (JSON.parse(event.data) as { at: number }).at - Date.now();
    now.value = Date.now() + offset;
    heard();
  });
  source.addEventListener('state', (event) => {
    panel.value = JSON.parse(event.data) as PanelState;
    heard();
  });
  source.addEventListener('change', (event) => {
    if (panel.value !== null) panel.value = { ...panel.value, ...(JSON.parse(event.data) as Partial<PanelState>) };
    heard();
  });
  // The browser's own reconnection gives up on a refusal and waits as long as it likes: ours does neither.
  source.addEventListener('error', lose);
}

/** Listens to the node for as long as the page is open. */
export function start(): void {
  listen();
  setInterval(() => {
    now.value = Date.now() + offset;
  }, 1_000);
  // A tablet that wakes up has a dead socket it does not know of.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && connection.value.state !== 'live') listen();
  });
}
