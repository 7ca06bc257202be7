import { type Packet, type Parser, parser } from 'mqtt-packet';
import { openBatch } from '../../protocol/batch.ts';
import { Violation } from './crash.ts';

/** A batch that the hub has acknowledged with success, as the node was told. */
export interface Acknowledged {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
}

/** Reads what a node and the hub say to each other on one connection, at the node's end: the node relies on nothing else. */
export class Tap {
  readonly #up: Parser = parser({ protocolVersion: 5 });
  readonly #down: Parser = parser({ protocolVersion: 5 });
  readonly #batches = new Map<number, Acknowledged>();
  readonly #acknowledged: (batch: Acknowledged) => void;

  constructor(acknowledged: (batch: Acknowledged) => void) {
    this.#acknowledged = acknowledged;
    this.#up.on('packet', (packet) => this.#sent(packet));
    this.#down.on('packet', (packet) => this.#got(packet));
    for (const side of [this.#up, this.#down])
      side.on('error', (error: Error) => {
        throw new Violation('protocol', `bytes that are no MQTT: ${error.message}`);
      });
  }

  sent(bytes: Uint8Array): void {
    this.#up.parse(Buffer.from(bytes));
  }

  got(bytes: Uint8Array): void {
    this.#down.parse(Buffer.from(bytes));
  }

  #sent(packet: Packet): void {
    if (packet.cmd !== 'publish' || packet.qos !== 1 || packet.messageId === undefined) return;
    const { header } = openBatch(new Uint8Array(packet.payload as Buffer));
    this.#batches.set(packet.messageId, { epoch: header.epoch, first: header.first, last: header.first + header.count - 1 });
  }

  #got(packet: Packet): void {
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return;
    const batch = this.#batches.get(packet.messageId);
    this.#batches.delete(packet.messageId);
    if (batch !== undefined && (packet.reasonCode ?? 0) < 0x80) this.#acknowledged(batch);
  }
}
