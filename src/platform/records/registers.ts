import { toRfc3339 } from '../../core/clock.ts';

/** One row as it is sealed: its columns in the order that the hash is taken over. */
export type Content = readonly (string | number | null)[];

export type RegisterName = 'audit' | 'access';

/** A table whose rows are chained by a sealer after they were committed. */
export interface SealedRegister {
  name: RegisterName;
  /** For people. */
  title: string;
  table: 'audit_entry' | 'access_register';
  /** What the hash covers, in this order; `seq` and `at_ms` come first. Never change it: old hashes would not hold. */
  columns: readonly string[];
  /** Columns of JSON, which are sealed as the text that stands there. */
  json: ReadonlySet<string>;
  /** Any number does, as long as nobody else takes the same advisory lock. */
  sealLock: number;
  /** What a row says, on one line. */
  describe(content: Content): string;
}

export const AUDIT: SealedRegister = {
  name: 'audit',
  title: 'audit trail',
  table: 'audit_entry',
  columns: words('seq at_ms caller_type caller_id caller_name action subject jurisdiction', 'before after request_id'),
  json: new Set(['before', 'after']),
  sealLock: 6_104_220_302,
  describe: ([seq, atMs, type, id, name, action, subject]) =>
    `number ${seq}, ${when(atMs)}, ${action} ${subject}, by ${type} ${name} (${id})`,
};

export const ACCESS: SealedRegister = {
  name: 'access',
  title: 'access register',
  table: 'access_register',
  columns: words('seq at_ms viewer_type viewer_id viewer_name act device jurisdiction', 'purpose case_number asked'),
  json: new Set(['asked']),
  sealLock: 6_104_220_323,
  describe: ([seq, atMs, type, id, name, act, device]) =>
    `number ${seq}, ${when(atMs)}, ${act}${device === null ? '' : ` of ${device}`}, by ${type} ${name} (${id})`,
};

export const REGISTERS: readonly SealedRegister[] = [AUDIT, ACCESS];

function words(...lines: string[]): string[] {
  return lines.join(' ').split(' ');
}

/** A row that was tampered with may say anything. */
function when(atMs: unknown): string {
  return typeof atMs === 'number' && Math.abs(atMs) <= 8.64e15 ? toRfc3339(atMs) : String(atMs);
}
