import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { notice } from './act.ts';
import { LINK_TONE } from './health.tsx';
import { Icon } from './icons.tsx';
import { count, language, speak, time, words } from './language.ts';
import { connection, now, panel } from './live.ts';
import { setUpWords } from './setupwords.ts';
import type { Language } from './words.ts';

/** Long enough to read two lines with the eyes on a forklift. */
const NOTICE_MS = 8_000;
const LANGUAGES: readonly { readonly code: Language; readonly name: string }[] = [
  { code: 'fr', name: 'Français' },
  { code: 'en', name: 'English' },
];

export function Header(): JSX.Element {
  const w = words.value;
  const state = panel.value;
  return (
    <header class="top">
      <div class="brand">
        <img src="/icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>Docket</h1>
          {state !== null && <p>{w.site(state.site, state.node)}</p>}
        </div>
      </div>
      {state !== null && (
        <nav class="chips">
          {state.doubtsTotal > 0 && (
            <a class="chip warn jump" href="#doubts">
              <Icon name="warning" /> {w.doubts.count(state.doubtsTotal)}
            </a>
          )}
          <a class="chip" href="#health">
            <span class={`dot ${LINK_TONE[state.link.state]}`} /> {w.link[state.link.state]}
          </a>
          <a class="chip" href="#health">
            <Icon name="queue" /> <span class="number">{state.queued === 0 ? w.queue.empty : w.queue.short(count(state.queued))}</span>
          </a>
        </nav>
      )}
      <p class="clock number">
        <time>{state === null ? '' : time(now.value, now.value)}</time>
      </p>
      {state !== null && (
        <a class="chip setup-link" href="#setup">
          <Icon name="antenna" /> <span class="wide-word">{setUpWords.value.open}</span>
        </a>
      )}
      <fieldset class="languages" aria-label={w.language}>
        {LANGUAGES.map(({ code, name }) => (
          <button key={code} type="button" lang={code} aria-pressed={language.value === code} aria-label={name} onClick={() => speak(code)}>
            {code.toUpperCase()}
          </button>
        ))}
      </fieldset>
    </header>
  );
}

/** Says that what stands below is old; stays in the page so that screen readers hear it the moment it fills. */
export function Connection(): JSX.Element {
  const { lost, connecting } = words.value;
  const { state, heard } = connection.value;
  return (
    <div role="alert" class={state === 'lost' ? 'lost' : ''}>
      {state === 'lost' && (
        <>
          <Icon name="warning" />
          <p>
            <strong>{lost.title}</strong> {heard === null ? lost.never : lost.text(time(heard, now.value))}
          </p>
        </>
      )}
      {state === 'connecting' && panel.value === null && <p class="empty">{connecting}</p>}
    </div>
  );
}

/** Of these nothing is lost yet, and there is time. */
const EARLY: readonly string[] = ['half', 'high'];

/** A disk that takes nothing is the one trouble that can cost goods: it must not stand at the foot of the page. */
export function Disk(): JSX.Element {
  const { disk } = words.value;
  return (
    <div role="alert">
      {(panel.value?.disk ?? []).map(({ kind, percent = 0, held = 0, saved, lost }) => (
        <div key={kind} class={EARLY.includes(kind) ? 'lost early' : 'lost'}>
          <Icon name="warning" />
          <p>
            <strong>{disk.title[kind]}</strong> {disk.text[kind](count(percent))} {held > 0 && disk.held(held)}{' '}
            {saved !== undefined && disk.saved(count(saved), lost === undefined ? null : count(lost))}
          </p>
        </div>
      ))}
    </div>
  );
}

export function Notice(): JSX.Element {
  const current = notice.value;
  useEffect(() => {
    const timer = setTimeout(() => (notice.value = null), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [current]);
  return (
    <div role="status" aria-live="polite" class={current === null ? 'notice' : `notice shown ${current.failed ? 'bad' : 'good'}`}>
      {current !== null && (
        <>
          <Icon name={current.failed ? 'warning' : 'check'} /> {current.text}
        </>
      )}
    </div>
  );
}
