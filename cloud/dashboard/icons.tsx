import type { JSX } from 'preact';

/** Line drawings on a grid of 24; their meaning always stands beside them in words. */
const PATHS = {
  in: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M3 12h12m-5-5 5 5-5 5',
  out: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M16 12H3m5-5-5 5 5 5',
  check: 'M5 12.5l4.5 4.5L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 3.5 2.5 20h19zM12 10v4.5M12 17.3v.1',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  dash: 'M6 12h12',
  plus: 'M12 5v14M5 12h14',
  more: 'M6 9.5l6 6 6-6',
  less: 'M6 14.5l6-6 6 6',
  back: 'M19 12H5m6-6-6 6 6 6',
  download: 'M12 4v11m-5-5 5 5 5-5M5 20h14',
  invoices: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12h5',
  findings: 'M12 3.5 2.5 20h19zM12 10v4.5M12 17.3v.1',
  stock: 'M3 8l9-5 9 5v8l-9 5-9-5zM3 8l9 5 9-5M12 13v8',
  counts: 'M5 5h4v4H5zM5 15h4v4H5zM13 7h6M13 17h6',
  movements: 'M4 8h14m-4-4 4 4-4 4M20 16H6m4 4-4-4 4-4',
  nodes: 'M4 5h16v10H4zM9 20h6M12 15v5',
  leave: 'M10 4H5a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h5M9 12h11m-4-4 4 4-4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
