import type { JournalPosition, Lane } from './types.ts';

/** A place in the journal with the life of the journal it belongs to; empty where that was not written down. */
export interface Receipted extends JournalPosition {
  incarnation: string;
}

/** The life of the journal that a position belongs to. */
export type IncarnationOf = (position: JournalPosition) => string;

/** Lane, offset and incarnation of the journal; the last is missing in what versions without it gave out. */
const FORM = /^(live|bulk)-(\d{1,15})(?:-([0-9a-f]{8}))?$/;

/** The receipt id of a journal position, such as `live-12345-3f9a0c1d`. */
export function receiptId({ lane, offset, incarnation }: Receipted): string {
  return incarnation === '' ? `${lane}-${offset}` : `${lane}-${offset}-${incarnation}`;
}

/** The position a receipt id names, or null for anything else. */
export function parseReceiptId(id: string): Receipted | null {
  const [, lane, offset, incarnation = ''] = FORM.exec(id) ?? [];
  return lane === undefined ? null : { lane: lane as Lane, offset: Number(offset), incarnation };
}
