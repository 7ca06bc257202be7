import type { OpenLink } from './link.ts';
import { openSerial } from './serial.ts';
import { openTcp, parseTcp } from './tcp.ts';

/**
 * Opens a serial device (any path) or `tcp://host:port`. `baud` is ignored for TCP.
 * @throws Fault LINK_ADDRESS for an address that cannot be read, LINK_OPEN when the other side does not open.
 */
export const openLink: OpenLink = async (path, baud, events) => {
  return path.startsWith('tcp://') ? openTcp(parseTcp(path), events) : openSerial(path, baud, events);
};
