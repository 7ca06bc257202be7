import * as codec from '../../../edge/readers/llrp/codec.ts';

const { Param, parameters, u16, u32 } = codec;

/** What a host has asked for with ADD_ROSPEC. */
export interface HeldSpec {
  readonly id: number;
  readonly state: 'disabled' | 'inactive' | 'active';
  /** Antenna ports in the order of their turns. */
  readonly ports: readonly number[];
  /** Index of the transmit power by port. */
  readonly power: ReadonlyMap<number, number>;
  readonly session: number;
  /** Bits of TagReportContentSelector. */
  readonly content: number;
  /** A report after so many tags. */
  readonly every: number;
  /** Asks for Impinj's own fields. */
  readonly impinj: boolean;
}

/** All parameters within, at whatever depth `path` leads to. */
function within(bytes: Uint8Array, at: number, end: number, path: readonly (readonly [type: number, skip: number])[]): codec.Parameter[] {
  const [step, ...more] = path;
  if (step === undefined) return [];
  const found = parameters(bytes, at, end).filter(({ type }) => type === step[0]);
  return more.length === 0 ? found : found.flatMap((one) => within(bytes, one.at + step[1], one.end, more));
}

/** Reads the ROSpec of an ADD_ROSPEC; undefined when there is none or it lacks a part that the standard demands. */
export function parseSpec({ bytes, data, end }: codec.Frame): HeldSpec | undefined {
  const [spec] = within(bytes, data, end, [[Param.ROSPEC, 6]]);
  if (spec === undefined || spec.end - spec.at < 6) return undefined;
  const inner = (...path: (readonly [number, number])[]): codec.Parameter[] => within(bytes, spec.at + 6, spec.end, path);
  const [boundary] = inner([Param.RO_BOUNDARY_SPEC, 0]);
  const [ai] = inner([Param.AISPEC, 0]);
  if (boundary === undefined || ai === undefined || parameters(bytes, boundary.at, boundary.end).length !== 2) return undefined;
  const count = u16(bytes, ai.at);
  const ports = Array.from({ length: count }, (_, i) => u16(bytes, ai.at + 2 + 2 * i));
  const antennas = within(bytes, ai.at + 2 + 2 * count, ai.end, [
    [Param.INVENTORY_PARAMETER_SPEC, 3],
    [Param.ANTENNA_CONFIGURATION, 0],
  ]);
  const power = new Map<number, number>();
  let session = 0;
  for (const { at, end: to } of antennas) {
    const [radio] = within(bytes, at + 2, to, [[Param.RF_TRANSMITTER, 0]]);
    if (radio !== undefined) power.set(u16(bytes, at), u16(bytes, radio.at + 4));
    const control = within(bytes, at + 2, to, [
      [Param.C1G2_INVENTORY_COMMAND, 1],
      [Param.C1G2_SINGULATION_CONTROL, 0],
    ])[0];
    if (control !== undefined) session = (bytes[control.at] as number) >> 6;
  }
  const [report] = inner([Param.RO_REPORT_SPEC, 3]);
  const [selector] = inner([Param.RO_REPORT_SPEC, 3], [Param.TAG_REPORT_CONTENT_SELECTOR, 0]);
  return {
    ...{ id: u32(bytes, spec.at), state: 'disabled', ports, power, session },
    content: selector === undefined ? 0 : u16(bytes, selector.at),
    every: report === undefined ? 0 : u16(bytes, report.at + 1),
    impinj: inner([Param.RO_REPORT_SPEC, 3], [Param.CUSTOM, 0]).some((one) => u32(bytes, one.at) === codec.Vendor.IMPINJ),
  };
}
