import { describe, expect, it } from 'vitest';
import { clientId, isName, parseClientId, parseTopic, topic } from './topics.ts';

const address = { tenant: 'demo', site: 'LYON', node: 'dock-1' };

describe('topics', () => {
  it('name tenant, site, node and channel, and are read back', () => {
    expect(topic(address, 'records')).toBe('docket/1/demo/LYON/dock-1/records');
    expect(parseTopic(topic(address, 'status'))).toEqual({ ...address, channel: 'status' });
    expect(parseClientId(clientId(address))).toEqual(address);
  });

  it.each([
    'docket/2/demo/LYON/dock-1/records',
    'docket/1/demo/LYON/dock-1/other',
    'docket/1/demo/LYON/records',
    'docket/1/+/LYON/dock-1/records',
    '#',
    '',
  ])('do not know %s', (text) => expect(parseTopic(text)).toBeUndefined());

  it.each(['', '+', '#', 'a/b', 'a\0', '-a', 'é', 'a'.repeat(33)])('refuse the name "%s"', (text) => {
    expect(isName(text)).toBe(false);
  });
});
