import { parseArgs } from 'node:util';
import { Fault } from '../../protocol/fault.ts';

/** A subcommand: takes what stands behind its name, resolves with the exit code. @throws Fault USAGE for a wrong call */
export type Command = (args: string[]) => Promise<number>;

/** Options of a call by name; `string` takes a value. */
type Spec = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
type Values<S extends Spec> = { readonly [K in keyof S]?: S[K]['type'] extends 'string' ? string : boolean };

/** Reads the options of a call, and its positional arguments where there may be any. @throws Fault USAGE */
export function options<S extends Spec>(args: string[], spec: S, positionals = 0): { values: Values<S>; positionals: string[] } {
  try {
    const parsed = parseArgs({ args, options: spec, allowPositionals: true });
    const extra = parsed.positionals[positionals];
    if (extra !== undefined) throw new Fault('USAGE', `"${extra}" is one argument too many`);
    return { values: parsed.values as Values<S>, positionals: parsed.positionals };
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('USAGE', firstSentence((error as Error).message));
  }
}

/** What `parseArgs` says beyond its first sentence helps programmers only. */
const firstSentence = (text: string): string => text.split(/\. /)[0] ?? text;

/** The value of an option that must be there. @throws Fault USAGE */
export function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new Fault('USAGE', `${option} is missing`);
  return value;
}

/** The `--settings FILE` of a command that takes nothing else. @throws Fault USAGE */
export function settingsFile(args: string[]): string {
  return required(options(args, { settings: { type: 'string' } }).values.settings, '--settings FILE');
}
