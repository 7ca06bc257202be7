import type { JSX } from 'preact';
import type { PanelLink, PanelReader, PanelState } from '../model.ts';
import { Icon } from './icons.tsx';
import { count, rate, time, words } from './language.ts';
import { now, panel } from './live.ts';

export const LINK_TONE = { online: 'good', connecting: 'warn', offline: 'warn', refused: 'bad' } as const;
const READER_TONE = { reading: 'good', connecting: 'warn', starting: 'warn', failed: 'bad', stopped: 'bad' } as const;

/** Beyond this a person who compares the panel with a watch notices. */
const CLOCK_WRONG_MS = 30_000;

type Antenna = PanelReader['antennas'][number];

const isBad = ({ connected, fault }: Antenna): boolean => connected === false || fault !== undefined;

/** "Antenna 2 (Door 1, warehouse side)": what a person looks for with a ladder. */
function antennaName(state: PanelState, reader: PanelReader, antenna: Antenna): string {
  const { readers: w } = words.value;
  for (const door of state.doors) {
    const at = door.antennas.find((one) => one.reader === reader.id && one.port === antenna.port);
    if (at !== undefined) return `${w.antenna(antenna.port)} (${door.name}, ${w.side[at.side]})`;
  }
  return w.antenna(antenna.port);
}

function LinkHealth({ link, queued, fingerprint }: { link: PanelLink; queued: number; fingerprint: string }): JSX.Element {
  const { link: w, queue } = words.value;
  const last = link.lastAcknowledged;
  const offset = link.hubOffsetMs;
  const clockWrong = offset !== null && Math.abs(offset) > CLOCK_WRONG_MS;
  const known = link.refusal === null ? undefined : w.refusals[link.refusal.code]?.(fingerprint);
  const text = link.refusal !== null ? (known ?? w.refusedText(link.refusal.text)) : link.state === 'offline' ? w.offlineText : undefined;
  return (
    <div class="health-block">
      <h3>{w.title}</h3>
      <p class="health-state">
        <span class={`dot ${LINK_TONE[link.state]}`} /> <b>{w[link.state]}</b>{' '}
        <span class="quiet">{w.since(time(link.since, now.value))}</span>
      </p>
      {text !== undefined && <p class={`note ${LINK_TONE[link.state]}`}>{text}</p>}
      <dl class="facts-list">
        <dt>{w.last}</dt>
        <dd>{last === null ? w.never : w.record(count(last.seq), time(last.at, now.value))}</dd>
        <dt>{queue.title}</dt>
        <dd data-queued={queued}>{queued === 0 ? queue.empty : queue.count(queued)}</dd>
        <dt>{w.fingerprint}</dt>
        <dd class="number">{fingerprint}</dd>
        {offset !== null && (
          <>
            <dt>{w.clock}</dt>
            <dd class={clockWrong ? 'warn' : ''}>
              {clockWrong ? w.clockWrong(count(Math.round(Math.abs(offset) / 1000)), offset > 0) : w.clockRight}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

function ReaderHealth({ state, reader }: { state: PanelState; reader: PanelReader }): JSX.Element {
  const { readers: w } = words.value;
  const bad = reader.antennas.filter(isBad);
  const tone = bad.length > 0 && reader.state === 'reading' ? 'warn' : READER_TONE[reader.state];
  return (
    <li class="reader" data-reader={reader.id}>
      <p class="health-state">
        <span class={`dot ${tone}`} /> <b>{reader.id}</b> {w.state[reader.state]}
        {reader.state === 'reading' && <span class="quiet number">{w.rate(rate(reader.readsPerSecond))}</span>}
      </p>
      <p class="quiet facts">
        {reader.model} · {reader.link}
      </p>
      {reader.message !== undefined && reader.state !== 'reading' && <p class={`note ${tone}`}>{reader.message.text}</p>}
      {bad.length > 0 && (
        <p class="note bad">
          <Icon name="warning" /> {w.bad(bad.map((one) => `${antennaName(state, reader, one)} — ${one.fault ?? w.unplugged}`).join(', '))}
        </p>
      )}
      <ul class="antennas">
        {reader.antennas.map((antenna) => (
          <li key={antenna.port} class={isBad(antenna) ? 'bad' : ''} title={antennaName(state, reader, antenna)}>
            <Icon name={isBad(antenna) ? 'warning' : 'antenna'} /> {antenna.port}{' '}
            <span class="quiet">{isBad(antenna) ? w.unplugged : antenna.connected === null ? w.silent : w.good}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}

export function Health(): JSX.Element | null {
  const w = words.value;
  const state = panel.value;
  if (state === null) return null;
  return (
    <section class="card health" id="health" aria-labelledby="health-title">
      <header>
        <h2 id="health-title">{w.health}</h2>
      </header>
      <LinkHealth link={state.link} queued={state.queued} fingerprint={state.fingerprint} />
      <div class="health-block">
        <h3>{w.readers.title}</h3>
        {state.readers.length === 0 && <p class="empty">{w.readers.none}</p>}
        <ul>
          {state.readers.map((reader) => (
            <ReaderHealth key={reader.id} state={state} reader={reader} />
          ))}
        </ul>
      </div>
    </section>
  );
}
