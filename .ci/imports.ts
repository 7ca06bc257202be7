import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** One import of one file, as written and as a path of the repository where it is relative. */
export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Repository path for a relative import, else undefined. */
  readonly file: string | undefined;
  readonly typeOnly: boolean;
}

const STATIC = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** The TypeScript files that git knows or would know: tracked and untracked, not ignored. */
export function sourceFiles(): string[] {
  const listing = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.js'], {
    encoding: 'utf8',
  });
  return listing.split('\n').filter((file) => file !== '' && !file.endsWith('.d.ts'));
}

/** All imports of a file: static, re-exports, side effects and dynamic ones with a literal. */
export function importsOf(from: string, text: string = readFileSync(from, 'utf8')): Import[] {
  const found: Import[] = [];
  const push = (specifier: string, typeOnly: boolean): void => {
    const file = specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : undefined;
    found.push({ from, specifier, file, typeOnly });
  };
  for (const match of text.matchAll(STATIC)) push(match[2] as string, match[1] !== undefined);
  for (const match of text.matchAll(DYNAMIC)) push(match[1] as string, false);
  return found;
}
