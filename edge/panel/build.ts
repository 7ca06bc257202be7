import { writePage } from './bundle.ts';

console.log(`panel page written to ${await writePage()}`);
