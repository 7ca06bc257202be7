/**
 * GS1 check digit of a key without it (GS1 General Specifications 7.9): weights 3, 1, 3, 1 from the right.
 * `value` is the number formed by the digits, below 2^53.
 */
export function checkDigit(value: number): number {
  let sum = 0;
  let weight = 3;
  let rest = value;
  while (rest > 0) {
    const next = Math.floor(rest / 10);
    sum += (rest - next * 10) * weight;
    weight = 4 - weight;
    rest = next;
  }
  return (10 - (sum % 10)) % 10;
}

/** Check digit of a key's digits as text, for keys longer than 15 digits such as the SSCC. */
export function checkDigitOf(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, weight = 3; i >= 0; i--, weight = 4 - weight) sum += (digits.charCodeAt(i) - 48) * weight;
  return (10 - (sum % 10)) % 10;
}

/** GTIN-8, -12, -13 or -14 as 14 digits; undefined when it is not numeric, not of such a length, or its check digit is wrong. */
export function gtin14(text: string): string | undefined {
  if (!/^(\d{8}|\d{12}|\d{13}|\d{14})$/.test(text)) return undefined;
  const padded = text.padStart(14, '0');
  return checkDigitOf(padded.slice(0, 13)) === padded.charCodeAt(13) - 48 ? padded : undefined;
}

/** True for an SSCC of 18 digits with a right check digit. */
export function isSscc(text: string): boolean {
  return /^\d{18}$/.test(text) && checkDigitOf(text.slice(0, 17)) === text.charCodeAt(17) - 48;
}
