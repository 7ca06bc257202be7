import { type BitReader, type BitWriter, malformed } from './bits.ts';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Years of two digits lie between 1951 and 2050 for a century (GS1 General Specifications 7.12): leap when divisible by 4. */
function isDate(year: number, month: number, day: number): boolean {
  const days = month === 2 && year % 4 === 0 ? 29 : (DAYS[month - 1] ?? -1);
  return year <= 99 && day <= days;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** YYMMDD in 16 bits: year 7, month 4, day 5; day 00 is the whole month (TDS section 14.5.8). @throws Fault EPC_DATE */
export function readDate(reader: BitReader): string {
  const [year, month, day] = [reader.number(7), reader.number(4), reader.number(5)];
  const text = two(year) + two(month) + two(day);
  return isDate(year, month, day) ? text : malformed('EPC_DATE', `${text} is no date YYMMDD`);
}

export function writeDate(writer: BitWriter, text: string): void {
  const [year, month, day] = [0, 2, 4].map((at) => Number(text.slice(at, at + 2))) as [number, number, number];
  if (!/^\d{6}$/.test(text) || !isDate(year, month, day)) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is no date YYMMDD`);
  writer.number(year, 7);
  writer.number(month, 4);
  writer.number(day, 5);
}

/** hh, hhmm or hhmmss in 5, 11 or 17 bits (TDS sections 14.5.9 and 14.5.11). @throws Fault EPC_DATE */
export function readTime(reader: BitReader, parts: number): string {
  let text = '';
  for (let i = 0; i < parts; i++) {
    const value = reader.number(i === 0 ? 5 : 6);
    text += two(value);
    if (value > (i === 0 ? 24 : 59)) malformed('EPC_DATE', `${text} is no time of day`);
  }
  return text;
}

export function writeTime(writer: BitWriter, text: string): void {
  if (!/^([01]\d|2[0-4])([0-5]\d){0,2}$/.test(text)) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is no time of day`);
  for (let at = 0; at < text.length; at += 2) writer.number(Number(text.slice(at, at + 2)), at === 0 ? 5 : 6);
}
