import { ReaderEmulator } from './simulators/reader/emulator.ts';
import { openReader } from './edge/readers/open.ts';
for (const transport of [{kind:'pty'}, {kind:'pty', uart:true},{kind:'tcp',port:0}] as const) {
const em = await ReaderEmulator.open({ transport, source: (now)=>[{epc:'3034257BF7194E4000001A85',antenna:2,rssi:-50},{epc:'3034257BF7194E4000001A86',antenna:1,rssi:-60}] });
console.log(em.path);
let n=0; let last;
const t0=Date.now();
const r = openReader({id:'r1',model:'thingmagic',link:em.path,region:'EU3',powerCdbm:2700,session:1,ports:[1,2]}, { reads(id,reads){ n+=reads.length; last=reads.at(-1)}, health(id,h){ console.log(Date.now()-t0, JSON.stringify(h)); } });
r.start();
await new Promise(r=>setTimeout(r,5000));
await r.stop();
console.log(n,last,em.module.records,em.module.settings);
await em.close();
}
