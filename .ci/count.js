// Adds up what the tests and the checks counted; a run that counted nothing has failed.
import { readFileSync } from 'node:fs';

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const [testStatus, checkStatus, simStatus] = process.argv.slice(2).map(Number);
const tests = read('.docket/tests.json');
const check = read('.docket/check.json');
const passed = (tests?.numPassedTests ?? 0) + (check?.passed ?? 0) + (simStatus === 0 ? 1 : 0);
let failed = (tests?.numFailedTests ?? 0) + (check?.failed ?? 0) + (simStatus === 0 ? 0 : 1);
// A runner that broke off (a file that does not load, no report at all) fails even where no single test did.
if (failed === 0 && (testStatus !== 0 || checkStatus !== 0 || tests === undefined || check === undefined)) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
