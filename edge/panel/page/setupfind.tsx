import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { SearchResult, SetUpState } from '../setupmodel.ts';
import { Icon } from './icons.tsx';
import { rate } from './language.ts';
import { type Prefill, ReaderForm } from './setupform.tsx';
import { search } from './setuplive.ts';
import { dbm } from './setupplace.ts';
import { setUpWords } from './setupwords.ts';

const TONE = { found: 'good', own: 'good', owned: 'warn', closed: 'bad', silent: 'warn' } as const;

/** Readers that answer at this machine or at an address, and the way to use one. */
export function FindReaders({ state }: { state: SetUpState }): JSX.Element {
  const { search: w } = setUpWords.value;
  const tcp = useSignal('');
  const refusal = useSignal<string | null>(null);
  const using = useSignal<{ readonly prefill: Prefill; readonly id?: string } | null>(null);
  const found = state.search;
  const running = found?.running === true;
  const start = async (address: string | undefined): Promise<void> => {
    const answer = await search(address);
    refusal.value = 'ok' in answer ? null : w.refused(answer.detail);
  };
  return (
    <section class="card find" aria-labelledby="find-title">
      <header>
        <h2 id="find-title">{w.title}</h2>
      </header>
      <p class="quiet">{w.hint}</p>
      <div class="find-start">
        <button type="button" class="button primary" disabled={running} onClick={() => start(undefined)}>
          {w.start}
        </button>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (tcp.value.trim() !== '') void start(tcp.value.trim());
          }}
        >
          <input
            aria-label={w.tcp}
            placeholder={`${w.tcp}, ${w.tcpHint}`}
            value={tcp.value}
            autocomplete="off"
            onInput={(event) => (tcp.value = event.currentTarget.value)}
          />
          <button type="submit" class="button" disabled={running}>
            {w.startTcp}
          </button>
        </form>
      </div>
      <div role="status" aria-live="polite">
        {refusal.value !== null && <p class="note bad">{refusal.value}</p>}
        {running && <p class="note">{w.running(found.done, found.total)}</p>}
        {found !== null && !running && found.total === 0 && <p class="empty">{w.nothing}</p>}
      </div>
      <ul>
        {found?.results.map((result) => (
          <Result
            key={result.link}
            result={result}
            state={state}
            use={(id) => (using.value = { prefill: prefillOf(result), ...(id === '' ? {} : { id }) })}
          />
        ))}
      </ul>
      {using.value !== null && <ReaderForm {...using.value} close={() => (using.value = null)} />}
    </section>
  );
}

const prefillOf = ({ model = '', link }: SearchResult): Prefill => ({ model, link });

function Result({ result, state, use }: { result: SearchResult; state: SetUpState; use: (id: string) => void }): JSX.Element {
  const { search: w, readers, nearest } = setUpWords.value;
  const { link, state: what, name, firmware, baud, text } = result;
  const explained = what === 'found' ? text : what === 'own' ? w.own(name ?? '') : w[what];
  return (
    <li class="reader" data-link={link}>
      <p class="health-state">
        <span class={`dot ${TONE[what]}`} /> <b>{link}</b> {w.state[what]}
      </p>
      {what === 'found' && <p>{[name, firmware && readers.firmware(firmware), baud && `${baud} baud`].filter(Boolean).join(' · ')}</p>}
      {explained !== undefined && <p class={what === 'found' ? 'note warn' : 'quiet'}>{explained}</p>}
      {result.antennas?.map(({ port, connected, readsPerSecond, rssi }) => (
        <p key={port} class="find-antenna number">
          <Icon name={connected === false ? 'warning' : 'antenna'} class={connected === false ? 'bad' : ''} /> {nearest.antenna(port)}{' '}
          <span class={connected === false ? 'bad' : 'quiet'}>
            {connected === false ? readers.bad : connected === null ? readers.unknown : readers.good}
            {connected !== false && ` · ${readers.rate(rate(readsPerSecond))}${rssi === null ? '' : ` · ${dbm(rssi)}`}`}
          </span>
        </p>
      ))}
      {what === 'found' && (
        <p class="find-use">
          <span>{w.use}</span>
          {state.readers.map(({ id }) => (
            <button key={id} type="button" class="button" onClick={() => use(id)}>
              {id}
            </button>
          ))}
          <button type="button" class="button" onClick={() => use('')}>
            {w.asNew}
          </button>
        </p>
      )}
    </li>
  );
}
