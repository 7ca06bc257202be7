import { Impinj, Message, Param, Vendor } from './numbers.ts';
import { be16, be32, custom, message, type Part, tlv } from './parameters.ts';

/** Requested data of GET_READER_CAPABILITIES and GET_READER_CONFIG (LLRP 1.0.1 section 16.1). */
const ALL = 0;
const ANTENNA_PROPERTIES = 2;
/** Event types of EventNotificationState (LLRP 1.0.1 section 16.2): those that the session acts on. */
export const EventType = { GPI: 1, ROSPEC: 2, REPORT_BUFFER_FILL: 3, READER_EXCEPTION: 4, ANTENNA: 8 } as const;
const PERIODIC = 1;
const YES = 0x80;
const NO = 0x00;

/** A message of the host, given the number that its answer will carry. */
export type Command = (id: number) => Uint8Array;

export const getCapabilities = (): Command => (id) => message(Message.GET_READER_CAPABILITIES, id, ALL);

/** The whole configuration, for all antennas, inputs and outputs. */
export const getConfig = (): Command => (id) => message(Message.GET_READER_CONFIG, id, be16(0), ALL, be16(0), be16(0));

/** What is connected to each antenna port. */
export const getAntennas = (): Command => (id) => message(Message.GET_READER_CONFIG, id, be16(0), ANTENNA_PROPERTIES, be16(0), be16(0));

/**
 * Back to the factory's settings, then: a sign of life every `keepaliveMs`, the events that the session acts on, and nothing held back when
 * a host connects.
 */
export function configure(keepaliveMs: number): Command {
  const states = Object.values(EventType).map((type) => tlv(Param.EVENT_NOTIFICATION_STATE, be16(type), YES));
  return (id) =>
    message(
      Message.SET_READER_CONFIG,
      id,
      YES,
      tlv(Param.READER_EVENT_NOTIFICATION_SPEC, states),
      tlv(Param.KEEPALIVE_SPEC, PERIODIC, be32(keepaliveMs)),
      tlv(Param.EVENTS_AND_REPORTS, NO),
    );
}

/** Lets inputs 1 to `count` report their changes; the state that the parameter also carries is ignored by the reader. */
export function enableInputs(count: number): Command {
  const ports = Array.from({ length: count }, (_, i) => tlv(Param.GPI_PORT_CURRENT_STATE, be16(i + 1), YES, 0));
  return (id) => message(Message.SET_READER_CONFIG, id, NO, ports);
}

export const setOutput =
  (port: number, high: boolean): Command =>
  (id) =>
    message(Message.SET_READER_CONFIG, id, NO, tlv(Param.GPO_WRITE_DATA, be16(port), high ? YES : NO));

/** 0 stands for all of them. */
const onSpec =
  (type: number, spec: number): Command =>
  (id) =>
    message(type, id, be32(spec));

export const deleteRoSpec = (spec: number): Command => onSpec(Message.DELETE_ROSPEC, spec);
export const deleteRoSpecs = (): Command => onSpec(Message.DELETE_ROSPEC, 0);
export const deleteAccessSpecs = (): Command => onSpec(Message.DELETE_ACCESSSPEC, 0);
export const enableRoSpec = (spec: number): Command => onSpec(Message.ENABLE_ROSPEC, spec);
export const startRoSpec = (spec: number): Command => onSpec(Message.START_ROSPEC, spec);
export const addRoSpec =
  (spec: Part): Command =>
  (id) =>
    message(Message.ADD_ROSPEC, id, spec);

/** Releases what the reader holds back; has no answer. */
export const enableEventsAndReports = (): Command => (id) => message(Message.ENABLE_EVENTS_AND_REPORTS, id);
export const closeConnection = (): Command => (id) => message(Message.CLOSE_CONNECTION, id);
export const keepaliveAck = (): Command => (id) => message(Message.KEEPALIVE_ACK, id);

/** A custom message: vendor, subtype of one byte, data. */
export function customMessage(id: number, vendor: number, subtype: number, ...data: readonly Part[]): Uint8Array {
  return message(Message.CUSTOM_MESSAGE, id, be32(vendor), subtype, data);
}

/** Impinj readers take their own parameters only after this, once a connection. */
export const enableImpinj = (): Command => (id) => customMessage(id, Vendor.IMPINJ, Impinj.ENABLE_EXTENSIONS, be32(0));

/** Asks an Impinj reader for phase, strength in hundredths of a dBm and Doppler shift with each tag. */
export function impinjContent(): Part {
  const fields = [Impinj.ENABLE_RF_PHASE_ANGLE, Impinj.ENABLE_PEAK_RSSI, Impinj.ENABLE_RF_DOPPLER];
  return custom(
    Vendor.IMPINJ,
    Impinj.TAG_REPORT_CONTENT_SELECTOR,
    fields.map((field) => custom(Vendor.IMPINJ, field, be16(1))),
  );
}
