import { MINUTE_MS } from '../../../core/clock.ts';
import type { RowVerdict } from '../../../devices/import-export/apply.ts';
import type { Counts } from '../../../devices/import-export/jobs/import-list.ts';
import { filterQuery } from '../../../devices/search/filter.ts';
import { type Arguments, type Command, EXIT, UsageError } from '../command.ts';
import { askGateway, RIGHTS_HELP, type Where } from '../gateway-client.ts';
import { followed, lineOf, type Printed, printRows, summary } from './import.ts';

/** A little longer than the gateway itself gives it. */
const JUDGING_MS = 4 * MINUTE_MS;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const FILTERS = Object.keys(filterQuery);

interface Plan {
  id: string;
  count: number;
  counts: Counts;
  until: string;
  items: RowVerdict[];
}

export const changeDevices: Command = {
  name: 'change',
  summary: 'change a field of all devices of a list, through the running gateway',
  usage: '[filters] --set FIELD=VALUE … | start ID | undo ID',
  details: [
    'Plans the change and says what would become of the devices; `change start ID` carries the plan out within an',
    'hour, --yes at once. Just the devices that were shown are changed, and none that was changed meanwhile.',
    '--set FIELD=VALUE: a column of docs/spreadsheets.md and what its cell would hold; nothing behind = empties it.',
    '--add-tag TAG, --remove-tag TAG; --to STATE, the next step of their lives; --maintenance MINUTES or',
    '--end-maintenance; --retire; --reason TEXT.',
    'Exit status 1: at least one device was refused, or could not be undone.',
    `Filters, all of which must hold: ${FILTERS.map((name) => `--${name}`).join(' ')}`,
    ...RIGHTS_HELP,
  ],
  options: {
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' } as const])),
    set: { type: 'string', multiple: true },
    'add-tag': { type: 'string', multiple: true },
    'remove-tag': { type: 'string', multiple: true },
    to: { type: 'string' },
    maintenance: { type: 'string' },
    'end-maintenance': { type: 'boolean' },
    retire: { type: 'boolean' },
    reason: { type: 'string' },
    yes: { type: 'boolean' },
    url: { type: 'string' },
  },
  run: async ({ words: [step, id, ...more], options }, terminal) => {
    const where = { terminal, url: options.url };
    if (step === undefined) return await plan(options, where);
    if ((step !== 'start' && step !== 'undo') || id === undefined || more.length > 0)
      throw new UsageError('change takes options alone, or start ID, or undo ID');
    return step === 'start' ? await start(id, where) : await undo(id, where);
  },
};

type Options = Arguments['options'];

function bodyOf(options: Options): Record<string, unknown> {
  const { to, maintenance, reason } = options;
  const many = (name: string): string[] => [options[name] ?? []].flat().map(String);
  const filter = FILTERS.flatMap((name) => (typeof options[name] === 'string' ? [[name, options[name]]] : []));
  const set = many('set').map((said) => {
    const [, field, value] = /^([^=]+)=(.*)$/s.exec(said) ?? [];
    if (field === undefined) throw new UsageError('--set takes FIELD=VALUE, such as --set owner=公安局');
    return [field, value];
  });
  const lasts = maintenance === undefined ? {} : { maintenance: { minutes: Number(maintenance), reason } };
  return {
    filter: Object.fromEntries(filter),
    set: Object.fromEntries(set),
    addTags: many('add-tag'),
    removeTags: many('remove-tag'),
    ...(to === undefined ? {} : { state: { to, reason: reason ?? null } }),
    ...(options.retire ? { retire: { reason } } : {}),
    ...(options['end-maintenance'] ? { maintenance: null } : lasts),
  };
}

async function plan(options: Options, where: Where): Promise<number> {
  const body = bodyOf(options);
  const path = '/device-changes';
  const request = { method: 'POST', path, body, deadlineMs: JUDGING_MS, answerBytesMax: ANSWER_BYTES_MAX } as const;
  const planned = JSON.parse(await askGateway(request, where)) as Plan;
  const { id, count, counts, until, items } = planned;
  for (const item of items) where.terminal.print(lineOf(item));
  where.terminal.print(
    `${count} devices: ${counts.change} to be changed, ${counts.same} as they are already, ` +
      `${counts.error} refused`,
  );
  if (options.yes) return await start(id, where);
  where.terminal.print(`nothing was changed; until ${until} carry it out by: citywatch change start ${id}`);
  return counts.error > 0 ? EXIT.failed : EXIT.done;
}

async function start(id: string, where: Where): Promise<number> {
  const path = `/device-changes/${encodeURIComponent(id)}/start`;
  const ended = await followed(JSON.parse(await askGateway({ method: 'POST', path }, where)) as Printed, where);
  await printRows(id, 'error', where);
  for (const line of summary(ended)) where.terminal.print(line);
  where.terminal.print(`it is undone by: citywatch change undo ${id}`);
  return ended.counts.error > 0 ? EXIT.failed : EXIT.done;
}

async function undo(id: string, where: Where): Promise<number> {
  const path = `/imports/${encodeURIComponent(id)}/undo`;
  const ended = await followed(JSON.parse(await askGateway({ method: 'POST', path }, where)) as Printed, where);
  await printRows(id, 'conflict', where);
  where.terminal.print(`${ended.undone} undone, ${ended.conflicts} left as they are`);
  return ended.conflicts > 0 ? EXIT.failed : EXIT.done;
}
