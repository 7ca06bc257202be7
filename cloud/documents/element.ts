/**
 * One element of a parsed document. A class with Maps, never plain objects keyed by names from the input: an element called
 * `__proto__` is then a name like any other.
 */
export class XmlElement {
  readonly namespace: string;
  readonly local: string;
  /** Line in the document, from 1: for messages. */
  readonly line: number;
  /** By local name, or `{namespace}local` for attributes that have a prefix. */
  attributes: ReadonlyMap<string, string> = NONE;
  readonly children: XmlElement[] = [];
  /** Character data directly in this element, trimmed once it is closed. */
  text = '';

  constructor(namespace: string, local: string, line: number) {
    this.namespace = namespace;
    this.local = local;
    this.line = line;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Prefixes that paths are written with: those of the standard's own text, whatever prefixes the document uses. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['cac', 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2'],
  ['cbc', 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'],
  ['rsm', 'urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100'],
  ['ram', 'urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100'],
  ['udt', 'urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100'],
  ['qdt', 'urn:un:unece:uncefact:data:standard:QualifiedDataType:100'],
]);

interface Step {
  readonly namespace: string;
  readonly local: string;
}

const compiled = new Map<string, readonly Step[]>();

function steps(path: string): readonly Step[] {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  const made = path.split('/').map((step) => {
    const [prefix = '', local = ''] = step.split(':');
    return { namespace: PREFIXES.get(prefix) ?? '', local };
  });
  // Paths are literals of the mappers, so the table has a fixed size.
  compiled.set(path, made);
  return made;
}

/** All elements at a path of child steps such as `cac:OrderReference/cbc:ID`, in document order. */
export function every(from: XmlElement, path: string): XmlElement[] {
  let found = [from];
  for (const step of steps(path)) {
    const next: XmlElement[] = [];
    for (const element of found)
      for (const child of element.children) if (child.local === step.local && child.namespace === step.namespace) next.push(child);
    found = next;
  }
  return found;
}

function firstFrom(from: XmlElement, path: readonly Step[], at: number): XmlElement | undefined {
  const step = path[at];
  if (step === undefined) return from;
  for (const child of from.children) {
    if (child.local !== step.local || child.namespace !== step.namespace) continue;
    const found = firstFrom(child, path, at + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first element at a path, in document order. */
export function first(from: XmlElement, path: string): XmlElement | undefined {
  return firstFrom(from, steps(path), 0);
}

/** The text of the first element at a path; undefined when there is none or it is empty. */
export function textAt(from: XmlElement, path: string): string | undefined {
  const text = first(from, path)?.text;
  return text === undefined || text === '' ? undefined : text;
}
