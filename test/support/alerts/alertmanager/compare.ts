import { type GroupMessage, WAITS } from './alertmanager.ts';
import type { AlertNow, EntryMessage } from './our-side.ts';
import { FULL_RULE, keyOf, SILENT_RULE, SITE_RULE, type Trace, type TracedAlert } from './trace.ts';

export interface Sides {
  trace: Trace;
  ours: readonly EntryMessage[];
  alerts: readonly AlertNow[];
  theirs: readonly GroupMessage[];
  /** When the trace began, Unix ms. */
  beganMs: number;
}

export interface Row {
  what: string;
  ours: string;
  theirs: string;
  why: string;
}

export interface Comparison {
  rows: Row[];
  /** What no reason was found for. */
  unexplained: string[];
}

interface Story {
  alert: TracedAlert;
  spans: { fromMs: number; toMs: number }[];
}

/** Compares what both sides told of one trace; each difference has its reason, or is named. */
export function compare(sides: Sides): Comparison {
  const stories = storiesOf(sides.trace);
  const unexplained: string[] = [];
  const rows = [
    messages(sides),
    ...told(sides, stories, unexplained),
    ...groups(sides, unexplained),
    ...inhibited(sides, stories, unexplained),
    ...repeats(sides, stories),
    grave(sides, stories, unexplained),
  ];
  return { rows, unexplained };
}

/** When each alert fired and until when. */
function storiesOf({ events, lengthMs }: Trace): Map<string, Story> {
  const stories = new Map<string, Story>();
  for (const { atMs, alert, does } of events) {
    const key = keyOf(alert);
    const story = stories.get(key) ?? { alert, spans: [] };
    const last = story.spans.at(-1);
    if (does === 'clear' && last) last.toMs = atMs;
    else if (does === 'fire' && (!last || last.toMs < lengthMs)) story.spans.push({ fromMs: atMs, toMs: lengthMs });
    stories.set(key, story);
  }
  return stories;
}

const toldBy = (messages: readonly GroupMessage[]): Set<string> =>
  new Set(messages.flatMap(({ alerts }) => alerts.filter(({ status }) => status === 'firing').map(({ key }) => key)));

function messages({ ours, theirs }: Sides): Row {
  const why = 'theirs has a whole group in one message, and tells only at its interval; ours one entry of the log each';
  return { what: 'messages', ours: String(ours.length), theirs: String(theirs.length), why };
}

function told({ ours, theirs, alerts }: Sides, stories: Map<string, Story>, unexplained: string[]): Row[] {
  const [our, their] = [new Set(ours.map(({ key }) => key)), toldBy(theirs)];
  const byKey = new Map(alerts.map((alert) => [alert.key, alert]));
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  const siteTold = (alert: TracedAlert, by: Set<string>): boolean =>
    alert.rule === SILENT_RULE && by.has(`${SITE_RULE}|${alert.site}`);
  const counts = { parts: 0, held: 0, theirHeld: 0, brief: 0 };
  for (const [key, { alert, spans }] of stories) {
    const storm = byKey.get(key)?.storm ?? null;
    if (our.has(key)) counts.parts += 0;
    else if (storm !== null && our.has(byId.get(storm)?.key ?? '')) counts.parts += 1;
    else if (siteTold(alert, our)) counts.held += 1;
    else unexplained.push(`ours never told ${key}`);
    const longestMs = Math.max(...spans.map(({ fromMs, toMs }) => toMs - fromMs));
    if (their.has(key)) continue;
    if (siteTold(alert, their)) counts.theirHeld += 1;
    else if (longestMs < WAITS.groupWaitMs + WAITS.groupIntervalMs) counts.brief += 1;
    else unexplained.push(`theirs never told ${key}, which fired for ${longestMs} ms`);
  }
  return [
    {
      what: 'alerts told by themselves',
      ours: `${our.size} of ${stories.size}`,
      theirs: `${their.size} of ${stories.size}`,
      why: 'see below',
    },
    {
      what: 'never told: part of a storm that was told',
      ours: String(counts.parts),
      theirs: '0',
      why: 'more than ten alike in a minute are one row that counts them; theirs lists all in one message',
    },
    {
      what: 'never told: held back for a dark site',
      ours: String(counts.held),
      theirs: String(counts.theirHeld),
      why: 'see inhibition',
    },
    {
      what: 'never told: over before its group was due',
      ours: '0',
      theirs: String(counts.brief),
      why: 'theirs looks at a group only at its interval; ours tells what opened, and that it is over',
    },
  ];
}

function groups({ alerts, ours, theirs }: Sides, unexplained: string[]): Row[] {
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  const storms = new Map<string, number>();
  for (const part of alerts) {
    if (part.storm === null) continue;
    storms.set(part.storm, (storms.get(part.storm) ?? 0) + 1);
    const leader = byId.get(part.storm);
    if (leader?.rule !== part.rule || leader.area !== part.area) {
      unexplained.push(`${part.key} is a part of ${leader?.key}, which no group of theirs has together`);
    }
  }
  const isFull = (key: string): boolean => key.startsWith(`${FULL_RULE}|`);
  const full = (messages: readonly GroupMessage[]) =>
    messages.filter(({ alerts: of }) => of.some((a) => isFull(a.key)));
  const largest = Math.max(...theirs.map(({ alerts: of }) => of.length));
  return [
    {
      what: 'groups',
      ours: `${storms.size} storms, the largest of ${Math.max(0, ...storms.values()) + 1}`,
      theirs: `${new Set(theirs.map(({ groupKey }) => groupKey)).size} groups, the largest message of ${largest}`,
      why: 'ours groups only what nobody could read one by one; none of ours crosses a group of theirs',
    },
    {
      what: `messages of the two storms (150 of ${FULL_RULE} each)`,
      ours: String(ours.filter(({ key }) => isFull(key)).length),
      theirs: String(full(theirs).length),
      why: 'ten one by one, then one that counts, told every half minute, and the ends of those that were told',
    },
  ];
}

function inhibited({ trace, ours, theirs }: Sides, stories: Map<string, Story>, unexplained: string[]): Row[] {
  const [our, their] = [new Set(ours.map(({ key }) => key)), toldBy(theirs)];
  const sites = new Map(trace.dark.map((one) => [one.site, one]));
  const counts = { all: 0, our: 0, their: 0, early: 0 };
  for (const [key, { alert, spans }] of stories) {
    if (alert.rule !== SILENT_RULE) continue;
    counts.all += 1;
    const { fromMs, toMs } = sites.get(alert.site!)!;
    const isStillBad = spans.some((span) => span.toMs > toMs);
    const isEarly = spans[0]!.fromMs < fromMs;
    if (our.has(key)) {
      counts.our += 1;
      if (!isStillBad) unexplained.push(`ours told ${key}, which came back with its site`);
    }
    if (!their.has(key)) continue;
    counts.their += 1;
    if (!isStillBad && isEarly) counts.early += 1;
    else if (!isStillBad) unexplained.push(`theirs told ${key}, which came back with its site`);
  }
  return [
    {
      what: `devices of dark sites that were told (of ${counts.all})`,
      ours: String(counts.our),
      theirs: String(counts.their),
      why: 'both tell what is still bad when the site is back; what is over when ours looks, each 10 s, it leaves',
    },
    {
      what: 'told before their site was known, and back with it',
      ours: '0',
      theirs: String(counts.early),
      why: 'ours waits 20 s where three or more hang beside (Alertmanager #2229)',
    },
  ];
}

function repeats({ ours, theirs }: Sides, stories: Map<string, Story>): Row[] {
  const ids = new Set(ours.map(({ webhookId }) => webhookId));
  const last = new Map<string, string>();
  let same = 0;
  for (const { groupKey, alerts } of theirs) {
    const text = JSON.stringify(alerts.map(({ key, status }) => `${key} ${status}`).sort());
    if (last.get(groupKey) === text) same += 1;
    last.set(groupKey, text);
  }
  const firing = theirs.flatMap(({ alerts }) => alerts).filter(({ status }) => status === 'firing').length;
  const spans = [...stories.values()].reduce((sum, story) => sum + story.spans.length, 0);
  const again = ours.filter(({ type }) => type === 'alert.updated').length;
  return [
    {
      what: 'messages that say nothing new',
      ours: String(ours.length - ids.size),
      theirs: String(same),
      why: `theirs says again what lasts, each ${WAITS.repeatMs / 1000} s here; ours climbs the ladder instead`,
    },
    {
      what: `times that something is said to fire (${spans} times something began)`,
      ours: String(ours.filter(({ type }) => type !== 'alert.cleared').length),
      theirs: String(firing),
      why: `a group repeats all of its members; ${again} of ours say that it was seen again, as an event does`,
    },
  ];
}

/** How late the first message of each grave alert was. */
function grave({ ours, theirs, beganMs }: Sides, stories: Map<string, Story>, unexplained: string[]): Row {
  const lates = (firsts: Map<string, number>, side: string): number[] =>
    [...stories].flatMap(([key, { alert, spans }]) => {
      if (alert.severity !== 'extreme') return [];
      const first = firsts.get(key);
      if (first === undefined) unexplained.push(`${side} never told ${key}, which is extreme`);
      return first === undefined ? [] : [first - beganMs - spans[0]!.fromMs];
    });
  const our = lates(firstOf(ours.map(({ key, atMs }) => [key, atMs])), 'ours');
  const their = lates(
    firstOf(theirs.flatMap(({ alerts, atMs }) => alerts.map(({ key }) => [key, atMs] as const))),
    'theirs',
  );
  const shown = (all: number[]): string => {
    const sorted = all.sort((a, b) => a - b);
    return `${sorted.length}, the slowest after ${sorted.at(-1)} ms`;
  };
  return {
    what: 'extreme alerts told',
    ours: shown(our),
    theirs: shown(their),
    why: 'neither groups them; both on the same busy cores',
  };
}

function firstOf(all: readonly (readonly [string, number])[]): Map<string, number> {
  const firsts = new Map<string, number>();
  for (const [key, atMs] of all) if (!firsts.has(key)) firsts.set(key, atMs);
  return firsts;
}
