/** A certificate that was shown over TLS. */
export interface ShownCertificate {
  /** SHA-256 of it: 64 hex digits in small letters. */
  fingerprint: string;
  /** Whom it names. */
  subject: string;
  notAfterMs: number;
}

/** The hardware that stands at a position today. All text: a serial "007" is not 7. */
export interface DeviceUnit {
  id: string;
  maker: string | null;
  model: string | null;
  serial: string | null;
  /** Hardware addresses: lower case, sorted, with commas between. */
  mac: string | null;
  /** How it calls itself in WS-Discovery. */
  endpoint: string | null;
  firmware: string | null;
  /** What it showed when it was spoken to last; null where that was not over TLS. */
  certificate: ShownCertificate | null;
}
