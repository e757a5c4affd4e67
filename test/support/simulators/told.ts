import type { Befallen, Entry } from '../../../simulators/fleet/ledger-lines.ts';
import type { Flaw } from './target.ts';

/** What may be wrong with how a gateway makes one row of many alerts. */
export type StormFlaw =
  | 'loses a part of a storm'
  | 'counts a part that it lost'
  | 'lets a part of a storm go'
  | 'tells nobody of a storm'
  | 'tells a storm too small'
  | 'hides a fire in a storm'
  | 'opens a storm late'
  | 'makes up a part of a storm';

const SECOND_MS = 1_000;
/** Alike alerts that are told one by one; the next one stands for all that follow. */
const ONE_BY_ONE = 10;
/** From one look at what is listed to the next. */
const LOOK_MS = 1_000;
/** Told of each by itself, unless a gateway is wrong. */
const GRAVE = ['fire', 'wanted', 'sos'];

interface Gateway {
  flaw: Flaw;
  prefix: string;
}

/** What a made-up gateway tells of what befell its devices, and what it lists of storms. */
export function deliveriesOf(befallen: readonly Befallen[], { flaw, prefix }: Gateway): Entry[] {
  const expected = befallen.filter(({ alertWithinMs }) => alertWithinMs !== null);
  const isStormy = ({ what }: Befallen): boolean => !GRAVE.includes(what) || flaw === 'hides a fire in a storm';
  const whats = [...new Set(expected.map(({ what }) => what))];
  const rows = whats.flatMap((what) => {
    const alike = expected.filter((one) => one.what === what);
    const single = isStormy(alike[0]!) ? alike.slice(0, ONE_BY_ONE) : alike;
    return [
      ...single.flatMap((one, at) => toldOf(one, { flaw, isFirst: what === whats[0] && at === 0 })),
      ...stormOf(alike.slice(single.length), flaw),
    ];
  });
  const [first] = expected;
  // Long before anything befell a device.
  if (flaw === 'rings for nothing' && first) {
    rows.push(delivered({ alert: 'a-x', device: `${prefix}kiosk-00001`, atMs: first.fromMs - 20 * SECOND_MS }));
  }
  return rows;
}

interface Told {
  alert: string;
  device: string;
  atMs: number;
  type?: string;
  place?: string;
  storm?: number;
  copy?: string;
}

function delivered({ alert, device, atMs, type = 'alert.opened', place = alert, storm = 0, copy = 'w' }: Told): Entry {
  const webhook = `${copy}-${place}`;
  return {
    what: 'delivered',
    delivered: { atMs, webhook, alert, type, device, place, verdict: 'right', isRepeat: false, storm, stamps: null },
  };
}

const alertOf = ({ what, device }: Befallen): string => `${what} ${device}`;

function toldOf(one: Befallen, { flaw, isFirst }: { flaw: Flaw; isFirst: boolean }): Entry[] {
  if (flaw === 'forgets an alert' && isFirst) return [];
  const afterMs = flaw === 'rings late' ? (one.alertWithinMs ?? 0) + 3 * SECOND_MS : 400;
  // Nobody hears of a device without power before that is back.
  const [saidMs, overMs] = [one.saidMs ?? one.fromMs, one.overSaidMs ?? one.toMs];
  const told: Told = { alert: alertOf(one), device: one.device ?? '', atMs: saidMs + afterMs };
  const over = { type: 'alert.cleared', place: `${told.alert} over`, atMs: overMs + 61 * SECOND_MS };
  const rows = flaw === 'never clears' ? [delivered(told)] : [delivered(told), delivered({ ...told, ...over })];
  return flaw === 'doubles a webhook' ? [...rows, delivered({ ...told, copy: 'v', atMs: told.atMs + 10 })] : rows;
}

/** One alert that stands for others: it is told, then each is seen at a look, and how many they are is told again. */
function stormOf([leader, ...rest]: readonly Befallen[], flaw: Flaw): Entry[] {
  if (!leader) return [];
  const storm = alertOf(leader);
  const toldMs = leader.fromMs + (flaw === 'opens a storm late' ? 20 * SECOND_MS : 500);
  const device = leader.device ?? '';
  const seen = flaw === 'loses a part of a storm' || flaw === 'counts a part that it lost' ? rest.slice(1) : rest;
  const parts = seen.map((one) => partOf(one, storm, toldMs + LOOK_MS));
  if (flaw === 'makes up a part of a storm') parts.push(partOf({ ...leader, device: `${device}-x` }, storm, toldMs));
  const gone = flaw === 'lets a part of a storm go' ? [alertOf(rest[0]!)] : [];
  const listed = parts.length - gone.length;
  const count = (flaw === 'counts a part that it lost' ? rest.length : listed) + 1;
  const told = flaw === 'tells a storm too small' ? count - 1 : count;
  const again = { type: 'alert.updated', place: `${storm} again`, atMs: toldMs + 30 * SECOND_MS, storm: told };
  const rows = [
    delivered({ alert: storm, device, atMs: toldMs, storm: 1 }),
    delivered({ alert: storm, device, ...again }),
  ];
  if (flaw === 'tells nobody of a storm') return parts;
  return [...rows, ...parts, { what: 'storm', storm: { storm, listed, gone } }];
}

function partOf(one: Befallen, storm: string, atMs: number): Entry {
  const part = { atMs, beforeMs: atMs - LOOK_MS, storm, alert: alertOf(one), device: one.device };
  return { what: 'part', part };
}
