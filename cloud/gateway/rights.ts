import { type Channel, type NodeAddress, parseTopic, topic } from '../../protocol/topics.ts';
import { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './limits.ts';
import { PacketFault, REASON } from './reason.ts';

/** Topic rights follow from the identity alone: no list of permissions exists that could be wrong. */

const MAY_PUBLISH: readonly Channel[] = ['records', 'status'];
const MAY_SUBSCRIBE: readonly Channel[] = ['commands', 'replies'];

export type PublishChannel = 'records' | 'status';
export type SubscribeChannel = 'commands' | 'replies';

const same = (a: NodeAddress, b: NodeAddress): boolean => a.tenant === b.tenant && a.site === b.site && a.node === b.node;

const isTooLong = (name: string): boolean =>
  name.length > MAX_TOPIC_BYTES || name.split('/', MAX_TOPIC_LEVELS + 1).length > MAX_TOPIC_LEVELS;

/**
 * The channel of a topic that the node may publish on; undefined when it may not.
 * @throws PacketFault topicInvalid for a wildcard and for a topic of more than 128 bytes or 8 levels (MQTT 5 section 3.3.2.1)
 */
export function publishChannel(address: NodeAddress, name: string): PublishChannel | undefined {
  if (isTooLong(name) || /[+#]/.test(name)) {
    throw new PacketFault(REASON.topicInvalid, `${JSON.stringify(name.slice(0, MAX_TOPIC_BYTES))} is no topic name`);
  }
  const parsed = parseTopic(name);
  if (parsed === undefined || !same(parsed, address) || !MAY_PUBLISH.includes(parsed.channel)) return undefined;
  return parsed.channel as PublishChannel;
}

/** Whether a filter is one by MQTT 5 section 4.7.1: `#` alone at the end of a level path, `+` alone in its level. */
function isFilter(filter: string): boolean {
  if (filter.length === 0 || isTooLong(filter)) return false;
  const levels = filter.split('/');
  return levels.every(
    (level, i) => (!level.includes('#') || (level === '#' && i === levels.length - 1)) && (!level.includes('+') || level === '+'),
  );
}

/** The channel that a filter subscribes to, or the SUBACK reason that refuses it (MQTT 5 section 3.9.3). */
export function subscribeChannel(address: NodeAddress, filter: string): SubscribeChannel | number {
  if (filter.startsWith('$share/')) return REASON.shared;
  if (!isFilter(filter)) return REASON.filterInvalid;
  if (/[+#]/.test(filter)) return REASON.wildcard;
  const parsed = parseTopic(filter);
  if (parsed === undefined || !same(parsed, address) || !MAY_SUBSCRIBE.includes(parsed.channel)) return REASON.notAuthorized;
  return parsed.channel as SubscribeChannel;
}

/** The only topic on which a node may leave a will. */
export function isWillTopic(address: NodeAddress, name: string): boolean {
  return name === topic(address, 'status');
}
