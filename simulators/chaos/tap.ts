import { parser } from 'mqtt-packet';
import { openBatch } from '../../protocol/batch.ts';

/** A batch of records seen on the wire. */
export interface SeenBatch {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** MQTT packet identifier. */
  readonly id: number;
}

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

const CRLF2 = Buffer.from('\r\n\r\n');
const BINARY = 2;
const CONTINUATION = 0;

/** Cuts a byte stream of WebSocket frames (RFC 6455 section 5.2) after its HTTP head. */
class Frames {
  #bytes: Buffer = Buffer.alloc(0);
  #open = false;

  push(chunk: Buffer): Frame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#open) {
      const end = this.#bytes.indexOf(CRLF2);
      if (end < 0) return [];
      this.#open = true;
      this.#bytes = this.#bytes.subarray(end + CRLF2.length);
    }
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const masked = ((bytes[1] ?? 0) & 0x80) !== 0;
    const short = (bytes[1] ?? 0) & 0x7f;
    const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    const start = head + (masked ? 4 : 0);
    if (bytes.length < start) return undefined;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < start + length) return undefined;
    const payload = Uint8Array.from(bytes.subarray(start, start + length));
    if (masked) for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[head + (i % 4)] ?? 0);
    this.#bytes = bytes.subarray(start + length);
    return { opcode: (bytes[0] ?? 0) & 0x0f, payload };
  }
}

/** Reads the MQTT packets of one direction of one connection as they pass. */
class Packets {
  readonly #frames = new Frames();
  readonly #parser = parser({ protocolVersion: 5 });
  #readable = true;

  constructor(seen: (packet: { readonly cmd: string } & Record<string, unknown>) => void) {
    this.#parser.on('packet', (packet) => seen(packet as unknown as { readonly cmd: string } & Record<string, unknown>));
    // What is cut off in the middle is the proxy's own doing.
    this.#parser.on('error', () => {
      this.#readable = false;
    });
  }

  push(chunk: Buffer): void {
    for (const { opcode, payload } of this.#frames.push(chunk)) {
      if (this.#readable && (opcode === BINARY || opcode === CONTINUATION)) this.#parser.parse(Buffer.from(payload));
    }
  }
}

/** Batches that a node sends. */
export class BatchTap {
  readonly #aliases = new Map<number, string>();
  readonly #packets: Packets;

  constructor(seen: (batch: SeenBatch) => void) {
    this.#packets = new Packets((packet) => {
      if (packet.cmd !== 'publish') return;
      const { topic, payload, messageId, properties } = packet as unknown as {
        topic: string;
        payload: Buffer;
        messageId?: number;
        properties?: { topicAlias?: number };
      };
      const alias = properties?.topicAlias;
      if (alias !== undefined && topic !== '') this.#aliases.set(alias, topic);
      const name = topic === '' && alias !== undefined ? this.#aliases.get(alias) : topic;
      if (name?.endsWith('/records') !== true) return;
      const { epoch, first, count } = openBatch(payload).header;
      seen({ epoch, first, last: first + count - 1, id: messageId ?? 0 });
    });
  }

  push(chunk: Buffer): void {
    this.#packets.push(chunk);
  }
}

/** What a hub acknowledges: batches by their packet identifier, and with a CONNACK all that it has, whose head it tells. */
export class AckTap {
  readonly #packets: Packets;

  constructor(puback: (id: number) => void, connack: (seq: number) => void) {
    this.#packets = new Packets((packet) => {
      if (Number(packet['reasonCode'] ?? 0) >= 0x80) return;
      const { userProperties } = (packet['properties'] ?? {}) as { userProperties?: Readonly<Record<string, unknown>> };
      if (packet.cmd === 'puback') puback(Number(packet['messageId']));
      if (packet.cmd === 'connack') connack(Number(userProperties?.['seq'] ?? 0));
    });
  }

  push(chunk: Buffer): void {
    this.#packets.push(chunk);
  }
}
