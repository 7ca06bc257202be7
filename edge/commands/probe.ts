import { Fault } from '../../protocol/fault.ts';
import { networkPath } from '../readers/link/tcp.ts';
import { LLRP_PORT } from '../readers/llrp/codec.ts';
import { REGIONS } from '../readers/thingmagic/codec.ts';
import { serialPorts } from '../setup/ports.ts';
import { type Found, longestMs, type Probed, probeLink, snippet } from '../setup/probe.ts';
import { options } from './usage.ts';

/** Same as the settings' own default: 865 to 868 MHz. */
const DEFAULT_REGION = 'EU3';

/**
 * `probe [--port PATH | --tcp HOST:PORT] [--region NAME] [--no-read] [--json]`: what answers, and what to write in the settings for it.
 * Exit code 1 when no reader was found. @throws Fault USAGE, also for a region that no settings know; LINK_ADDRESS
 */
export async function probe(args: string[]): Promise<number> {
  const { values } = options(args, {
    port: { type: 'string' },
    tcp: { type: 'string' },
    region: { type: 'string' },
    'no-read': { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const { port, tcp, region = DEFAULT_REGION, json = false } = values;
  if (!Object.hasOwn(REGIONS, region)) throw new Fault('USAGE', `--region must be one of ${Object.keys(REGIONS).join(', ')}`);
  if (port !== undefined && tcp !== undefined) throw new Fault('USAGE', 'either --port or --tcp, not both');
  const links =
    tcp !== undefined ? [networkPath(`tcp://${tcp.replace(/^tcp:\/\//, '')}`, LLRP_PORT)] : port !== undefined ? [port] : serialPorts();
  const say = (text: string): void => (json ? undefined : console.log(text));
  if (links.length === 0) {
    say('no serial device here: plug the reader in, or name it with --port PATH or --tcp HOST:PORT');
    return 1;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  say(`looking at ${links.length} link(s), at most ${Math.ceil(longestMs() / 1_000)} s each and 3 s of reading in region ${region}`);
  let found = 0;
  for (const link of links) {
    if (stop.signal.aborted) break;
    const result = await probeLink(link, { region: values['no-read'] === true ? undefined : region, stop: stop.signal });
    if (result.state === 'found') found++;
    const write = result.state === 'found' ? { settings: snippet(result, `r${found}`, region) } : {};
    console.log(json ? JSON.stringify({ ...result, ...write }) : text(result, `r${found}`, region));
  }
  return found > 0 ? 0 : 1;
}

function text(result: Probed, id: string, region: string): string {
  if (result.state !== 'found') return `${result.link}: ${result.text}`;
  return [
    `${result.link}: ${who(result)}`,
    ...antennas(result),
    ...result.faults.map((fault) => `  fault: ${fault}`),
    ...paste(result, id, region),
  ].join('\n');
}

function who({ family, baud, reader }: Found): string {
  const firmware = reader.firmware === undefined ? '' : `, firmware ${reader.firmware}`;
  const temperature = reader.temperatureC === undefined ? '' : `, ${reader.temperatureC} °C`;
  return `${reader.model} (model "${family}")${firmware}${baud === undefined ? '' : `, ${baud} baud`}${temperature}`;
}

function antennas({ reader, sample = [] }: Found): string[] {
  const ports = [...new Set([...reader.antennas, ...sample].map(({ port }) => port))].sort((a, b) => a - b);
  return ports.map((port) => {
    const connected = reader.antennas.find((one) => one.port === port)?.connected ?? null;
    const state = connected === null ? 'cannot tell whether it is connected' : connected ? 'connected' : 'not connected';
    const heard = sample.find((one) => one.port === port);
    const level = heard?.rssi === null || heard === undefined ? '' : `, ${heard.tags} tag(s), mean ${heard.rssi} dBm`;
    return `  antenna ${port}: ${state}${heard === undefined ? '' : `, ${heard.readsPerSecond} reads/s${level}`}`;
  });
}

function paste(found: Found, id: string, region: string): string[] {
  return ['  in the settings, under "readers":', `  ${JSON.stringify(snippet(found, id, region))}`];
}
