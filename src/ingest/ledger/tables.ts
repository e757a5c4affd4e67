export interface IngestTables {
  ingest_cursor: {
    reader: string;
    lane: string;
    journal_offset: number;
    /** Life of the journal; null where a version without it wrote the row. */
    incarnation: string | null;
    /** Who moved it last; empty and 0 where a version without nodes did. */
    node: string;
    epoch: number;
    updated_at_ms: number;
  };
  ingest_ledger: LedgerCounters & { incarnation: string; lane: string; kind: string; jurisdiction: string };
  dead_letter: DeadLetterRow;
  /** `sealed`: false only of what an earlier version wrote, until it is sealed too. */
  dead_letter_payload: { lane: string; journal_offset: number; raw: Buffer; sealed: boolean };
}

export interface LedgerCounters {
  messages_decoded: number;
  messages_dead: number;
  records_decoded: number;
  records_stored: number;
  records_duplicate: number;
  records_dead: number;
}

export interface DeadLetterRow {
  lane: string;
  journal_offset: number;
  incarnation: string;
  /** Index of the record; -1 for the whole message. */
  record_index: number;
  reason: string;
  path: string;
  value: string;
  device: string;
  kind: string;
  kind_version: number;
  firmware: string | null;
  jurisdiction: string;
  channel: string;
  topic: string;
  received_at_ms: number;
  replayed_at_ms: number | null;
}
