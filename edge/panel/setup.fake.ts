import { Fault } from '../../protocol/fault.ts';
import { BodyFault } from './problem.ts';
import type { ReaderChange, RecordingWish, Saved, SetUpForm, SetUpModel, SetUpState } from './setupmodel.ts';

const EPC = '30340BF2C87A1B4000000ABC';
const NOW = Date.UTC(2026, 10, 24, 9, 41, 7);

/** A node with one reader whose antenna 4 has come loose, and a tag in front of its antenna 2. */
export function sampleSetUp(): SetUpState {
  const hears = [1, 2, 3, 4].map((port) => ({ port, readsPerSecond: port === 2 ? 40 : 0, rssi: port === 2 ? -42 : null }));
  return {
    now: NOW,
    readers: [
      {
        ...{ id: 'r1', model: 'M6e', state: 'reading', link: '/dev/rfid/dock-1 921600', since: NOW - 60_000, readsPerSecond: 40 },
        ...{ firmware: '01.21.01.19', temperatureC: 41, hears },
        antennas: [1, 2, 3, 4].map((port) => ({ port, connected: port !== 4, reads: 100 })),
      },
    ],
    zones: [],
    tags: [{ epc: EPC, count: 746, reader: 'r1', port: 2, rssi: -42, last: NOW - 1_000 }],
    tagsTotal: 1,
    nearest: { epc: EPC, reader: 'r1', port: 2, rssi: -42, next: { reader: 'r1', port: 1, rssi: -58 }, clear: true },
    restartNeeded: false,
    search: null,
  };
}

/** The readers of a node, in memory: keeps what reached it. */
export class FakeSetUp implements SetUpModel {
  current = sampleSetUp();
  readonly saved: ReaderChange[] = [];
  readonly searched: (string | undefined)[] = [];
  readonly wishes: RecordingWish[] = [];
  cleared = 0;
  followed: string | undefined;
  refuse: Fault | undefined;

  state(epc?: string): SetUpState {
    this.followed = epc;
    return this.current;
  }

  clear(): void {
    this.cleared++;
  }

  form(): SetUpForm {
    const antenna = (port: number, side: 'outside' | 'inside') => ({ reader: 'r1', port, side });
    return {
      revision: 'rev1',
      readers: [{ id: 'r1', model: 'thingmagic', link: '/dev/rfid/dock-1', region: 'EU3', powerCdbm: 2_700, session: 1 }],
      doors: [
        { id: 'D1', name: 'Quai 1', antennas: [antenna(1, 'outside'), antenna(2, 'inside')] },
        { id: 'D2', name: 'Quai 2', antennas: [antenna(3, 'outside'), antenna(4, 'inside')] },
      ],
      models: ['thingmagic', 'a0'],
      regions: ['EU3', 'NA'],
    };
  }

  async save(change: ReaderChange): Promise<Saved> {
    if (this.refuse !== undefined) throw this.refuse;
    if (change.reader.powerCdbm > 3_150) throw new BodyFault([{ field: 'readers[0].powerCdbm', message: 'is in hundredths of a dBm' }]);
    this.saved.push(change);
    return { restarted: true, restartNeeded: false };
  }

  search(tcp: string | undefined): void {
    if (tcp === 'nowhere') throw new Fault('LINK_ADDRESS', '"tcp://nowhere" is no reader address');
    this.searched.push(tcp);
  }

  recording(reader: string, wish: RecordingWish): ReadableStream<Uint8Array> {
    if (reader !== 'r1') throw new Fault('READER_UNKNOWN', `this node has no reader ${reader}`);
    this.wishes.push(wish);
    return new Blob(['docket-tape']).stream();
  }
}
