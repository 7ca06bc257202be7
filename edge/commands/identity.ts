import { type Enrolled, enrolNode, rotateKey } from '../enrolment.ts';
import { loadIdentity } from '../identity.ts';
import { loadSettings } from '../settings.ts';
import { options, required, settingsFile } from './usage.ts';

export async function key(args: string[]): Promise<number> {
  const settings = await loadSettings(settingsFile(args), { keepCopy: false });
  const { publicKey, id, fingerprint } = loadIdentity(settings.dataDir);
  console.log(`public key  ${publicKey}\nkey id      ${id}\nfingerprint ${fingerprint}`);
  return 0;
}

const show = ({ keyId, fingerprint }: Enrolled, text: string): void =>
  console.log(`${text}\nkey id      ${keyId}\nfingerprint ${fingerprint}  compare it with the one at the hub`);

export async function enrol(args: string[]): Promise<number> {
  const { values } = options(args, { settings: { type: 'string' }, token: { type: 'string' } });
  const token = required(values.token, '--token TOKEN');
  const settings = await loadSettings(required(values.settings, '--settings FILE'), { keepCopy: false });
  show(await enrolNode(settings, token), `${settings.tenant}/${settings.site}/${settings.node} is enrolled`);
  return 0;
}

export async function rotate(args: string[]): Promise<number> {
  const settings = await loadSettings(settingsFile(args), { keepCopy: false });
  show(await rotateKey(settings), `${settings.tenant}/${settings.site}/${settings.node} has a new key; the old one ends in 24 hours`);
  return 0;
}
