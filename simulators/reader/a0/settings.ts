/** What a reader keeps in flash. */
export interface Stored {
  readonly baud: number;
  readonly address: number;
  /** Data of command 78. */
  readonly region: readonly number[];
  readonly dbm: number;
  /** Return loss in dB under which an antenna is missing; 0: never. */
  readonly detector: number;
  /** 0 quiet, 1 each round, 2 each tag. */
  readonly beeper: number;
}

/** As it leaves the factory, and wrong for a European door in all but the rate: American channels, detector off, a beep at each tag. */
export const FACTORY: Stored = { baud: 115_200, address: 1, region: [1, 7, 59], dbm: 20, detector: 0, beeper: 2 };

/** A round as the host asked for it. */
export interface Round {
  readonly cmd: number;
  /** Ports with an antenna. */
  readonly ports: readonly number[];
  /** Ports without one that the reader complains about. */
  readonly missing: readonly number[];
  readonly session: number;
  readonly visits: number;
  readonly intervalMs: number;
}

/** One inventory on one antenna with few tags. */
export const VISIT_MS = 25;

export const roundMs = ({ ports, visits, intervalMs }: Round): number => (ports.length === 0 ? 0 : visits * VISIT_MS + intervalMs);

/** Ports of a fast switch with 4 or 8 connectors, and its visits; undefined when it is malformed. */
export function parseSwitch(data: Uint8Array, connectors: number): { ports: number[]; visits: number; intervalMs: number } | undefined {
  if (data.length !== 2 * connectors + 2) return undefined;
  const repeat = data[data.length - 1] as number;
  const ports: number[] = [];
  let visits = 0;
  for (let i = 0; i < connectors; i++) {
    const [antenna, stay] = [data[2 * i] as number, data[2 * i + 1] as number];
    if (antenna >= connectors || stay === 0) continue;
    ports.push(antenna + 1);
    visits += stay;
  }
  return repeat === 0 ? undefined : { ports, visits: visits * repeat, intervalMs: (data[data.length - 2] as number) * repeat };
}
