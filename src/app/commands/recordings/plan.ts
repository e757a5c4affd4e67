import { RECORDED_DAYS_MIN, RECORDING_CLASSES } from '../../../streams/recordings/classes.ts';
import { planText } from '../../../streams/recordings/planner/plan-text.ts';
import { type CameraGroup, PLAN_ASSUMPTIONS, planStorage } from '../../../streams/recordings/planner/planner.ts';
import { registeredGroups } from '../../doctor/recordings.ts';
import { type Arguments, type Command, EXIT, UsageError } from '../command.ts';
import { withRegisters } from '../database.ts';

const FIELDS = ['CLASS', 'CAMERAS', 'MBIT', 'DAYS', 'HOURS', 'EDGE'] as const;
const GROUPS_MAX = 100;

export const plan: Command = {
  name: 'plan',
  summary: 'reckon what recordings of cameras need: room, disks and links',
  usage: `[--group ${FIELDS.join(':')}]... [--registry] [--disk TB] [--link GBIT] [--overhead PERCENT]`,
  details: [
    'A group is cameras that are alike: their class (public, key-site, minors), how many, and perhaps Mbit/s (4), days',
    '(the least of the law), hours of a day (24) and how much of the video lies in the cameras and recorders',
    'themselves (0 percent). `--group public:2200:4:30` is a city. --registry adds the cameras that are to be recorded',
    'by the registry, with their measured bit rate, for the least days of the settings; it reads the database only,',
    'beside the running gateway or while it is stopped. Sizes are decimal, as disks are sold (16 TB each, links of',
    '10 Gbit/s, 5 percent overhead).',
  ],
  options: {
    group: { type: 'string', multiple: true },
    registry: { type: 'boolean' },
    disk: { type: 'string' },
    link: { type: 'string' },
    overhead: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    if (words.length > 0) throw new UsageError('plan takes no words; see citywatch plan --help');
    const given = Array.isArray(options.group) ? options.group.map(String) : [];
    if (given.length === 0 && !options.registry) throw new UsageError('plan needs --group, --registry, or both');
    if (given.length > GROUPS_MAX) throw new UsageError(`plan takes ${GROUPS_MAX} groups at most`);
    const assumptions = {
      ...PLAN_ASSUMPTIONS,
      diskBytes: numberOf(options, 'disk', [0.1, 1_000], PLAN_ASSUMPTIONS.diskBytes / 1e12) * 1e12,
      linkBitsPerSecond: numberOf(options, 'link', [0.1, 10_000], PLAN_ASSUMPTIONS.linkBitsPerSecond / 1e9) * 1e9,
      overheadPercent: numberOf(options, 'overhead', [0, 100], PLAN_ASSUMPTIONS.overheadPercent),
    };
    const groups = [
      ...given.map(groupFrom),
      ...(options.registry ? await withRegisters(terminal, (opened) => registeredGroups(opened.database, opened)) : []),
    ];
    for (const line of planText(planStorage(groups, assumptions), assumptions)) terminal.print(line);
    return EXIT.done;
  },
};

function groupFrom(text: string): CameraGroup {
  const [of, ...numbers] = text.split(':');
  const isClass = RECORDING_CLASSES.find((known) => known === of);
  if (!isClass) throw new UsageError(`--group ${text}: the class must be one of ${RECORDING_CLASSES.join(', ')}`);
  if (numbers.length < 1 || numbers.length > 5) throw new UsageError(`--group ${text}: it is ${FIELDS.join(':')}`);
  const number = (at: number, [min, max]: [number, number], otherwise: number): number => {
    const part = numbers[at];
    const value = part === undefined || part === '' ? otherwise : Number(part);
    if (value >= min && value <= max) return value;
    throw new UsageError(`--group ${text}: ${FIELDS[at + 1]} must be a number from ${min} to ${max}`);
  };
  return {
    of: isClass,
    cameras: number(0, [1, 1_000_000], Number.NaN),
    bitsPerSecond: number(1, [0.05, 100], 4) * 1e6,
    days: number(2, [1, 3_650], RECORDED_DAYS_MIN[isClass]),
    hoursPerDay: number(3, [0, 24], 24),
    edgePercent: number(4, [0, 100], 0),
  };
}

function numberOf(options: Arguments['options'], name: string, [min, max]: [number, number], otherwise: number) {
  const given = options[name];
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (String(given).trim() !== '' && value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a number from ${min} to ${max}`);
}
