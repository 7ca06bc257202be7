import type { JSX } from 'preact';

/** Line drawings on a grid of 24; their meaning always stands beside them in words. */
const PATHS = {
  // Goods go through the door's frame: into it from the left, or out of it to the left where the truck stands.
  in: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M3 12h12m-5-5 5 5-5 5',
  out: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M16 12H3m5-5-5 5 5 5',
  unknown: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M3 12h12M7 8l-4 4 4 4m4-8 4 4-4 4',
  free: 'M6 21V4.5a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1V21M2.5 21h19',
  blind:
    'M3 3l18 18M10.6 6.2A9.7 9.7 0 0 1 12 6c5 0 8.5 4 9.5 6a14 14 0 0 1-2.6 3.4M6.5 7.5A14 14 0 0 0 2.5 12c1 2 4.5 6 9.5 6 1.6 0 3.1-.4 4.4-1.1',
  check: 'M5 12.5l4.5 4.500L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 3.5 2.5 20h19zM12 10v4.500M12 17.300v.1',
  document: 'M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5',
  cloud: 'M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5 4.3 4.3 0 0 1 17.5 18z',
  queue: 'M4 7h16M4 12h16M4 17h10',
  count: 'M5 5h4v4H5zM5 15h4v4H5zM13 7h6M13 17h6M14 5.500v3M17 15.500v3',
  antenna: 'M12 12v8M8.5 15.500a5 5 0 1 1 7 0M5.6 18.400a9 9 0 1 1 12.8 0M12 12h.01',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
