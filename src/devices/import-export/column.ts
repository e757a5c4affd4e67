import type { ColumnType } from './column-types.ts';

/** A field of a device as a column of a spreadsheet. */
export interface Column {
  /** What an export writes above it. */
  name: string;
  /** What people write above it, Chinese first; case, spaces and what stands in brackets do not count. */
  titles: readonly [string, ...string[]];
  /** Where it stands in what a device is created with. */
  path: readonly string[];
  type: ColumnType;
  /** No two rows of a file may have the same. */
  isUnique?: true;
  /** It is not exported, and not shown. */
  isSecret?: true;
  /** It counts while a device is registered: later changes have routes of their own. */
  isOnlyForNew?: true;
  /** It is seen at the device, not said: exported, and a row that says otherwise is refused. */
  isSeen?: true;
}
