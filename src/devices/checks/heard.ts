/** Last values of a device, as far as a check asks. */
export interface LastHeard {
  fields: ReadonlyMap<string, { value: unknown; receivedAtMs: number }>;
  /** Null where only others have spoken for it. */
  lastMessageAtMs: number | null;
  online: boolean;
  stale: boolean;
  firmware: string | null;
}

/** One message of a device. */
export interface HeardMessage {
  uplink: string;
  receivedAtMs: number;
  /** Records of it that could not be used. */
  refused: number;
  clock: 'device' | 'receipt' | 'refused' | null;
  /** Device time minus time of receipt, in ms; null where it told none that is believed. */
  offMs: number | null;
}

/** Something of a device that could not be used. */
export interface PutAside {
  reason: string;
  path: string;
  value: string;
  receivedAtMs: number;
}
