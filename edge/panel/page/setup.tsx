import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Nearest } from '../setupmodel.ts';
import { Icon } from './icons.tsx';
import { FindReaders } from './setupfind.tsx';
import { followed, heard, look, setUp } from './setuplive.ts';
import { dbm, placeOf } from './setupplace.ts';
import { SetUpReaders } from './setupreader.tsx';
import { Tags } from './setuptags.tsx';
import { setUpWords } from './setupwords.ts';

/** Large enough to be read from the ladder at the antenna. */
function NearestAntenna({ nearest }: { nearest: Nearest | null }): JSX.Element {
  const { nearest: w } = setUpWords.value;
  const tone = nearest === null ? '' : nearest.clear ? 'is-good' : 'is-warn';
  return (
    <section
      class={`card nearest ${tone}`}
      aria-labelledby="nearest-title"
      data-nearest={nearest?.clear ? `${nearest.reader}:${nearest.port}` : ''}
    >
      <header>
        <h2 id="nearest-title">{w.title}</h2>
        {followed.value !== undefined && (
          <button type="button" class="button" onClick={() => (followed.value = undefined)}>
            <Icon name="cross" /> {w.any}
          </button>
        )}
      </header>
      <div class="nearest-answer" role="status" aria-live="polite">
        {nearest === null ? (
          <>
            <strong class="quiet">{w.none}</strong>
            <p>{w.hint}</p>
          </>
        ) : (
          <>
            <strong>
              {w.antenna(nearest.port)} <span class="number">{dbm(nearest.rssi)}</span>
            </strong>
            <b>{[placeOf(nearest.reader, nearest.port) ?? w.noDoor, w.reader(nearest.reader)].join(' · ')}</b>
            {!nearest.clear && (
              <p class="warn">
                <Icon name="warning" /> {w.unclear}
              </p>
            )}
          </>
        )}
      </div>
      {nearest !== null && (
        <p class="quiet number">
          {[
            w.tag(nearest.epc),
            nearest.next &&
              w.next(
                placeOf(nearest.next.reader, nearest.next.port) ?? `${w.antenna(nearest.next.port)} ${w.reader(nearest.next.reader)}`,
                dbm(nearest.next.rssi),
              ),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      )}
    </section>
  );
}

/** The technician's screen: what the readers hear, which antenna is which, and their settings. */
export function SetUp(): JSX.Element {
  const w = setUpWords.value;
  useEffect(look, []);
  const state = setUp.value;
  return (
    <main class={`setup ${heard.value ? '' : 'old'}`}>
      <div class="setup-top">
        <h2>{w.title}</h2>
        <a class="button" href="#doors">
          {w.back}
        </a>
        <div role="alert">
          {!heard.value && <p class="note bad">{w.lost}</p>}
          {state?.restartNeeded === true && (
            <p class="note warn">
              <Icon name="warning" /> {w.restart}
            </p>
          )}
        </div>
      </div>
      {state !== null && (
        <>
          <div class="setup-column">
            <NearestAntenna nearest={state.nearest} />
            <SetUpReaders readers={state.readers} />
          </div>
          <div class="setup-column">
            <Tags state={state} />
            <FindReaders state={state} />
          </div>
        </>
      )}
    </main>
  );
}
