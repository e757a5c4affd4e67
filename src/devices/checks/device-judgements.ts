import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import type { DeviceKind } from '../../core/types.ts';
import type { HeardMessage, LastHeard, PutAside } from './heard.ts';
import { bad, type Finding, notTried, ok } from './steps.ts';

const NEVER_HINT =
  'Look at its device id and secret, at the address and port of the gateway in it, and at its network (SIM, antenna).';
const AWAY_HINT = 'Look at its power and network (SIM, antenna, cable); restart it.';

export interface Connected {
  on: string[];
  tell: string[];
  heard: LastHeard | null;
  last: HeardMessage | null;
  nowMs: number;
}

/** Whether it is connected, as far as anybody can tell: over HTTP, or behind a broker, its last message says so. */
export function judgeConnected({ on, tell, heard, last, nowMs }: Connected): Finding {
  if (on.length > 0) return ok(`Connected over ${on.join(' and ')}.`);
  const lastMs = heard?.lastMessageAtMs ?? null;
  if (!heard || lastMs === null) return bad('failed', 'never-seen', NEVER_HINT, 'It was never heard of.');
  const since = `Last heard ${ago(nowMs - lastMs)} ago${last ? ` over ${last.uplink}` : ''}.`;
  if (last && tell.includes(last.uplink)) return bad('failed', 'not-connected', AWAY_HINT, `Not connected. ${since}`);
  if (!heard.online) return bad('failed', 'offline', AWAY_HINT, `It, or its will, said that it is offline. ${since}`);
  if (heard.stale) return bad('failed', 'silent', AWAY_HINT, since);
  return ok(since);
}

/** Whether it sends as often as its kind does. */
export function judgePublishing(given: {
  lastMs: number | null;
  kind: DeviceKind | undefined;
  nowMs: number;
}): Finding {
  const { lastMs, kind, nowMs } = given;
  if (lastMs === null) return bad('failed', 'never-seen', NEVER_HINT, 'Nothing came yet.');
  if (!kind) return notTried('Nothing is known of its kind.');
  const silentMs = nowMs - lastMs;
  const seen = `The last message came ${ago(silentMs)} ago; its kind sends every ${ago(kind.periodS * 1_000)}.`;
  if (silentMs > kind.staleAfterS * 1_000) return bad('failed', 'silent', AWAY_HINT, seen);
  if (silentMs <= 2 * kind.periodS * 1_000) return ok(seen);
  return bad('warning', 'late', 'Look at its signal and at how often it is set to send.', seen);
}

export interface Fits {
  messages: readonly HeardMessage[];
  letters: readonly PutAside[];
  lastMs: number | null;
  nowMs: number;
}

/** Whether what it sends fits its kind; the last dead letters say what does not. */
export function judgeFits({ messages, letters, lastMs, nowMs }: Fits): Finding {
  if (lastMs === null && letters.length === 0) return notTried('Nothing came yet.');
  const lately = letters.filter(({ receivedAtMs }) => nowMs - receivedAtMs <= DAY_MS);
  if (lately.length === 0) return ok('Nothing that it sent within a day was refused.');
  const told = lately.map(({ receivedAtMs, ...one }) => `${nameOf(one)}, ${ago(nowMs - receivedAtMs)} ago`);
  const seen = `Refused: ${told.join('; ')}.`;
  const hint = 'Its payload does not fit its kind: correct its settings or firmware, or have the kind corrected.';
  const isNow = (messages[0]?.refused ?? 0) > 0;
  return bad(isNow ? 'failed' : 'warning', 'dead-letters', hint, seen);
}

function nameOf({ reason, path, value }: Omit<PutAside, 'receivedAtMs'>): string {
  return [reason, path, value].filter((part) => part !== '').join(' ');
}

const WEAK_DBM = -100;
const NONE_DBM = -110;
const LOW_PCT = 20;

/** How strong its signal and its battery are, where its kind tells them. */
export function judgeSignal(heard: LastHeard | null, kind: DeviceKind | undefined): Finding {
  const units = new Map([...(kind?.fields ?? [])].map(([name, spec]) => [name, 'unit' in spec ? spec.unit : null]));
  const numbers = [...(heard?.fields ?? [])].flatMap(([name, { value }]) =>
    typeof value === 'number' ? [{ name, value, unit: units.get(name) ?? '' }] : [],
  );
  const dbm = numbers.find(({ unit }) => unit === 'dBm');
  const battery = numbers.find(({ name }) => name.startsWith('battery') && name.endsWith('_pct'));
  const told = [dbm, battery].flatMap((one) => (one ? [`${one.name} ${one.value} ${one.unit}`] : []));
  if (told.length === 0) return notTried('It does not tell its signal.');
  const seen = `${told.join(', ')}.`;
  if (dbm && dbm.value < WEAK_DBM) {
    const grade = dbm.value < NONE_DBM ? 'failed' : 'warning';
    return bad(grade, 'weak-signal', 'Look at its antenna and where it hangs; try another network.', seen);
  }
  if (battery && battery.value < LOW_PCT) return bad('warning', 'battery-low', 'Change or charge its battery.', seen);
  return ok(seen);
}

const SPANS: readonly [string, number][] = [
  ['days', DAY_MS],
  ['h', HOUR_MS],
  ['min', MINUTE_MS],
];

function ago(ms: number): string {
  const [unit, length] = SPANS.find(([, one]) => ms >= 2 * one) ?? ['s', 1_000];
  return `${Math.max(0, Math.round((ms / length) * 10) / 10)} ${unit}`;
}
