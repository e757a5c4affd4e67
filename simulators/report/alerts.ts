import { Delays } from '../fleet/delays.ts';
import type { Befallen, Delivered } from '../fleet/ledger-lines.ts';
import type { Facts } from './facts.ts';
import { excusedUntil, isOfTheGround } from './faults.ts';
import { type Known, miscounted, partsKnown, stormsTold } from './storms.ts';
import { delaysOf, type Verdict } from './verdict.ts';

const OPENED = 'alert.opened';
const CLEARED = 'alert.cleared';
/** An alert that comes so long after its time is late; later it is missing. */
const MISSING_AFTER_MS = 60_000;
/** How long after something befell a device an alert of it may still have come from that. */
const AFTERMATH_MS = 120_000;

/** Each of these is told by itself, however many there are at once: one that is part of a storm reached nobody. */
const GRAVE: ReadonlySet<string> = new Set(['fire', 'wanted', 'sos']);

/**
 * Holds what reached the command centre against what was made to happen. Which rule said it does not matter, only that
 * the device was told of in time, by itself or as part of a storm. An alert of a device that nothing befell is one of
 * nothing.
 */
export function judgeAlerts(facts: Facts): Verdict['alerts'] & { examples: string[] } {
  const taken = facts.deliveries.filter(({ verdict, isRepeat }) => verdict === 'right' && !isRepeat);
  const told = stormsTold(taken);
  const parts = partsKnown(facts, taken, told);
  const known = [...openedOf(taken), ...parts].sort((a, b) => a.atMs - b.atMs);
  const place: Place = {
    befallen: facts.befallen,
    districts: new Map([...facts.devices.values()].map(({ id, district }) => [id, district])),
  };
  const { examples, answers, ...found } = holdAgainst(expectedOf(facts), known, place);
  const open = unclearedOf(answers, taken, { ...place, endedAtMs: facts.self?.endedAtMs ?? 0 });
  const wrong = known.filter(
    (one) => isOurs(facts, one) && !facts.befallen.some((befell) => explains(befell, one, place)),
  );
  for (const { device, alert } of wrong) examples.push(`${device}: alert ${alert} of nothing`);
  const doubled = doubledOf(taken);
  examples.push(...doubled.map((place) => `entry ${place} of the log of alerts was told as several`));
  const counts = miscounted(facts, taken, told);
  return {
    ...found,
    uncleared: open.length,
    false: wrong.length,
    doubled: doubled.length,
    storms: told.size,
    parts: parts.length,
    miscounted: counts.length,
    examples: [...examples, ...open, ...counts],
  };
}

/** What befell the city, and where each device is. */
interface Place {
  befallen: readonly Befallen[];
  districts: ReadonlyMap<string, string>;
}

function openedOf(taken: readonly Delivered[]): Known[] {
  return taken.flatMap(({ type, device, alert, atMs }) =>
    type === OPENED && device !== null ? [{ device, alert, atMs, notBeforeMs: atMs, isPart: false }] : [],
  );
}

/**
 * How much of what was expected came, and when; `examples` are of what did not. Each alert answers to one thing alone:
 * a kiosk that is full and burns has two.
 */
function holdAgainst(expected: readonly Befallen[], known: readonly Known[], { befallen, districts }: Place) {
  const delays = new Delays();
  const examples: string[] = [];
  const left = new Set(known);
  const answers = new Map<Befallen, Known>();
  let late = 0;
  const rank = ({ what }: Befallen): number => (GRAVE.has(what) ? 0 : 1);
  for (const one of [...expected].sort((a, b) => rank(a) - rank(b) || a.fromMs - b.fromMs)) {
    // What happens while the gateway has lost its ground is owed from then on at which it has it again.
    const saidMs = one.saidMs ?? one.fromMs;
    const owedMs = excusedUntil(befallen, saidMs, districts.get(one.device ?? '') ?? '');
    const first = firstOf(left, one, owedMs);
    if (!first) {
      examples.push(`${one.device} ${one.what}: no alert`);
      continue;
    }
    left.delete(first);
    answers.set(one, first);
    delays.add(Math.max(0, first.atMs - saidMs));
    // A part is seen at the next look: late is what was not there at one that came too late.
    if (first.notBeforeMs - owedMs > (one.alertWithinMs ?? 0)) late += 1;
  }
  const missing = examples.length;
  const delivered = expected.length - missing;
  return { expected: expected.length, delivered, late, missing, delay: delaysOf(delays), examples, answers };
}

/**
 * Alerts that the command centre was told of one by one and not, in time, that what they tell of is over. Nobody is
 * told that of a part of a storm.
 */
function unclearedOf(
  answers: ReadonlyMap<Befallen, Known>,
  taken: readonly Delivered[],
  { befallen, districts, endedAtMs }: Place & { endedAtMs: number },
): string[] {
  const cleared = taken.filter(({ type }) => type === CLEARED);
  return [...answers].flatMap(([{ what, device, toMs, overSaidMs, clearWithinMs }, { alert, isPart }]) => {
    if (clearWithinMs === null || isPart) return [];
    const byMs = excusedUntil(befallen, overSaidMs ?? toMs, districts.get(device ?? '') ?? '') + clearWithinMs;
    if (byMs > endedAtMs || cleared.some((one) => one.alert === alert && one.atMs <= byMs)) return [];
    return [`${device} ${what}: alert ${alert} not cleared`];
  });
}

/** What befell devices before the run ended: nothing is expected of what did not happen any more. */
export function expectedOf({ befallen, self }: Facts): Befallen[] {
  const endedAtMs = self?.endedAtMs ?? Number.POSITIVE_INFINITY;
  return befallen.filter(({ alertWithinMs, fromMs, saidMs }) => {
    return alertWithinMs !== null && (saidMs ?? fromMs) < endedAtMs;
  });
}

function firstOf(known: Iterable<Known>, { what, device, fromMs }: Befallen, owedMs: number): Known | undefined {
  const mayBePart = !GRAVE.has(what);
  for (const one of known) {
    if (one.device !== device || (one.isPart && !mayBePart)) continue;
    if (one.atMs >= fromMs - 1_000 && one.notBeforeMs <= owedMs + MISSING_AFTER_MS) return one;
  }
  return undefined;
}

function isOurs(facts: Facts, { device }: Known): boolean {
  const prefix = facts.head?.prefix ?? '';
  return prefix !== '' && device.startsWith(prefix);
}

function explains(befell: Befallen, { device, atMs, notBeforeMs }: Known, { befallen, districts }: Place): boolean {
  const district = districts.get(device) ?? '';
  // That a part of the gateway is away is no reason to tell of a device.
  const isMeant =
    befell.device === null
      ? befell.district === district || (befell.district === null && !isOfTheGround(befell))
      : befell.device === device;
  if (!isMeant || atMs < befell.fromMs - 1_000) return false;
  const { fromMs, toMs, saidMs, overSaidMs } = befell;
  const overMs = [fromMs, toMs, saidMs ?? fromMs, overSaidMs ?? toMs].map((ms) => excusedUntil(befallen, ms, district));
  return notBeforeMs <= Math.max(...overMs) + AFTERMATH_MS;
}

/** Entries of the log that came under more than one id: whoever does the same id once would do them twice. */
function doubledOf(taken: readonly Delivered[]): string[] {
  const ids = new Map<string, Set<string>>();
  for (const { place, webhook } of taken) {
    if (place === null) continue;
    ids.set(place, (ids.get(place) ?? new Set()).add(webhook));
  }
  return [...ids].filter(([, some]) => some.size > 1).map(([place]) => place);
}
