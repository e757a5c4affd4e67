/** What was filled in, by the names of fields. */
type Values = Readonly<Record<string, string>>;

/** As many as the API takes of one silence (alerts/rules/schedule/schedule.ts). */
const WINDOWS_MAX = 16;
/** On which days a window opens, as `repeats` of the API has them; some days are named one by one. */
const DAYS = ['all', 'workdays', 'days-off', 'sat sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const WORDS_OF_DAYS = new Set<string>(['all', 'workdays', 'days-off']);

const nameIn = (n: number, part: 'days' | 'from' | 'to') => `repeats.${n}.${part}`;
const daysOf = (values: Values, n: number): string => values[nameIn(n, 'days')] ?? '';

/** How many windows are being filled in, one after the other. */
export function windowsIn(values: Values): number {
  let n = 0;
  while (n < WINDOWS_MAX && daysOf(values, n) !== '') n += 1;
  return n;
}

/** The fields of those, and of one more that may be begun; `nameOf` says days in words. */
export function windowFields(values: Values, nameOf: (days: string) => string) {
  const begun = windowsIn(values);
  return Array.from({ length: Math.min(begun + 1, WINDOWS_MAX) }, (_, n) => {
    const days = daysOf(values, n);
    return [{ ...daysField(n, days), nameOf }, ...(n < begun ? timesOf(n) : [])];
  }).flat();
}

function daysField(n: number, days: string) {
  return {
    name: nameIn(n, 'days'),
    label: n === 0 ? ('silences.days' as const) : ('silences.days.next' as const),
    fill: { n: n + 1 },
    choices: DAYS,
    limits: { required: false, type: WORDS_OF_DAYS.has(days) ? 'string' : 'array' },
  };
}

function timesOf(n: number) {
  const time = { as: 'time', limits: { required: true }, fill: { n: n + 1 } } as const;
  const [from, to] =
    n === 0 ? (['silences.from', 'silences.to'] as const) : (['silences.from.next', 'silences.to.next'] as const);
  return [
    { name: nameIn(n, 'from'), label: from, ...time },
    { name: nameIn(n, 'to'), label: to, hint: 'silences.to.hint' as const, ...time },
  ];
}

/** The same where a window that was taken out left no gap: those after it move up. Null where there is none. */
export function closedUp(values: Values): Values | null {
  const gap = windowsIn(values);
  const later = Array.from({ length: WINDOWS_MAX }, (_, n) => n).filter((n) => n > gap && daysOf(values, n) !== '');
  if (later.length === 0) return null;
  const others = Object.entries(values).filter(([name]) => !(Number(/^repeats\.(\d+)\./.exec(name)?.[1]) >= gap));
  const moved = later.flatMap((n, place) =>
    (['days', 'from', 'to'] as const).map((part) => [nameIn(gap + place, part), values[nameIn(n, part)] ?? '']),
  );
  return Object.fromEntries([...others, ...moved]);
}
