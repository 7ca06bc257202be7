import type { ComponentChildren, JSX } from 'preact';
import type { ApiFault } from './api.ts';
import { Icon } from './icons.tsx';
import { words } from './language.ts';

/** A refusal in words: those we have for its code, else the hub's own. */
export function faultText(fault: ApiFault): string {
  return words.value.faults[fault.code] ?? fault.message;
}

export function Failure({ fault }: { fault: ApiFault }): JSX.Element {
  return (
    <p class="failure" role="alert">
      <Icon name="warning" /> <span>{faultText(fault)}</span>
      {fault.requestId !== undefined && <small class="quiet">{words.value.request(fault.requestId)}</small>}
    </p>
  );
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="empty">{children}</div>;
}

export function Loading(): JSX.Element {
  return (
    <p class="empty" aria-busy="true">
      {words.value.loading}
    </p>
  );
}

/** A command to copy, for whoever starts with nothing. */
export function Command({ text }: { text: string }): JSX.Element {
  return (
    // The scroll box must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways is focusable (WCAG 2.1.1)
    <pre tabIndex={0}>
      <code>{text}</code>
    </pre>
  );
}
