import { Fault } from '../../protocol/fault.ts';

/** MQTT 5 reason codes that this server sends or reads (MQTT 5 section 2.4). */
export const REASON = {
  success: 0x00,
  withWill: 0x04,
  noSubscription: 0x11,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  implementation: 0x83,
  version: 0x84,
  clientId: 0x85,
  credentials: 0x86,
  notAuthorized: 0x87,
  unavailable: 0x88,
  authMethod: 0x8c,
  keepAlive: 0x8d,
  takenOver: 0x8e,
  filterInvalid: 0x8f,
  topicInvalid: 0x90,
  idInUse: 0x91,
  receiveMaximum: 0x93,
  aliasInvalid: 0x94,
  tooLarge: 0x95,
  messageRate: 0x96,
  quota: 0x97,
  payload: 0x99,
  qos: 0x9b,
  shared: 0x9e,
  connectionRate: 0x9f,
  subscriptionId: 0xa1,
  wildcard: 0xa2,
} as const;

/** The MQTT 3.1.1 return code (section 3.2.2.3) that says what an MQTT 5 reason says; 5, not authorised, where there is none. */
export function returnCode(reason: number): number {
  switch (reason) {
    case REASON.success:
      return 0;
    case REASON.version:
      return 1;
    case REASON.clientId:
      return 2;
    case REASON.unavailable:
    case REASON.connectionRate:
      return 3;
    case REASON.credentials:
      return 4;
    default:
      return 5;
  }
}

/** What the WebSocket close says when a reason ends the connection (RFC 6455 section 7.4.1). */
export function closeCode(reason: number): number {
  switch (reason) {
    case REASON.success:
    case REASON.takenOver:
    case REASON.keepAlive:
      return 1000;
    case REASON.tooLarge:
      return 1009;
    case REASON.credentials:
    case REASON.notAuthorized:
    case REASON.clientId:
      return 1008;
    case REASON.unavailable:
    case REASON.quota:
    case REASON.messageRate:
    case REASON.connectionRate:
      return 1013;
    default:
      return 1002;
  }
}

/** A packet that ends the connection: `reason` is what the DISCONNECT or CONNACK says. */
export class PacketFault extends Fault {
  readonly reason: number;

  constructor(reason: number, message: string) {
    super('MQTT', message, { reason });
    this.name = 'PacketFault';
    this.reason = reason;
  }
}
