/** Bands by number, with the first channel and the step in kHz and the highest channel; numbers 0, 5, 11 and 13 up are reserved. */
const BANDS: Readonly<Record<number, readonly [name: string, firstKHz: number, stepKHz: number, last: number]>> = {
  1: ['CN2', 920_125, 250, 19],
  2: ['US', 902_750, 500, 49],
  3: ['KR', 917_100, 200, 31],
  4: ['EU', 865_100, 200, 14],
  6: ['UA', 868_000, 100, 6],
  7: ['PE', 916_200, 900, 11],
  8: ['CN1', 840_125, 250, 19],
  9: ['EU3', 865_700, 600, 3],
  10: ['TW', 922_250, 500, 11],
  12: ['US3', 902_000, 500, 52],
};

/** Bands by the names of regions that settings use; EU3 is ETSI 865 to 868 MHz, the four channels of full power. */
const REGION_BANDS: Readonly<Record<string, number>> = { EU3: 9, EU: 4, NA: 2, KR: 3, PRC: 1, PRC2: 8, TW: 10 };

/** Names of the regions that this family can be set to. */
export const REGION_NAMES: readonly string[] = Object.keys(REGION_BANDS);

/** The two bytes of a region, highest and lowest channel with the band in their top bits; undefined when no band is right for it. */
export function regionBytes(region: string): readonly [max: number, min: number] | undefined {
  const band = Object.hasOwn(REGION_BANDS, region) ? (REGION_BANDS[region] as number) : undefined;
  if (band === undefined) return undefined;
  const last = BANDS[band]?.[3] ?? 0;
  return [((band >> 2) << 6) | last, (band & 3) << 6];
}

/** The band of the two bytes and its lowest and highest frequency in kHz; undefined when the number is reserved. */
export function bandOf(max: number, min: number): { readonly name: string; readonly fromKHz: number; readonly toKHz: number } | undefined {
  const band = BANDS[((max >> 6) << 2) | (min >> 6)];
  if (band === undefined) return undefined;
  const [name, first, step] = band;
  return { name, fromKHz: first + (min & 0x3f) * step, toKHz: first + (max & 0x3f) * step };
}
