import { type BitReader, BitWriter, malformed } from './bits.ts';
import { readCode40, writeCode40 } from './texts.ts';

/** Pieces of a hostname with a 7-bit code of their own (TDS 2.3 table 14-11); all other codes are the ASCII character. */
const PIECES = new Map<number, string>([
  [0x1e, 'qr.'],
  [0x1f, 'www.'],
  [0x20, 'id.'],
  [0x5b, '.com'],
  [0x5c, '.org'],
  [0x5d, '.net'],
  [0x5e, '.int'],
  [0x60, '.edu'],
  [0x7b, '.gov'],
  [0x7c, '.mil'],
  [0x7d, '.biz'],
  [0x7e, '.eco'],
  [0x7f, '.med'],
]);

/** Two country letters each, in the order of their codes. */
const pairs = (letters: string): string[] => (letters.match(/../g) ?? []).map((pair) => `.${pair}`);

/** Endings of two 7-bit codes: the first, 0 to 3, is the table (TDS 2.3 tables 14-12 to 14-15), the second the place in it. */
const ENDINGS: readonly (readonly string[])[] = [
  pairs(
    'acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjbmbnbobqbrbsbtbwbybzcacccdcfcgchcickclcmcncocrcucvcwcxcyczdedjdkdmdodzeceeegeher' +
      'eseteufifjfkfmfofrgagdgegfggghgiglgmgngpgqgrgsgtgugwgyhkhmhnhrhthuidieiliminioiqirisitjejmjojpkekgkhkikmknkpkrkwkykzlalblcli',
  ),
  pairs(
    'lklrlsltlulvlymamcmdmemgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpmpnprpsptpwpyqarerorsrurwsasbscsdse' +
      'sgshsiskslsmsnsrssstsusvsxsysztctdtftgthtjtktltmtntotrtttvtwtzuaugusuyuzvavcvevgvivnvuwfwsyeytzazmzw',
  ),
  (
    'com.au net.au org.au co.at com.bd co.bd com.br net.br co.nz com.ng com.pk co.in com.in co.il co.jp co.za co.kr com.es com.lk co.th ' +
    'co.tt com.tt com.tr biz.tr com.ua co.uk co.zm com.zm com.cn org.cn net.cn gov.cn'
  )
    .split(' ')
    .map((ending) => `.${ending}`),
  ['.tech'],
];

/** Letters, digits, hyphens in labels of 1 to 63, at most 253 in all (RFC 1123 section 2.1); a port may follow. */
const HOSTNAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(:\d{1,5})?$/;

const checked = (host: string): string =>
  HOSTNAME.test(host) ? host : malformed('EPC_CHARACTER', `${JSON.stringify(host)} is no hostname`);

/**
 * The hostname of a "++" scheme: 1 bit for the method, 6 bits for the length, data (TDS 2.3 section 14.5.16). URN Code 40 knows upper
 * case only, and hostnames have no case: it comes back in lower case.
 * @throws Fault EPC_CHARACTER, EPC_LENGTH, EPC_RESERVED
 */
export function readHostname(reader: BitReader): string {
  const sevenBit = reader.number(1) === 1;
  const length = reader.number(6);
  if (length === 0) malformed('EPC_LENGTH', 'the hostname is empty');
  if (!sevenBit) return checked(readCode40(reader, length).toLowerCase());
  let host = '';
  for (let left = length; left > 0; left--) {
    const code = reader.number(7);
    const endings = ENDINGS[code];
    if (endings === undefined) {
      host += PIECES.get(code) ?? String.fromCharCode(code);
      continue;
    }
    // Both codes count: a length that ends between them contradicts itself.
    if (--left === 0) malformed('EPC_LENGTH', 'the hostname ends inside a code of 14 bits');
    host += endings[reader.number(7)] ?? malformed('EPC_RESERVED', 'a code of the hostname is reserved');
  }
  return checked(host);
}

/** The fewest 7-bit codes for a hostname: the tables' pieces overlap (.co and .com.au), so every split is weighed from the end. */
function sevenBitCodes(host: string): number[] {
  const pieces = [...PIECES].map(([code, text]) => ({ text, codes: [code] }));
  for (const [table, endings] of ENDINGS.entries())
    for (const [place, text] of endings.entries()) pieces.push({ text, codes: [table, place] });
  const best: number[][] = new Array<number[]>(host.length + 1).fill([]);
  for (let at = host.length - 1; at >= 0; at--) {
    let codes = [host.charCodeAt(at), ...(best[at + 1] as number[])];
    for (const piece of pieces) {
      if (!host.startsWith(piece.text, at)) continue;
      const tried = [...piece.codes, ...(best[at + piece.text.length] as number[])];
      if (tried.length < codes.length) codes = tried;
    }
    best[at] = codes;
  }
  return best[0] as number[];
}

/** Writes a hostname by the method that needs fewer bits. @throws Fault EPC_UNENCODABLE when it is none or over 63 characters or codes */
export function writeHostname(writer: BitWriter, host: string, method?: 'code40' | 'sevenBit'): void {
  if (!HOSTNAME.test(host)) malformed('EPC_UNENCODABLE', `${JSON.stringify(host)} is no hostname`);
  const tried: BitWriter[] = [];
  if (method !== 'sevenBit' && host === host.toLowerCase() && host.length < 64) {
    const bits = new BitWriter();
    bits.number(0, 1);
    bits.number(host.length, 6);
    writeCode40(bits, host.toUpperCase());
    tried.push(bits);
  }
  const codes = sevenBitCodes(host);
  if (method !== 'code40' && codes.length < 64) {
    const bits = new BitWriter();
    bits.number(1, 1);
    bits.number(codes.length, 6);
    for (const code of codes) bits.number(code, 7);
    tried.push(bits);
  }
  const best = tried.sort((a, b) => a.length - b.length)[0] ?? malformed('EPC_UNENCODABLE', `${JSON.stringify(host)} is too long`);
  writer.append(best);
}
