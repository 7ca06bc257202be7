import type { JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';
import { words } from './language.ts';
import type { Status } from './words.ts';

type Tone = 'good' | 'warn' | 'bad' | 'calm';

/** What a status asks of a person: nothing, patience, a look, or action. Each tone has a shape of its own. */
const TONES: Record<Status, readonly [Tone, IconName]> = {
  MATCHED: ['good', 'check'],
  MATCHED_TOLERANCE: ['good', 'check'],
  SHORT_RECEIVED: ['bad', 'warning'],
  SHORT_SHIPPED: ['bad', 'warning'],
  PRICE_VARIANCE: ['bad', 'warning'],
  OVER_RECEIVED: ['warn', 'plus'],
  OVER_SHIPPED: ['warn', 'plus'],
  NOT_RECEIVED: ['warn', 'clock'],
  NOT_SHIPPED: ['warn', 'clock'],
  DOUBTFUL_READS: ['warn', 'warning'],
  RETURN_OPEN: ['warn', 'clock'],
  ITEM_UNKNOWN: ['warn', 'warning'],
  UOM_UNKNOWN: ['warn', 'warning'],
  QTY_FRACTIONAL: ['warn', 'warning'],
  CHARGE: ['calm', 'dash'],
  SERVICE: ['calm', 'dash'],
  SUPERSEDED: ['calm', 'dash'],
  NO_LINES: ['calm', 'dash'],
  RECORDED: ['calm', 'dash'],
};

/** A status in its colour, its shape and its words; one of a newer hub is shown as it is. */
export function StatusTag({ status }: { status: string }): JSX.Element {
  const [tone, icon] = (TONES as Record<string, readonly [Tone, IconName]>)[status] ?? ['calm', 'dash'];
  const known: Record<string, string> = words.value.statuses;
  return (
    <span class={`tag ${tone}`} data-status={status}>
      <Icon name={icon} /> {known[status] ?? status}
    </span>
  );
}

export const STATUSES = Object.keys(TONES) as readonly Status[];
