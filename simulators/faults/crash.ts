/** The machine, process or object stops here: thrown into the code under test, whose state after it counts for nothing. */
export class Crash extends Error {
  constructor(where: string) {
    super(`crashed: ${where}`);
    this.name = 'Crash';
  }
}

/** What a seed must never show. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(message);
    this.name = 'Violation';
    this.rule = rule;
  }
}
