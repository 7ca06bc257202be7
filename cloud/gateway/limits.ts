/** Every limit of the MQTT server, with its reason. Where MQTT 5 can tell the client, the CONNACK does. */

/** One record may have a body of 160,000 bytes; with salt, header and framing it stays under this even if it does not compress. */
export const MAX_PACKET_BYTES = 262_144;

/** A CONNECT holds a token of about 350 bytes and a will of at most 4,096: a stranger may make the hub hold no more than this. */
export const MAX_CONNECT_BYTES = 8_192;

/** A will is one NodeStatus in JSON; eight readers take about 1 KB. */
export const MAX_WILL_BYTES = 4_096;

/** A status names every reader of a node; 64 of them take about 8 KB. */
export const MAX_STATUS_BYTES = 16_384;

/** Publishes with QoS 1 that may wait for their PUBACK: twice the uplink's window, and at most 2 MiB held for one node. */
export const RECEIVE_MAXIMUM = 8;

/** MQTT 3.1.1 cannot be told a receive maximum, so a client that pipelines is given more room before it is cut off: 16 MiB at worst. */
export const RECEIVE_MAXIMUM_311 = 64;

/** Bytes that may wait to be answered: a full window of full packets; more is a client that ignores what the CONNACK said. */
export const MAX_MESSAGE_BYTES = (RECEIVE_MAXIMUM + 1) * MAX_PACKET_BYTES;

/** What a WebSocket message costs on top of its bytes while it waits: an event, a promise, a buffer. */
export const MESSAGE_BYTES = 64;

/**
 * How long a node may go at once as fast as it likes, as a share of its rates. An idle object sleeps after 10 s: by then every bucket is
 * full again, so none has to be stored.
 */
export const RATE_BURST_SECONDS = 10;

/**
 * MQTT packets a second in the long run. A catch-up of 1,000,000 items at 20,000 a second is 7 publishes a second of 60 records each; a
 * dock that publishes every passage by itself makes 20. A ledger commits some 500 a second for all its nodes: beyond this a node only
 * makes others wait. Over it: DISCONNECT 0x96; what was not acknowledged comes again.
 */
export const PACKETS_PER_SECOND = 1_000;

/** Bytes a second in the long run: 400,000 items a second at 10 bytes each, twice what a ledger was ever measured to take. */
export const BYTES_PER_SECOND = 4_194_304;

/** Statuses handed to the ledger each second: a node sends one at most. Beyond it only the newest is kept and handed over a moment later. */
export const REPORTS_PER_SECOND = 2;

/** Batches refused for good: a node stops at its first, each costs the ledger a row of up to 256 KiB, and it keeps 32 of a node. */
export const REFUSALS_BURST = 32;
export const REFUSALS_PER_SECOND = 0.2;

/** A node publishes on two topics; two more are left for later channels. */
export const TOPIC_ALIAS_MAXIMUM = 4;

/** `docket/1/` and four names of at most 32 characters stay under this. */
export const MAX_TOPIC_BYTES = 128;

/** A node's topics have six levels; a deeper one is an attempt to make the server split long paths. */
export const MAX_TOPIC_LEVELS = 8;

/** A node may subscribe to two topics; the rest is room for refusals that name each filter. */
export const MAX_FILTERS = 16;

/** Below this a node would wake its object for nothing: a ping costs about 10 s of awake time. */
export const MIN_KEEPALIVE_SECONDS = 60;

/** Above this a dead node shows as online for too long: 1.5 times this is 7.5 minutes (MQTT 5 section 3.1.2.10). */
export const MAX_KEEPALIVE_SECONDS = 300;

/** How long a socket may stay open without a CONNECT: a slow mobile link needs about 2 s. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** How long a login may wait for the ledger: what the uplink grants, and longer than the ledger's longest commit. */
export const LOGIN_TIMEOUT_MS = 20_000;

/** Sockets of one node that have not connected yet; of who holds most the oldest gives way, so that a stranger cannot hold the door shut. */
export const MAX_PENDING_SOCKETS = 8;

/** Commands that may wait for one node: a day of despatch advices for a busy site; beyond it the ledger keeps them and tries again. */
export const MAX_COMMANDS = 1_000;

/** A command is a document with at most some thousand lines. */
export const MAX_COMMAND_BYTES = 131_072;

/** A session of a client that asks for one survives this long without a connection: a long weekend and a day. */
export const MAX_SESSION_SECONDS = 5 * 86_400;

/** The time of the last packet is kept this coarsely, so that a busy connection does not rewrite its attachment each time. */
export const SEEN_GRAIN_MS = 5_000;

/**
 * Logins that name a key which the gateway has not seen, of all strangers together: each asks the ledger once. Ten at once are a person
 * who tries; one a second in the long run is nothing to a ledger. A node with a key is not counted: the last answer names it.
 */
export const STRANGERS = { burst: 10, perSecond: 1 };

/**
 * Connections from one address. Behind one may stand a site with some hundred nodes that all come back after a cut; each then waits longer
 * from try to try, up to 30 s.
 */
export const CONNECTS = { burst: 200, perSecond: 20 };

/** Connections from one address that are still worth an MQTT answer when they are over that limit; beyond it they get HTTP 429. */
export const CONNECT_ANSWERS = { burst: 200, perSecond: 20 };

/** Refused sockets of a Worker that wait for the CONNECT they shall answer, of all addresses: some KB each. */
export const MAX_REFUSED_SOCKETS = 256;

/** How long such a socket waits for its CONNECT; a client sends it at once. */
export const REFUSED_TIMEOUT_MS = 3_000;
