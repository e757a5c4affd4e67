import type { PositionFile } from '../../core/registry/position-file.ts';
import type { FileColumns } from '../registry/tables.ts';
import type { FileInput } from './file-input.ts';

/** The column of each key of the file. */
export const FILE_COLUMNS = {
  gbId: 'gb_id',
  tier: 'tier',
  placeType: 'place_type',
  address: 'address',
  owner: 'owner',
  heading: 'heading',
  mounting: 'mounting',
  heightM: 'height_m',
  lowLight: 'low_light',
  hlc: 'hlc',
  wdr: 'wdr',
  resolution: 'resolution',
  network: 'network',
  link: 'link',
  storageDays: 'storage_days',
  maintainer: 'maintainer',
  warrantyEnd: 'warranty_end',
  power: 'power',
  circuit: 'circuit',
  pole: 'pole',
  loginShared: 'login_shared',
  tags: 'tags',
} as const satisfies Record<keyof PositionFile, keyof FileColumns>;

export type FileField = keyof typeof FILE_COLUMNS;

const FILE_FIELDS = Object.keys(FILE_COLUMNS) as readonly FileField[];

/** What is known of a position: keys of which nothing is known are left out. */
export function fileOf(row: FileColumns): PositionFile {
  const file: Record<string, unknown> = {};
  for (const field of FILE_FIELDS) {
    const value = row[FILE_COLUMNS[field]];
    if (value !== null && !(Array.isArray(value) && value.length === 0)) file[field] = value;
  }
  return file;
}

/** The columns that `input` names: what it leaves out stays, null clears. */
export function fileColumns(
  input: { [Field in FileField]?: FileInput[Field] | PositionFile[Field] },
): Partial<FileColumns> {
  const columns: Record<string, unknown> = {};
  for (const field of FILE_FIELDS) {
    const value = input[field];
    if (value !== undefined) columns[FILE_COLUMNS[field]] = value ?? (field === 'tags' ? [] : null);
  }
  return columns;
}

/** The file of a new position. */
export function newFile(input: FileInput | undefined): PositionFile {
  return input ? fileOf({ ...NOTHING_KNOWN, ...fileColumns(input) }) : {};
}

const NOTHING_KNOWN = fileColumns(
  Object.fromEntries(FILE_FIELDS.map((field) => [field, null])) as FileInput,
) as FileColumns;
