import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PanelDoor, PanelExpectation } from '../model.ts';
import { chooseDocument } from './act.ts';
import { Icon } from './icons.tsx';
import { count, words } from './language.ts';
import { connection, panel } from './live.ts';

/** Fewer than this are found by looking. */
const SEARCH_FROM = 7;

/** The current document of a door and the way to another one. */
export function DoorDocument({ door }: { door: PanelDoor }): JSX.Element {
  const choosing = useSignal(false);
  const { document: w } = words.value;
  const current = door.document;
  return (
    <div class="document">
      <Icon name="document" />
      <div class="document-words">
        {current === null ? (
          <span class="quiet">{w.none}</span>
        ) : (
          <>
            <b>{current.number}</b>
            <span class="quiet">
              {[w.kind[current.kind], door.expected?.partner, current.how === 'sscc' ? w.sscc : w.chosen].filter(Boolean).join(' · ')}
            </span>
          </>
        )}
      </div>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => (choosing.value = true)}>
        {current === null ? w.choose : w.change}
      </button>
      {choosing.value && <Chooser door={door} close={() => (choosing.value = false)} />}
    </div>
  );
}

function Chooser({ door, close }: { door: PanelDoor; close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const search = useSignal('');
  const busy = useSignal(false);
  const { document: w } = words.value;
  // showModal traps the focus, closes on Escape and gives the focus back: the browser does it better than we would.
  useEffect(() => dialog.current?.showModal(), []);
  const expectations = panel.value?.expectations ?? [];
  const wanted = search.value.trim().toLowerCase();
  const found = expectations.filter(({ number, partner }) => `${number} ${partner}`.toLowerCase().includes(wanted));
  const choose = async (ref: PanelExpectation | null): Promise<void> => {
    busy.value = true;
    const done = await chooseDocument(door.id, ref === null ? null : { kind: ref.kind, number: ref.number });
    busy.value = false;
    if (done) close();
  };
  return (
    <dialog ref={dialog} class="chooser" aria-labelledby={`choose-${door.id}`} onClose={close}>
      <header>
        <h2 id={`choose-${door.id}`}>{w.title(door.name)}</h2>
        <button type="button" class="button" onClick={close}>
          <Icon name="cross" /> {w.close}
        </button>
      </header>
      {expectations.length >= SEARCH_FROM && (
        <input
          type="search"
          placeholder={w.search}
          aria-label={w.search}
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      )}
      {expectations.length === 0 && <p class="empty">{w.empty}</p>}
      {expectations.length > 0 && found.length === 0 && <p class="empty">{w.nothing}</p>}
      <ul>
        {found.map((one) => (
          <li key={`${one.kind} ${one.number}`}>
            <Choice one={one} door={door} disabled={busy.value || connection.value.state !== 'live'} choose={choose} />
          </li>
        ))}
      </ul>
      {door.document !== null && (
        <button type="button" class="button remove" disabled={busy.value} onClick={() => choose(null)}>
          <Icon name="cross" /> {w.remove}
        </button>
      )}
    </dialog>
  );
}

interface ChoiceProps {
  readonly one: PanelExpectation;
  readonly door: PanelDoor;
  readonly disabled: boolean;
  readonly choose: (one: PanelExpectation) => Promise<void>;
}

function Choice({ one, door, disabled, choose }: ChoiceProps): JSX.Element {
  const { document: w, direction } = words.value;
  const current = door.document?.kind === one.kind && door.document.number === one.number;
  return (
    <button type="button" class="choice" aria-pressed={current} disabled={disabled} onClick={() => choose(one)}>
      <Icon name={one.direction} />
      <span class="document-words">
        <b>{one.number}</b>
        <span class="quiet">
          {w.kind[one.kind]} · {one.partner}
        </span>
      </span>
      <span class="choice-end">
        <b>{w.quantity(count(one.quantity))}</b>
        <span class="quiet">{current ? w.current : direction[one.direction]}</span>
      </span>
    </button>
  );
}
