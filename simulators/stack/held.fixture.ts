import { Child } from './child.ts';
import { Leash } from './leash.ts';

/** A parent that only holds a child: its argument is the program. It hands on the child's first line. */
new Child({
  name: 'held',
  args: [process.argv[2] ?? ''],
  cwd: process.cwd(),
  leash: new Leash(),
  line: (line) => process.stdout.write(`${line}\n`),
});
