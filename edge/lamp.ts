import type { Lamp } from './broker/broker.ts';
import type { PanelDoor } from './panel/model.ts';

/**
 * What a stack light shows of a door: the panel's verdict in one colour.
 * - `red`: nobody sees or writes down what crosses; an article too many or the wrong way; goods have gone and the document is not complete.
 * - `amber`: goods are in the door and not all is there yet, or items wait for a person.
 * - `green`: the document is complete.
 * - `off`: nothing in the door, nothing begun.
 */
export function lampOf(door: PanelDoor, undecided: number, written: boolean): Lamp {
  if (door.state === 'blind' || !written) return 'red';
  const occupied = door.state === 'occupied';
  const waits = occupied || undecided > 0;
  const { expected } = door;
  if (expected === undefined) return waits ? 'amber' : 'off';
  if (occupied && door.direction !== 'unknown' && door.direction !== expected.direction) return 'red';
  const due = new Set(expected.lines.map(({ gtin }) => gtin));
  const surplus =
    expected.lines.some((line) => line.moved + line.inDoor > line.expected) ||
    door.contents.some(({ gtin }) => gtin !== null && !due.has(gtin));
  if (surplus) return 'red';
  const complete = expected.lines.every((line) => line.moved + line.inDoor === line.expected);
  if (complete) return undecided > 0 ? 'amber' : 'green';
  if (waits) return 'amber';
  return expected.lines.some(({ moved }) => moved > 0) ? 'red' : 'off';
}
