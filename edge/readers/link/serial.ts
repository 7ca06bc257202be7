import { SerialPort } from 'serialport';
import { Fault } from '../../../protocol/fault.ts';
import type { ByteLink, LinkEvents } from './link.ts';
import { writeInTime } from './write.ts';

/** A USB adapter that was pulled can leave `close` waiting for its driver: the file descriptor is then left to the system. */
const CLOSE_MS = 1_000;

/** What to do, by what the system said. */
function advice(message: string): string {
  if (/No such file/i.test(message)) return 'check that the reader is plugged in and that the udev rule names it';
  if (/Permission denied/i.test(message)) return 'add the user of this service to the group that owns the device (dialout)';
  if (/lock|temporarily unavailable|busy/i.test(message)) return 'another program has it open: stop that program';
  return 'check the cable and the path in the settings';
}

/**
 * Opens a serial device: 8N1, raw, no flow control, locked against a second program. The path comes from the settings; ports are never
 * listed here, because `SerialPort.list()` ends the process where udevadm is missing.
 * @throws Fault LINK_OPEN
 */
export function openSerial(path: string, baud: number, events: LinkEvents): Promise<ByteLink> {
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, lock: true });
  return new Promise((resolve, reject) => {
    port.open((error) => {
      if (error) reject(new Fault('LINK_OPEN', `${path} does not open (${error.message}): ${advice(error.message)}`));
      else resolve(new SerialLink(path, port, events));
    });
  });
}

class SerialLink implements ByteLink {
  readonly name: string;
  readonly hasBaud = true;
  readonly #port: SerialPort;
  #closed = false;

  constructor(name: string, port: SerialPort, events: LinkEvents) {
    this.name = name;
    this.#port = port;
    port.on('data', (chunk: Uint8Array) => {
      if (!this.#closed) events.data(chunk);
    });
    port.on('error', (error: Error) => this.#gone(events, error.message));
    // An error means that the device went away; none means that this side closed it.
    port.on('close', (error: Error | null) => this.#gone(events, error?.message ?? 'closed'));
  }

  #gone(events: LinkEvents, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#port.isOpen) this.#port.close(() => undefined);
    events.lost(reason);
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeInTime(this.name, (done) => {
      if (this.#closed) return done(new Fault('LINK_LOST', `${this.name} is closed`));
      this.#port.write(bytes, undefined, done);
    });
  }

  setBaud(baud: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Fault('LINK_LOST', `${this.name} is closed`));
      this.#port.update({ baudRate: baud }, (error) => {
        if (error)
          reject(new Fault('LINK_BAUD', `${this.name} does not take ${baud} baud (${error.message}): set maxBaud in the settings`));
        else resolve();
      });
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#port.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
