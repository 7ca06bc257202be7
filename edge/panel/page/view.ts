import { signal } from '@preact/signals';

/** What fills the page, by the address behind `#`; other anchors are places on the doors' page. */
export type View = 'doors' | 'setup';

const current = (): View => (location.hash === '#setup' ? 'setup' : 'doors');

export const view = signal<View>(current());

addEventListener('hashchange', () => {
  const next = current();
  if (next !== view.value) {
    view.value = next;
    scrollTo(0, 0);
  }
});
