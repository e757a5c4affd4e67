import { z } from 'zod';
import { DEVICE_STATES } from '../../core/types.ts';
import { words } from '../file/words.ts';
import { isClear, Wrong } from '../import-export/column-types.ts';
import { COLUMNS, type Column, columnTitled, titleOf } from '../import-export/columns.ts';
import { filterQuery } from '../search/filter.ts';

const TAGS_MAX = 16;
const MINUTES_MAX = 100_000;

/** What many devices may have in common; not what tells one from others, where it stands or how it is reached. */
const CHANGED: readonly Column[] = COLUMNS.filter(
  ({ name, path: [group], isUnique }) =>
    !isUnique && ((group === 'file' && name !== 'tags') || ['purpose', 'accessClass', 'parent'].includes(name)),
);

const cell = z
  .union([z.string().max(1_000), z.number(), z.boolean(), z.null()])
  .meta({ description: 'As a cell of a spreadsheet; null, or `(clear)`, empties the field' });

/** Columns by their names or titles, into cells as rows of a spreadsheet have them. */
const set = z
  .record(z.string().max(64), cell)
  .transform((said, context) => {
    const cells: Record<string, string | null> = {};
    for (const [title, value] of Object.entries(said)) {
      const column = columnTitled(title);
      const read = column && readCell(column, value);
      if (!column || !CHANGED.includes(column)) issue(title, `is none of ${CHANGED.map(titleOf).join(', ')}`);
      else if (column.name in cells) issue(title, 'is named twice');
      else if (read instanceof Wrong) issue(title, read.message);
      else cells[column.name] = read ?? null;
    }
    return cells;

    function issue(title: string, message: string): void {
      context.addIssue({ code: 'custom', path: [title], message });
    }
  })
  .meta({ description: 'Fields by the names of columns (docs/spreadsheets.md), such as `{"owner": "公安局"}`' });

function readCell(column: Column, value: string | number | boolean | null): string | null | Wrong {
  const text = value === null ? '' : String(value).trim();
  if (text === '' || isClear(text)) return null;
  const read = column.type.read(text);
  return read instanceof Wrong ? read : text;
}

const tags = z.array(words(32)).max(TAGS_MAX).default([]);
const reason = words(256);

/** A change of all devices that a filter finds. */
export const deviceChange = z
  .strictObject({
    filter: z.strictObject(filterQuery).meta({ description: 'As the query of `GET /devices`; all of it must hold' }),
    set: set.default({}),
    addTags: tags,
    removeTags: tags,
    state: z
      .strictObject({ to: z.enum(DEVICE_STATES), reason: reason.nullable().default(null) })
      .optional()
      .meta({ description: 'The next step of their lives, of those that may be said' }),
    maintenance: z
      .union([z.strictObject({ minutes: z.int().min(1).max(MINUTES_MAX), reason }), z.null()])
      .optional()
      .meta({ description: 'Begins one; null ends it' }),
    retire: z
      .strictObject({ reason })
      .optional()
      .meta({ description: 'Retires them, what hangs on others of them first; takes no other change along' }),
  })
  .refine((change) => change.retire === undefined || !isAny(change), {
    path: ['retire'],
    message: 'do this alone: what is retired is changed no more',
  })
  .refine((change) => stepsOf(change) <= 1, {
    path: ['maintenance'],
    message: 'do this and `state` one after the other',
  })
  .refine((change) => change.retire !== undefined || isAny(change), {
    path: ['set'],
    message: 'say what is to be changed',
  });

export type DeviceChange = z.output<typeof deviceChange>;

function stepsOf({ state, maintenance }: { state?: unknown; maintenance?: unknown }): number {
  return Number(state !== undefined) + Number(maintenance !== undefined);
}

function isAny(change: {
  set: object;
  addTags: unknown[];
  removeTags: unknown[];
  state?: unknown;
  maintenance?: unknown;
}) {
  return Object.keys(change.set).length + change.addTags.length + change.removeTags.length + stepsOf(change) > 0;
}
