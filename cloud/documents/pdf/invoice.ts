import { Fault } from '../../../protocol/fault.ts';
import { type Attachment, attachmentsOf } from './attachments.ts';
import { PdfFile } from './file.ts';

/** What a PDF may weigh: as much as any document (api/routes/documents.ts). */
const MAX_PDF_BYTES = 20 * 1024 * 1024;

/** Names that the hybrid formats fix for their XML, best first: Factur-X and ZUGFeRD 2.1, ZUGFeRD 2.0 and 1.0, XRechnung. */
const NAMES: readonly string[] = ['factur-x.xml', 'zugferd-invoice.xml', 'xrechnung.xml'];

/** Whether bytes begin as an invoice in XML; the first 4 KB hold any declaration, comment and root element. */
function beginsAsInvoice(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  return /<(?:[\w.-]+:)?(?:CrossIndustryInvoice|CrossIndustryDocument|Invoice|CreditNote)[\s>]/.test(start);
}

export interface EmbeddedInvoice {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Names of all attachments. */
  readonly attachments: readonly string[];
}

/**
 * The invoice that a Factur-X, ZUGFeRD or XRechnung PDF carries: by its file name, wherever it stands among the attachments, then any
 * XML that begins as an invoice. The first attachment is not it: a delivery note often comes first.
 * @throws Fault PDF_NO_INVOICE, LIMIT_SIZE
 */
export function invoiceInPdf(bytes: Uint8Array): EmbeddedInvoice {
  if (bytes.length > MAX_PDF_BYTES)
    throw new Fault('LIMIT_SIZE', `${bytes.length} bytes, more than the ${MAX_PDF_BYTES} that are read of a PDF: send its XML alone`);
  const file = new PdfFile(bytes);
  const found = attachmentsOf(file);
  const attachments = found.map(({ name }) => name);
  const read = ({ name, stream }: Attachment): EmbeddedInvoice => ({ name, bytes: file.decoded(stream), attachments });
  for (const wanted of NAMES) {
    const one = found.find(({ name }) => name.toLowerCase() === wanted);
    if (one !== undefined) return nonEmpty(read(one));
  }
  for (const one of found) {
    if (!/\.xml$/i.test(one.name)) continue;
    const embedded = read(one);
    if (beginsAsInvoice(embedded.bytes)) return embedded;
  }
  const told = attachments.length === 0 ? 'no attachment' : `the attachments ${attachments.slice(0, 5).join(', ').slice(0, 200)}`;
  throw new Fault('PDF_NO_INVOICE', `the PDF has ${told}, so no invoice that can be read: send a Factur-X, or the invoice as XML`);
}

function nonEmpty(embedded: EmbeddedInvoice): EmbeddedInvoice {
  if (embedded.bytes.length > 0) return embedded;
  throw new Fault('PDF_NO_INVOICE', `the attachment ${embedded.name} of the PDF is empty: ask its issuer for a complete one`);
}
