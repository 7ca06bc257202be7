import type { JSX } from 'preact';
import { language, speak, words } from './language.ts';
import type { Language } from './words.ts';

const LANGUAGES: readonly { readonly code: Language; readonly name: string }[] = [
  { code: 'fr', name: 'Français' },
  { code: 'en', name: 'English' },
];

export function Languages(): JSX.Element {
  return (
    <fieldset class="languages" aria-label={words.value.language}>
      {LANGUAGES.map(({ code, name }) => (
        <button key={code} type="button" lang={code} aria-pressed={language.value === code} aria-label={name} onClick={() => speak(code)}>
          {code.toUpperCase()}
        </button>
      ))}
    </fieldset>
  );
}
