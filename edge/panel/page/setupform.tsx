import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { FieldError } from '../problem.ts';
import type { ReaderFields, SetUpForm } from '../setupmodel.ts';
import { notice } from './act.ts';
import { Icon } from './icons.tsx';
import { loadForm, save } from './setuplive.ts';
import { setUpWords } from './setupwords.ts';

/** Ports shown at first; most readers have four, the largest sixteen. */
const PORTS = 4;
const MAX_PORTS = 16;
const SESSIONS = [0, 1, 2, 3];

/** What a search has found, to be filled in. */
export interface Prefill {
  readonly model: string;
  readonly link: string;
}

interface Draft {
  id: string;
  reader: ReaderFields;
  /** In dBm, as it is typed. */
  power: string;
  /** `door/side` by port; empty where the port is not used. */
  uses: Record<number, string>;
  ports: number;
}

function draftOf(form: SetUpForm, id: string | undefined, prefill: Prefill | undefined): Draft {
  const known = form.readers.find((one) => one.id === id);
  const { id: _, ...fields } = known ?? {
    ...{ id: '', model: form.models[0] ?? '', link: '', region: form.readers[0]?.region ?? 'EU3', powerCdbm: 2_700, session: 1 },
  };
  const reader = { ...fields, ...prefill };
  const uses: Record<number, string> = {};
  for (const door of form.doors) {
    for (const { reader: of, port, side } of door.antennas) if (of === id) uses[port] = `${door.id}/${side}`;
  }
  const highest = Math.max(PORTS, ...Object.keys(uses).map(Number));
  return { id: id ?? '', reader, power: String(reader.powerCdbm / 100), uses, ports: Math.ceil(highest / PORTS) * PORTS };
}

export function ReaderForm({ id, prefill, close }: { id?: string; prefill?: Prefill; close: () => void }): JSX.Element {
  const w = setUpWords.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useSignal<SetUpForm | null>(null);
  const draft = useSignal<Draft | null>(null);
  const errors = useSignal<readonly FieldError[]>([]);
  const busy = useSignal(false);
  useEffect(() => {
    dialog.current?.showModal();
    void loadForm().then((answer) => {
      if ('ok' in answer) {
        form.value = answer.ok;
        draft.value = draftOf(answer.ok, id, prefill);
      } else errors.value = [{ field: '', message: w.wrong.other(answer.detail) }];
    });
  }, []);
  const set = (change: Partial<Draft>): void => {
    if (draft.value !== null) draft.value = { ...draft.value, ...change };
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (form.value === null || draft.value === null || busy.value) return;
    const checked = check(form.value, draft.value, id === undefined);
    errors.value = checked;
    if (checked.length > 0) return;
    busy.value = true;
    const { power, uses, ...rest } = draft.value;
    const answer = await save({
      revision: form.value.revision,
      id: rest.id,
      reader: { ...rest.reader, powerCdbm: centi(power) },
      antennas: Object.entries(uses).flatMap(([port, use]) => {
        const [door = '', side] = use.split('/');
        return side === 'outside' || side === 'inside' ? [{ door, port: Number(port), side }] : [];
      }),
    });
    busy.value = false;
    if ('ok' in answer) {
      const { restarted, restartNeeded } = answer.ok;
      notice.value = { text: restarted ? w.form.restarted : restartNeeded ? w.form.later : w.form.same, failed: false };
      close();
      return;
    }
    const { changed, other } = w.wrong;
    const fields = answer.fields.map((one) => ({ field: nameOf(one), message: wordsOf(form.value, one) }));
    errors.value =
      fields.length > 0 ? fields : [{ field: '', message: answer.code === 'SETTINGS_CHANGED' ? changed : other(answer.detail) }];
  };
  const now = draft.value;
  return (
    <dialog ref={dialog} class="chooser reader-form" aria-labelledby="reader-form-title" onClose={close}>
      <form onSubmit={submit} noValidate>
        <header>
          <h2 id="reader-form-title">{id === undefined ? w.form.newTitle : w.form.title(id)}</h2>
          <button type="button" class="button" onClick={close}>
            <Icon name="cross" /> {w.form.cancel}
          </button>
        </header>
        {now !== null && form.value !== null && (
          <Fields form={form.value} draft={now} set={set} isNew={id === undefined} errors={errors.value} />
        )}
        <footer>
          <div role="alert">
            {errors.value
              .filter(({ field }) => !FIELDS.includes(field))
              .map(({ message }) => (
                <p key={message} class="note bad">
                  <Icon name="warning" /> {message}
                </p>
              ))}
          </div>
          <button type="submit" class="button primary" disabled={busy.value || now === null}>
            {busy.value ? w.form.saving : w.form.save}
          </button>
        </footer>
      </form>
    </dialog>
  );
}

const FIELDS = ['id', 'link', 'power'];
const centi = (power: string): number => Math.round(Number(power.replace(',', '.')) * 100);

/** What can be seen to be wrong before the node is asked; it checks everything again. */
function check(form: SetUpForm, { id, reader, power, uses }: Draft, isNew: boolean): FieldError[] {
  const { wrong } = setUpWords.value;
  const out: FieldError[] = [];
  const say = (field: string, message: string): void => void out.push({ field, message });
  if (!/^[A-Za-z0-9][\w.-]{0,31}$/.test(id)) say('id', wrong.id);
  else if (isNew && form.readers.some((one) => one.id === id)) say('id', wrong.idTaken);
  if (!/^(\/\S+|COM\d+|tcp:\/\/[^\s/]+\/?|mqtt:\/\/[^\s/]+)$/.test(reader.link)) say('link', wrong.link);
  else if (form.readers.some((one) => one.id !== id && one.link === reader.link)) say('link', wrong.linkTaken);
  const cdbm = centi(power);
  if (!(cdbm >= 500 && cdbm <= 3_150)) say('power', wrong.powerCdbm);
  const used = Object.values(uses).filter((use) => use !== '');
  for (const door of form.doors) {
    const others = door.antennas.filter((antenna) => antenna.reader !== id).map(({ side }) => side);
    const sides = new Set([...others, ...used.filter((use) => use.startsWith(`${door.id}/`)).map((use) => use.slice(door.id.length + 1))]);
    if (sides.size === 0) say('antennas', wrong.noAntenna(door.name));
    else if (sides.size < 2) say('antennas', wrong.sides(door.name));
  }
  return out;
}

/** `readers[0].powerCdbm` of the settings, as a field of this form. */
function nameOf({ field, message }: FieldError): string {
  const last = field.slice(field.lastIndexOf('.') + 1);
  if (!field.startsWith('readers[') || message.startsWith('no door has')) return 'antennas';
  return last === 'powerCdbm' ? 'power' : last;
}

/** What the node says of a field, in the language of the page. */
function wordsOf(form: SetUpForm | null, error: FieldError): string {
  const { field, message } = error;
  const { wrong } = setUpWords.value;
  const door = /^doors\[(\d+)\]\.antennas/.exec(field);
  if (door !== null) {
    const name = form?.doors[Number(door[1])]?.name ?? '';
    return message.startsWith('needs') ? wrong.sides(name) : wrong.other(`${field}: ${message}`);
  }
  // A reader without a door is right where a zone counts with it, which the node knows.
  if (message.startsWith('no door has')) return wrong.unused;
  const known = { id: wrong.id, link: message.includes('already') ? wrong.linkTaken : wrong.link, power: wrong.powerCdbm };
  return Object.hasOwn(known, nameOf(error)) ? known[nameOf(error) as keyof typeof known] : wrong.other(`${field}: ${message}`);
}

interface FieldsProps {
  readonly form: SetUpForm;
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
  readonly isNew: boolean;
  readonly errors: readonly FieldError[];
}

function Fields({ form, draft, set, isNew, errors }: FieldsProps): JSX.Element {
  const { form: w, regions, side, wrong } = setUpWords.value;
  const { reader } = draft;
  const change = (fields: Partial<ReaderFields>): void => set({ reader: { ...reader, ...fields } });
  const error = (name: string): string | undefined => errors.find(({ field }) => field === name)?.message;
  return (
    <>
      {isNew && <Text name="id" label={w.id} value={draft.id} error={error('id')} hint={wrong.id} input={(id) => set({ id })} />}
      <Select
        name="model"
        label={w.model}
        value={reader.model}
        all={form.models.map((one) => [one, one])}
        input={(model) => change({ model })}
      />
      <Text name="link" label={w.link} value={reader.link} error={error('link')} hint={w.linkHint} input={(link) => change({ link })} />
      <Select
        name="region"
        label={w.region}
        hint={w.regionHint}
        value={reader.region}
        all={form.regions.map((one) => [one, regions[one] === undefined ? one : `${one} (${regions[one]})`])}
        input={(region) => change({ region })}
      />
      <div class="field-pair">
        <Text
          name="power"
          label={w.power}
          value={draft.power}
          error={error('power')}
          hint={wrong.powerCdbm}
          numeric
          input={(power) => set({ power })}
        />
        <Select
          name="session"
          label={w.session}
          hint={w.sessionHint}
          value={String(reader.session)}
          all={SESSIONS.map((one) => [String(one), String(one)])}
          input={(session) => change({ session: Number(session) })}
        />
      </div>
      <fieldset class="ports">
        <legend>{w.antennas}</legend>
        <p class="quiet">{w.antennasHint}</p>
        {Array.from({ length: draft.ports }, (_, i) => i + 1).map((port) => (
          <Select
            key={port}
            name={`port${port}`}
            label={w.port(port)}
            value={draft.uses[port] ?? ''}
            all={[
              ['', w.unused],
              ...form.doors.flatMap((door) =>
                (['outside', 'inside'] as const).map((one): [string, string] => [`${door.id}/${one}`, `${door.name}, ${side[one]}`]),
              ),
            ]}
            input={(use) => set({ uses: { ...draft.uses, [port]: use } })}
          />
        ))}
        {draft.ports < MAX_PORTS && (
          <button type="button" class="button" onClick={() => set({ ports: draft.ports + PORTS })}>
            {w.morePorts}
          </button>
        )}
      </fieldset>
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly input: (value: string) => void;
}

function Text({
  name,
  label,
  value,
  hint,
  input,
  error,
  numeric,
}: FieldProps & { error: string | undefined; numeric?: boolean }): JSX.Element {
  const wrong = error !== undefined;
  return (
    <label class={`field ${wrong ? 'bad' : ''}`}>
      <span>{label}</span>
      <input
        name={name}
        value={value}
        inputMode={numeric === true ? 'decimal' : 'text'}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={wrong}
        onInput={(event) => input(event.currentTarget.value)}
      />
      <small class={wrong ? 'bad' : 'quiet'}>{error ?? hint}</small>
    </label>
  );
}

function Select({ name, label, value, hint, input, all }: FieldProps & { all: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name} value={value} onChange={(event) => input(event.currentTarget.value)}>
        {all.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && <small class="quiet">{hint}</small>}
    </label>
  );
}
