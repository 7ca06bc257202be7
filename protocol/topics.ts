/** MQTT topics between a node and the hub: the only place that holds a topic string. */

const ROOT = 'docket/1';

/** Names in topics: lower-case or upper-case letters, digits, hyphen, dot and underscore; never + # / or NUL. At most 32, so that a topic stays under 128 bytes. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

export type Channel = 'records' | 'status' | 'commands' | 'replies';
const CHANNELS: readonly string[] = ['records', 'status', 'commands', 'replies'];

/** A node's address: its tenant, its site, its own name. */
export interface NodeAddress {
  readonly tenant: string;
  readonly site: string;
  readonly node: string;
}

/** True for a tenant, site, node or door name that may stand in a topic. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** `docket/1/<tenant>/<site>/<node>/<channel>` */
export function topic(address: NodeAddress, channel: Channel): string {
  return `${ROOT}/${address.tenant}/${address.site}/${address.node}/${channel}`;
}

/** The address and channel of a topic; undefined for any other topic. */
export function parseTopic(text: string): (NodeAddress & { readonly channel: Channel }) | undefined {
  const parts = text.split('/');
  const [name, major, tenant, site, node, channel] = parts;
  if (parts.length !== 6 || `${name}/${major}` !== ROOT) return undefined;
  if (tenant === undefined || site === undefined || node === undefined || channel === undefined) return undefined;
  if (!isName(tenant) || !isName(site) || !isName(node) || !CHANNELS.includes(channel)) return undefined;
  return { tenant, site, node, channel: channel as Channel };
}

/** `<tenant>/<site>/<node>`: the MQTT client identifier and the path below /mqtt. */
export function clientId(address: NodeAddress): string {
  return `${address.tenant}/${address.site}/${address.node}`;
}

/** The address in a client identifier; undefined when it is not `<tenant>/<site>/<node>`. */
export function parseClientId(text: string): NodeAddress | undefined {
  const [tenant, site, node, more] = text.split('/');
  if (tenant === undefined || site === undefined || node === undefined || more !== undefined) return undefined;
  return isName(tenant) && isName(site) && isName(node) ? { tenant, site, node } : undefined;
}
