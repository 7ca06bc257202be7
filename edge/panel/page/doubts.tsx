import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { PanelDoubt, Verdict } from '../model.ts';
import { by, decide, key, pending, setBy } from './act.ts';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { connection, now, panel } from './live.ts';

const VERDICTS: readonly Verdict[] = ['in', 'out', 'stray'];
const icon = (verdict: Verdict) => (verdict === 'stray' ? 'cross' : verdict);

function groups(doubts: readonly PanelDoubt[]): PanelDoubt[][] {
  const byPassage = new Map<string, PanelDoubt[]>();
  for (const doubt of doubts) {
    const group = byPassage.get(doubt.passage);
    if (group === undefined) byPassage.set(doubt.passage, [doubt]);
    else group.push(doubt);
  }
  return [...byPassage.values()];
}

function Item({ doubt }: { doubt: PanelDoubt }): JSX.Element {
  const { doubts: w } = words.value;
  const saving = pending.value.has(key(doubt));
  const name = doubt.name ?? doubt.gtin ?? doubt.epc;
  const serial = doubt.serial === undefined ? undefined : `${w.serial} ${doubt.serial}`;
  const facts = [doubt.name === undefined ? undefined : doubt.gtin, serial, w.reads(doubt.reads)].filter((fact) => fact !== undefined);
  return (
    <li class={`doubt ${saving ? 'saving' : ''}`} data-epc={doubt.epc} aria-busy={saving}>
      <div class="doubt-words">
        <b>{name}</b>
        <span class="why">{w.reason[doubt.reason] ?? doubt.reason}</span>
        <span class="quiet facts">{facts.join(' · ')}</span>
      </div>
      <div class="verdicts">
        {VERDICTS.map((verdict) => (
          <button
            key={verdict}
            type="button"
            class={`button verdict ${verdict}`}
            data-verdict={verdict}
            disabled={saving || connection.value.state !== 'live'}
            aria-label={w.label(w[verdict], `${name} ${serial ?? ''}`.trim())}
            onClick={() => decide([doubt], verdict)}
          >
            <Icon name={icon(verdict)} /> {w[verdict]}
          </button>
        ))}
      </div>
    </li>
  );
}

/** The buttons for a whole passage ask once more: a glove that slips must not decide on forty items. */
function All({ group }: { group: readonly PanelDoubt[] }): JSX.Element {
  const asked = useSignal<Verdict | null>(null);
  const { doubts: w } = words.value;
  const disabled = connection.value.state !== 'live' || group.some((doubt) => pending.value.has(key(doubt)));
  const verdict = asked.value;
  if (verdict === null) {
    return (
      <div class="verdicts all">
        {VERDICTS.map((one) => (
          <button key={one} type="button" class="button verdict" data-all={one} disabled={disabled} onClick={() => (asked.value = one)}>
            {w.all[one]}
          </button>
        ))}
      </div>
    );
  }
  const confirm = (): void => {
    asked.value = null;
    void decide(group, verdict);
  };
  return (
    <fieldset class="verdicts all asked" aria-label={w.question(group.length, w.confirm[verdict])}>
      <p>
        <Icon name={icon(verdict)} /> {w.question(group.length, w.confirm[verdict])}
      </p>
      <button type="button" class="button primary" disabled={disabled} onClick={confirm} ref={(button) => button?.focus()}>
        {w.yes}
      </button>
      <button type="button" class="button" onClick={() => (asked.value = null)}>
        {w.no}
      </button>
    </fieldset>
  );
}

export function Doubts(): JSX.Element {
  const { doubts: w } = words.value;
  const state = panel.value;
  const doubts = state?.doubts ?? [];
  const total = state?.doubtsTotal ?? 0;
  const doorName = (id: string): string => state?.doors.find((door) => door.id === id)?.name ?? id;
  return (
    <section class={`card doubts ${total > 0 ? 'some' : ''}`} id="doubts" aria-labelledby="doubts-title">
      <header>
        <h2 id="doubts-title">{w.title}</h2>
        {total > 0 && <span class="badge">{count(total)}</span>}
        {total > 0 && (
          <label class="by" title={w.byHint}>
            <span>{w.by}</span>
            <input
              maxLength={80}
              autocomplete="off"
              value={by.value}
              placeholder="—"
              onInput={(event) => setBy(event.currentTarget.value)}
            />
          </label>
        )}
      </header>
      {total === 0 && (
        <p class="empty">
          <Icon name="check" class="good" /> {w.none}
        </p>
      )}
      {groups(doubts).map((group) => {
        const first = group[0] as PanelDoubt;
        return (
          <div class="group" key={first.passage} data-passage={first.passage}>
            <h3>{w.passage(doorName(first.door), time(first.at, now.value))}</h3>
            {group.length > 1 && <All group={group} />}
            <ul>
              {group.map((doubt) => (
                <Item key={doubt.epc} doubt={doubt} />
              ))}
            </ul>
          </div>
        );
      })}
      {total > doubts.length && <p class="quiet">{w.more(total - doubts.length)}</p>}
    </section>
  );
}
