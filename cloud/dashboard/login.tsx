import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { faultText } from './answer.tsx';
import { ApiFault, faultOf } from './api.ts';
import { Icon } from './icons.tsx';
import { words } from './language.ts';
import { Languages } from './languages.tsx';
import { ended, signIn } from './session.ts';

/** Any call that every key may make. */
const PROBE = '/v1/items?limit=1';

async function check(given: string): Promise<ApiFault | undefined> {
  try {
    const response = await fetch(PROBE, { headers: { authorization: `Bearer ${given}` } });
    // A key without the right to see items is still a key: its views say what they miss.
    return response.ok || response.status === 403 ? undefined : await faultOf(response);
  } catch (error) {
    return new ApiFault('OFFLINE', String(error));
  }
}

export function Login(): JSX.Element {
  const { login: w } = words.value;
  const typed = useSignal('');
  const fault = useSignal<ApiFault | undefined>(ended.value === null ? undefined : new ApiFault(ended.value, ''));
  const busy = useSignal(false);
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = typed.value.trim();
    if (given === '') {
      fault.value = new ApiFault('KEY_MISSING', '');
      return;
    }
    busy.value = true;
    fault.value = await check(given);
    busy.value = false;
    if (fault.value === undefined) signIn(given);
  };
  return (
    <div class="login">
      <form class="card" onSubmit={enter}>
        <img src="/icon.svg" alt="Docket" width="48" height="48" />
        <h1>{w.title}</h1>
        <p class="quiet">{w.text}</p>
        <label for="key">{w.key}</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="key-fault"
          aria-invalid={fault.value !== undefined}
          value={typed.value}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <p id="key-fault" role="alert" class="bad">
          {fault.value !== undefined && (
            <>
              <Icon name="warning" /> {faultText(fault.value)}
            </>
          )}
        </p>
        <button type="submit" class="button primary" disabled={busy.value}>
          {w.enter}
        </button>
        <p class="quiet small">{w.hint}</p>
        <Languages />
      </form>
    </div>
  );
}
