import { maskPlate, maskPlatesWithin } from '../../core/plates.ts';
import type { Refusal } from '../../core/types.ts';

/**
 * Every reason for which a message, or one record of it, is put aside. `docs/dead-letters.md` has the same rows; a
 * test holds both equal.
 */
export const REFUSALS = {
  empty: 'The payload is empty, or an array without a record.',
  'too-large': 'The payload is longer than 256 KiB.',
  'not-utf8': 'The payload is not UTF-8.',
  'too-deep': 'Lists and objects are nested deeper than 32.',
  'too-many-keys': 'The payload has more than 20,000 keys.',
  'not-json': 'The payload is not JSON.',
  'not-cbor': 'The payload is not CBOR, or has keys or simple values that JSON could not have.',
  'repeated-key': 'An object of the payload has the same key twice.',
  'too-many-records': 'The array has more than 1,000 records; send it in parts.',
  'unknown-kind': 'No description of this kind and version is known any more.',
  'no-time': 'A backfill needs a `ts` between 30 days ago and 5 minutes ahead: no other time can stand in for it.',
  poison: 'Handling the message failed each time it was tried; the log has the error.',
  'not-an-object': 'A record must be an object.',
  'unknown-key': 'A record has only the keys the contract names.',
  'missing-key': 'A required key is missing.',
  'wrong-type': 'The value has another type than the kind says.',
  'not-finite': 'The number is too large for a 64-bit floating point number.',
  'not-exact': 'The number cannot be kept as it was sent: beyond 2^53, or so small that it would become 0.',
  'not-whole': 'The kind asks for a whole number.',
  'out-of-range': 'The number lies outside the range of the kind.',
  'too-long': 'The text is longer, or the list has more items, than the kind allows.',
  'not-text': 'The text holds control characters or half a surrogate pair.',
  'not-in-list': 'The text is not one of those the kind lists.',
  'unknown-field': 'The kind has no such field.',
  'unknown-event': 'The kind has no such event.',
  'no-values': 'The reading has no value.',
  'forbidden-health':
    'The record holds a health reading; those never enter the gateway. Value and payload are not kept.',
  'forbidden-card': 'The record holds what may be a card number. Value and payload are not kept.',
  'forbidden-identity': 'The record holds what may be an identity number. Value and payload are not kept.',
  'forbidden-mac': 'The record holds the hardware address of a device of a citizen. Value and payload are not kept.',
  'series-budget':
    'The record would make one series too many in the telemetry store: of its device, its kind or of all.',
  'store-refused': 'The telemetry store refused the point; the value says why.',
} as const satisfies Record<string, string>;

export type RefusalReason = keyof typeof REFUSALS;

/** Stands for a value that must not be shown. */
export const HIDDEN = '[hidden]';

/** Larger payloads are explained from the journal only, as long as it keeps them, and cannot be replayed. */
export const KEPT_BYTES_MAX = 64 * 1024;

/** Whether nothing of the message may be kept with the dead letter. */
export function isForbidden(reason: string): boolean {
  return reason.startsWith('forbidden-');
}

const PRINTED_CHARACTERS_MAX = 64;

/** The path and value in a refusal come from a device: shortened here, and control characters made visible. */
export function refusal(index: number | null, reason: RefusalReason, path: string, value: unknown): Refusal {
  return { index, reason, path: clip(path), value: printable(value) };
}

/** Of a field that nobody knows: a text may be a plate of anywhere, so only its ends are shown. */
export function printableUnknown(value: unknown): string {
  return printable(typeof value === 'string' ? maskPlate(value) : value);
}

/** One short line for any value; never looks deeper into an object than its size. */
export function printable(value: unknown): string {
  if (typeof value === 'string') return clip(JSON.stringify(value.slice(0, PRINTED_CHARACTERS_MAX + 1)));
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'object';
  return value === undefined ? '' : String(value);
}

/** What is put aside may hold a plate at any place, also in the name of a field, and whoever reads it leaves no row. */
function clip(text: string): string {
  return plain(maskPlatesWithin(text), PRINTED_CHARACTERS_MAX);
}

/** `text` on one line of at most `max` characters, with what cannot be printed replaced. */
export function plain(text: string, max: number): string {
  const visible = text.slice(0, max + 1).replace(UNPRINTABLE, '?');
  return visible.length <= max ? visible : `${visible.slice(0, max - 1)}…`;
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
