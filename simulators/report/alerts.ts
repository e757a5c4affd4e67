import { Delays } from '../fleet/delays.ts';
import type { Befallen, Delivered } from '../fleet/ledger-lines.ts';
import type { Facts } from './facts.ts';
import { delaysOf, type Verdict } from './verdict.ts';

const OPENED = 'alert.opened';
/** An alert that comes so long after its time is late; later it is missing. */
const MISSING_AFTER_MS = 60_000;
/** How long after something befell a device an alert of it may still have come from that. */
const AFTERMATH_MS = 120_000;

/**
 * Holds what reached the command centre against what was made to happen. Which rule said it does not matter, only that
 * the device was told of in time. An alert of a device that nothing befell is one of nothing.
 */
export function judgeAlerts(facts: Facts): Verdict['alerts'] & { examples: string[] } {
  const taken = facts.deliveries.filter(({ verdict, isRepeat }) => verdict === 'right' && !isRepeat);
  const opened = taken.filter(({ type, device }) => type === OPENED && device !== null);
  const delays = new Delays();
  const examples: string[] = [];
  const expected = expectedOf(facts);
  let late = 0;
  let missing = 0;
  for (const one of expected) {
    const first = firstOf(opened, one);
    if (!first) {
      missing += 1;
      examples.push(`${one.device} ${one.what}: no alert`);
      continue;
    }
    const tookMs = Math.max(0, first.atMs - one.fromMs);
    delays.add(tookMs);
    if (tookMs > (one.alertWithinMs ?? 0)) late += 1;
  }
  const wrong = opened.filter(
    (one) => isOurs(facts, one) && !facts.befallen.some((befell) => explains(befell, one, facts)),
  );
  for (const { device, alert } of wrong) examples.push(`${device}: alert ${alert} of nothing`);
  const doubled = doubledOf(taken);
  examples.push(...doubled.map((place) => `entry ${place} of the log of alerts was told as several`));
  return {
    expected: expected.length,
    delivered: expected.length - missing,
    late,
    missing,
    false: wrong.length,
    doubled: doubled.length,
    delay: delaysOf(delays),
    examples,
  };
}

/** What befell devices before the run ended: nothing is expected of what did not happen any more. */
export function expectedOf({ befallen, self }: Facts): Befallen[] {
  const endedAtMs = self?.endedAtMs ?? Number.POSITIVE_INFINITY;
  return befallen.filter(({ alertWithinMs, fromMs }) => alertWithinMs !== null && fromMs < endedAtMs);
}

function firstOf(opened: readonly Delivered[], { device, fromMs }: Befallen): Delivered | undefined {
  return opened.find((one) => {
    return one.device === device && one.atMs >= fromMs - 1_000 && one.atMs <= fromMs + MISSING_AFTER_MS;
  });
}

function isOurs(facts: Facts, { device }: Delivered): boolean {
  const prefix = facts.head?.prefix ?? '';
  return prefix !== '' && device !== null && device.startsWith(prefix);
}

function explains(befell: Befallen, { device, atMs }: Delivered, facts: Facts): boolean {
  if (atMs < befell.fromMs - 1_000 || atMs > befell.toMs + AFTERMATH_MS) return false;
  if (befell.device !== null) return befell.device === device;
  if (befell.district === null) return true;
  return [...facts.devices.values()].some(({ id, district }) => id === device && district === befell.district);
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
