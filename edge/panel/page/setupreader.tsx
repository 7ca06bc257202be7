import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { SetUpReader } from '../setupmodel.ts';
import { Icon } from './icons.tsx';
import { rate } from './language.ts';
import { ReaderForm } from './setupform.tsx';
import { dbm, placeOf } from './setupplace.ts';
import { setUpWords } from './setupwords.ts';

const TONE = { reading: 'good', connecting: 'warn', starting: 'warn', failed: 'bad', stopped: 'bad' } as const;
const RECORD_SECONDS = 30;
/** What is worth a bar: from the faintest tag that a reader hears to one that touches the antenna. */
const FAINT_DBM = -80;
const LOUD_DBM = -30;

const share = (rssi: number): number => Math.round(Math.min(1, Math.max(0, (rssi - FAINT_DBM) / (LOUD_DBM - FAINT_DBM))) * 100);

function Antennas({ reader }: { reader: SetUpReader }): JSX.Element {
  const { readers: w } = setUpWords.value;
  if (reader.antennas.length === 0) return <p class="empty">{w.noAntenna}</p>;
  return (
    <ul class="hearing">
      {reader.antennas.map(({ port, connected: last }) => {
        // Of one that does not read nobody knows that its antennas are still there.
        const connected = last === true && reader.state !== 'reading' ? null : last;
        const heard = reader.hears.find((one) => one.port === port);
        const silent = heard === undefined || heard.rssi === null;
        return (
          <li key={port} data-antenna={`${reader.id}:${port}`}>
            <b class="number hearing-port">{port}</b>
            <span class="hearing-place">
              {placeOf(reader.id, port) ?? w.unused}
              <small class={connected === false ? 'bad' : 'quiet'}>
                <Icon name={connected === false ? 'warning' : connected === null ? 'antenna' : 'check'} />{' '}
                {connected === false ? w.bad : connected === null ? w.unknown : w.good}
              </small>
            </span>
            <meter min={0} max={100} value={silent ? 0 : share(heard.rssi ?? 0)} aria-hidden="true" />
            <span class={`number hearing-level ${silent ? 'quiet' : ''}`}>{silent ? w.silence : dbm(heard.rssi ?? 0)}</span>
            <span class={`number hearing-rate ${silent ? 'quiet' : ''}`}>{w.rate(rate(heard?.readsPerSecond ?? 0))}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What these say of an antenna is said by its port below. */
const OF_ANTENNAS: readonly string[] = ['READER_ANTENNA', 'READER_STATUS'];

function ReaderCard({ reader }: { reader: SetUpReader }): JSX.Element {
  const { readers: w, faults } = setUpWords.value;
  const changing = useSignal(false);
  const bad = reader.antennas.filter(({ connected }) => connected === false);
  const facts = [
    reader.model,
    reader.firmware && w.firmware(reader.firmware),
    reader.temperatureC !== undefined && w.temperature(reader.temperatureC),
    reader.link,
  ];
  return (
    <li class="reader" data-setup-reader={reader.id}>
      <div class="reader-head">
        <p class="health-state">
          <span class={`dot ${TONE[reader.state]}`} /> <b>{reader.id}</b> {w.state[reader.state]}
          {reader.state === 'reading' && <span class="quiet number">{w.rate(rate(reader.readsPerSecond))}</span>}
        </p>
        <button type="button" class="button" aria-haspopup="dialog" onClick={() => (changing.value = true)}>
          {w.change}
        </button>
      </div>
      <p class="quiet facts">{facts.filter(Boolean).join(' · ')}</p>
      {reader.message !== undefined && !(bad.length > 0 && OF_ANTENNAS.includes(reader.message.code)) && (
        <p class={`note ${reader.state === 'reading' ? 'warn' : 'bad'}`} data-fault={reader.message.code}>
          {faults[reader.message.code]} <small>{reader.message.text}</small>
        </p>
      )}
      {bad.map(({ port }) => (
        <p key={port} class="note bad">
          <Icon name="warning" /> {w.fault(port)}
        </p>
      ))}
      <Antennas reader={reader} />
      {reader.state === 'reading' && (
        <a
          class="button"
          href={`/api/setup/readers/${encodeURIComponent(reader.id)}/recording?seconds=${RECORD_SECONDS}`}
          title={w.recordHint}
          download
        >
          {w.record}
        </a>
      )}
      {changing.value && <ReaderForm id={reader.id} close={() => (changing.value = false)} />}
    </li>
  );
}

export function SetUpReaders({ readers }: { readers: readonly SetUpReader[] }): JSX.Element {
  const { readers: w } = setUpWords.value;
  const adding = useSignal(false);
  return (
    <section class="card setup-readers" aria-labelledby="setup-readers-title">
      <header>
        <h2 id="setup-readers-title">{w.title}</h2>
      </header>
      <ul>
        {readers.map((reader) => (
          <ReaderCard key={reader.id} reader={reader} />
        ))}
      </ul>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => (adding.value = true)}>
        {w.add}
      </button>
      {adding.value && <ReaderForm close={() => (adding.value = false)} />}
    </section>
  );
}
