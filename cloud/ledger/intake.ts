import type { Batch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainNext, commitment, SALT_BYTES } from '../../protocol/chain.ts';
import { Fault } from '../../protocol/fault.ts';
import { decodeBody, type EpochBody, type RecordBody, type UnknownBody } from '../../protocol/record.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';
import type { Mark } from './place.ts';

/** A batch that is turned away: nothing of it is kept. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** Commitments of a batch's records, and the chain values before the first and after each. */
export function sealsOf(batch: Batch): { commitments: Uint8Array[]; chain: Uint8Array[] } {
  const commitments = batch.records.map(({ salt, body }) => commitment(salt, body));
  const chain = [batch.header.before];
  for (const c of commitments) chain.push(chainNext(chain.at(-1) as Uint8Array, c));
  return { commitments, chain };
}

function readBody(body: Uint8Array, where: string): RecordBody | UnknownBody {
  try {
    return decodeBody(body);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Refusal(error.code === 'RECORD_VERSION' ? 'VERSION' : 'RECORD_INVALID', `${where}: ${error.message}`);
  }
}

/** The record that opens an epoch names the head it leaves, so that no record between can have been lost unseen. */
function checkOpening(record: RecordBody | UnknownBody, epoch: number, mark: Mark): void {
  if (record.type !== 'epoch') throw new Refusal('EPOCH', `epoch ${epoch} must open with an epoch record, not with ${record.type}`);
  const { previous } = record as EpochBody;
  if (previous.epoch !== mark.epoch || previous.seq !== mark.seq || previous.chain !== toBase64url(mark.chain)) {
    throw new Refusal(
      'EPOCH',
      `epoch ${epoch} leaves record ${previous.seq} of epoch ${previous.epoch}, but the hub's head is record ${mark.seq} of epoch ${mark.epoch}`,
    );
  }
}

/**
 * Reads the bodies of a batch after the first `skip`. `opens`: they begin an epoch after the first, whose first record, and no other,
 * is an epoch record.
 * @throws Refusal
 */
export function readRecords(batch: Batch, skip: number, mark: Mark, opens: boolean): (RecordBody | UnknownBody)[] {
  const { epoch, first } = batch.header;
  return batch.records.slice(skip).map(({ salt, body }, i) => {
    const seq = first + skip + i;
    if (salt.length !== SALT_BYTES) {
      throw new Refusal('BATCH_INVALID', `the salt of record ${seq} has ${salt.length} bytes, expected ${SALT_BYTES}`);
    }
    const record = readBody(body, `record ${seq} of epoch ${epoch}`);
    if (opens && i === 0) checkOpening(record, epoch, mark);
    else if (record.type === 'epoch') {
      throw new Refusal('RECORD_INVALID', `record ${seq} is an epoch record, which may only open an epoch after the first`);
    }
    return record;
  });
}
