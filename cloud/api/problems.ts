/** The codes of this API's errors: status and title of each. The table is part of the contract; a code is never renamed. */
export const PROBLEMS = {
  // Request
  BODY_INVALID: { status: 400, title: 'The body does not fit' },
  JSON_INVALID: { status: 400, title: 'The body is not JSON' },
  CURSOR_INVALID: { status: 400, title: 'The cursor is not one of this list' },
  QUERY_INVALID: { status: 400, title: 'A query parameter does not fit' },
  PATH_INVALID: { status: 400, title: 'A part of the path does not fit' },
  NOT_FOUND: { status: 404, title: 'Nothing is here' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path does not take this method' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE: { status: 415, title: 'The content type is not read here' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  // Rights
  KEY_MISSING: { status: 401, title: 'A key is missing' },
  KEY_INVALID: { status: 401, title: 'The key is not valid' },
  KEY_EXPIRED: { status: 401, title: 'The key has expired' },
  KEY_REVOKED: { status: 401, title: 'The key was revoked' },
  SCOPE_MISSING: { status: 403, title: 'The key may not do this' },
  SCOPE_ESCALATION: { status: 403, title: 'A key may only hand out scopes it has' },
  BOOTSTRAP_CLOSED: { status: 403, title: 'No tenant can be made here' },
  // Keys and tenants
  TENANT_EXISTS: { status: 409, title: 'The tenant exists' },
  KEY_LIMIT: { status: 409, title: 'Too many active keys' },
  LAST_ADMIN_KEY: { status: 409, title: 'The last key that may administer keys' },
  // Master data
  SITE_UNKNOWN: { status: 422, title: 'The site is not known' },
  MASTERDATA_INVALID: { status: 422, title: 'The master data do not fit' },
  DEVICE_INVALID: { status: 422, title: 'The key cannot be registered' },
  // Identity of nodes
  ENROLMENT_INVALID: { status: 403, title: 'The enrolment token is not valid' },
  ENROLMENT_EXPIRED: { status: 403, title: 'The enrolment token has expired' },
  ENROLMENT_USED: { status: 409, title: 'The enrolment token was used' },
  PROOF_INVALID: { status: 422, title: 'A signature does not verify' },
  KEY_UNUSABLE: { status: 403, title: 'The old key vouches for nothing' },
  QUARANTINED: { status: 409, title: 'The node is in quarantine' },
  // Documents
  EMPTY: { status: 422, title: 'The document is empty' },
  DOCTYPE_FORBIDDEN: { status: 422, title: 'The document declares a DOCTYPE' },
  XML_NOT_WELL_FORMED: { status: 422, title: 'The document is not well-formed XML' },
  LIMIT_DEPTH: { status: 422, title: 'The document is nested too deeply' },
  LIMIT_SIZE: { status: 422, title: 'The document is too large' },
  PDF_NO_INVOICE: { status: 422, title: 'The PDF holds no invoice that can be read' },
  UNKNOWN_DOCUMENT: { status: 422, title: 'The document is of a kind that is not read here' },
  UNSUPPORTED_VERSION: { status: 422, title: 'The document is of a version that is not read here' },
  MISSING_MANDATORY: { status: 422, title: 'The document lacks a mandatory part' },
  VALUE_INVALID: { status: 422, title: 'A value of the document does not fit' },
  DUPLICATE_NUMBER: { status: 409, title: 'The number is taken by a document with other content' },
  // Log
  EXPORT_LIMIT: { status: 409, title: 'Too many exports are open' },
  ORIGINAL_MISSING: { status: 500, title: 'An original is missing from the archive' },
  // Hub
  BUSY: { status: 503, title: 'The hub is busy' },
  INTERNAL: { status: 500, title: 'The hub failed' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
