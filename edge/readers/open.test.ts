import { describe, expect, it } from 'vitest';
import { openReader } from './open.ts';

const settings = { id: 'r1', link: '/dev/null', region: 'EU3', powerCdbm: 2_700, session: 1 };
const events = { reads: () => undefined, health: () => undefined };

describe('the choice of a reader', () => {
  it('makes a reader of a known model, which is stopped until it is started', () => {
    const reader = openReader({ ...settings, model: 'thingmagic', ports: [2, 1] }, events);
    expect(reader.health()).toMatchObject({
      id: 'r1',
      state: 'stopped',
      antennas: [
        { port: 1, connected: null, reads: 0 },
        { port: 2, connected: null, reads: 0 },
      ],
    });
  });

  it.each(['uhf18', 'bb', 'llrp'])('makes a reader of the family %s', (model) => {
    expect(openReader({ ...settings, model }, events).health()).toMatchObject({ model, state: 'stopped' });
  });

  it.each(['r700', 'zebra'])('makes a %s, which needs the name and password that it logs in with', (model) => {
    const network = { ...settings, model, link: 'mqtt://dock-1', password: 'a-good-password' };
    expect(openReader(network, events)).toMatchObject({ id: 'r1', user: 'dock-1', topics: ['docket/readers/dock-1/#'] });
    expect(() => openReader({ ...settings, model }, events)).toThrow(expect.objectContaining({ code: 'READER_LINK' }));
  });

  it.each(['alien', 'constructor', ''])('refuses the unknown model "%s" by name', (model) => {
    expect(() => openReader({ ...settings, model }, events)).toThrow(expect.objectContaining({ code: 'READER_MODEL' }));
  });
});
