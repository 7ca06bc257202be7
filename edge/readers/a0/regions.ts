/** What command 78 takes. */
export interface Band {
  /** Data bytes of the command. */
  readonly data: readonly number[];
  /** A frequency index within the band, for measuring the return loss. */
  readonly middle: number;
}

const FCC = 1;
const ETSI = 2;
const CHN = 3;
const OWN = 4;

/** kHz of a frequency index: 0 to 6 from 865 MHz, 7 to 59 from 902 MHz, in steps of 500 kHz; undefined beyond. */
export function indexKHz(index: number): number | undefined {
  if (index < 7) return 865_000 + 500 * index;
  return index < 60 ? 902_000 + 500 * (index - 7) : undefined;
}

/** The index of a frequency of that table. */
export function kHzIndex(kHz: number): number {
  return kHz < 900_000 ? Math.round((kHz - 865_000) / 500) : Math.round((kHz - 902_000) / 500) + 7;
}

/** A range of the reader's own table, both ends included. */
function range(plan: number, fromKHz: number, toKHz: number): Band {
  const [from, to] = [kHzIndex(fromKHz), kHzIndex(toKHz)];
  return { data: [plan, from, to], middle: (from + to) >> 1 };
}

/** Channels that are not in the reader's table: a first one, a step in multiples of 10 kHz, a count. */
function channels(fromKHz: number, stepKHz: number, count: number): Band {
  const middle = kHzIndex(fromKHz + (stepKHz * (count - 1)) / 2);
  return { data: [OWN, stepKHz / 10, count, fromKHz >> 16, (fromKHz >> 8) & 0xff, fromKHz & 0xff], middle };
}

/**
 * The regions of the settings that these readers can keep to, by name: national bands within the reader's table of 865 to 868 and 902 to
 * 928 MHz, half a channel away from their limits, and two plans of own channels. A region that is not here must be refused:
 * a neighbouring one would be a radio offence.
 */
export const A0_REGIONS: Readonly<Record<string, Band>> = {
  EU: range(ETSI, 865_000, 868_000),
  EU3: range(ETSI, 865_000, 868_000),
  IN: range(ETSI, 865_500, 866_500),
  RU: channels(866_300, 600, 3),
  NA: range(FCC, 902_000, 928_000),
  PRC: range(CHN, 920_500, 924_500),
  HK: range(FCC, 920_500, 924_500),
  SG: range(FCC, 920_500, 924_500),
  TH: range(FCC, 920_500, 924_500),
  AU: range(FCC, 920_500, 925_500),
  NZ: range(FCC, 922_000, 927_500),
  TW: range(FCC, 922_500, 927_500),
  MY: range(FCC, 919_500, 922_500),
  KR2: channels(917_300, 600, 6),
};
