import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { SetUpState } from '../setupmodel.ts';
import { Icon } from './icons.tsx';
import { count } from './language.ts';
import { clearTags, followed } from './setuplive.ts';
import { dbm, placeOf } from './setupplace.ts';
import { setUpWords } from './setupwords.ts';

/** In groups of four, as a person compares it with a printed label. */
export const grouped = (epc: string): string => epc.replace(/(.{4})(?=.)/g, '$1 ');

export function Tags({ state }: { state: SetUpState }): JSX.Element {
  const { tags: w, nearest } = setUpWords.value;
  const filter = useSignal('');
  const wanted = filter.value.replace(/\s/g, '').toUpperCase();
  const found = state.tags.filter(({ epc }) => epc.includes(wanted));
  return (
    <section class="card tags" aria-labelledby="tags-title">
      <header>
        <h2 id="tags-title">{w.title}</h2>
        <span class="quiet number" data-tags={state.tagsTotal}>
          {state.tagsTotal > found.length ? w.shown(count(found.length), count(state.tagsTotal)) : count(state.tagsTotal)}
        </span>
        <button type="button" class="button" onClick={() => clearTags()}>
          {w.clear}
        </button>
      </header>
      <p class="quiet">{w.hint}</p>
      <input
        type="search"
        placeholder={w.filter}
        aria-label={w.filter}
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      {found.length === 0 && <p class="empty">{state.tags.length === 0 ? w.none : w.nothing}</p>}
      <ul>
        {found.map(({ epc, reader, port, rssi, count: times, last }) => (
          <li key={epc} data-tag={epc}>
            <button
              type="button"
              class="tag-row"
              aria-pressed={followed.value === epc}
              title={nearest.follow}
              onClick={() => (followed.value = followed.value === epc ? undefined : epc)}
            >
              <span class="tag-epc number">{grouped(epc)}</span>
              <span class="number tag-level">{dbm(rssi)}</span>
              <span class="quiet tag-where">
                {followed.value === epc && <Icon name="antenna" />} {nearest.antenna(port)} · {placeOf(reader, port) ?? reader}
              </span>
              <span class="number quiet tag-count">
                × {count(times)} · {w.seconds(count(Math.max(0, Math.round((state.now - last) / 1_000))))}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
