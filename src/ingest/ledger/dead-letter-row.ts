import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { receiptId } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import type { DeadLetterRow } from './tables.ts';

export interface DeadLetter {
  /** `live-12345:2` for a record, `live-12345` for a whole message. */
  id: string;
  receipt: string;
  device: string;
  kind: string;
  kindVersion: number;
  firmware: string | null;
  jurisdiction: Jurisdiction;
  index: number | null;
  reason: string;
  path: string;
  value: string;
  receivedAtMs: number;
  replayedAtMs: number | null;
}

/** What names a row, in the database and outside. */
export type DeadLetterPlace = Pick<DeadLetterRow, 'lane' | 'journal_offset' | 'record_index'>;

export function idOf({ lane, journal_offset: offset, record_index: index }: DeadLetterPlace): string {
  return index < 0 ? `${lane}-${offset}` : `${lane}-${offset}:${index}`;
}

export function fromRow(row: DeadLetterRow): DeadLetter {
  return {
    id: idOf(row),
    receipt: receiptId({ lane: row.lane as Lane, offset: row.journal_offset, incarnation: row.incarnation }),
    device: row.device,
    kind: row.kind,
    kindVersion: row.kind_version,
    firmware: row.firmware,
    jurisdiction: row.jurisdiction,
    index: row.record_index < 0 ? null : row.record_index,
    reason: row.reason,
    path: row.path,
    value: row.value,
    receivedAtMs: row.received_at_ms,
    replayedAtMs: row.replayed_at_ms,
  };
}
