import { randomFrom } from '../../time/random.ts';

/** What an alert is about and how grave it is; the same for both sides. */
export interface TracedAlert {
  rule: string;
  device: string;
  area: string;
  severity: 'extreme' | 'moderate' | 'minor';
  /** Of what hangs on a site, the site; of a site, itself. */
  site: string | null;
}

/** One thing that happens to it. A source says again and again that something lasts. */
export interface TracedEvent {
  atMs: number;
  alert: TracedAlert;
  does: 'fire' | 'clear';
}

export interface Trace {
  events: TracedEvent[];
  /** When each site went dark, and when it was back. */
  dark: { site: string; fromMs: number; toMs: number }[];
  lengthMs: number;
}

export const AREAS = [
  '330203',
  '330205',
  '330206',
  '330211',
  '330212',
  '330213',
  '330225',
  '330226',
  '330281',
  '330282',
];
export const SITE_RULE = 'site-dark';
export const SILENT_RULE = 'camera-offline';
export const FULL_RULE = 'kiosk-full';
const QUIET_RULES = ['kiosk-jammed', 'cabinet-hot', 'switch-hot', 'sign-fault', 'battery-low', 'signal-lamp-out'];

const LENGTH_MS = 75_000;
const SITES = 10;
const CAMERAS = 20;
const STORM = 150;
const SOS = 60;
const QUIET = 900;
const AGAIN_MS = 6_000;

/** A city within a bit more than a minute, the same for the same seed: exactly `count` events in their order. */
export function traceOf(seed: number, count: number): Trace {
  const random = randomFrom(seed);
  const between = (from: number, to: number): number => Math.round(from + random() * (to - from));
  const events: TracedEvent[] = [];
  const lasts = (alert: TracedAlert, fromMs: number, toMs: number | null): void => {
    for (let atMs = fromMs; atMs < (toMs ?? LENGTH_MS); atMs += AGAIN_MS) events.push({ atMs, alert, does: 'fire' });
    if (toMs !== null) events.push({ atMs: toMs, alert, does: 'clear' });
  };
  const dark = Array.from({ length: SITES }, (_, index) => {
    const [site, area] = [`site-${index}`, AREAS[index % AREAS.length]!];
    const [fromMs, toMs] = [between(8_000, 14_000), between(38_000, 42_000)];
    lasts({ rule: SITE_RULE, device: site, area, severity: 'moderate', site }, fromMs, toMs);
    for (let camera = 0; camera < CAMERAS; camera += 1) {
      const alert = { rule: SILENT_RULE, device: `${site}-${camera}`, area, severity: 'moderate', site } as const;
      // Some are found silent before anybody knows of the site; some stay so after it is back.
      const begins = camera < 5 ? between(fromMs - 4_000, fromMs - 1_500) : between(fromMs, fromMs + 4_000);
      lasts(alert, begins, camera % 4 === 0 ? null : between(toMs - 1_000, toMs + 3_000));
    }
    return { site, fromMs, toMs };
  });
  for (const [index, area] of AREAS.slice(0, 2).entries()) {
    for (let kiosk = 0; kiosk < STORM; kiosk += 1) {
      const alert = { rule: FULL_RULE, device: `full-${index}-${kiosk}`, area, severity: 'minor', site: null } as const;
      lasts(alert, between(20_000, 22_500), kiosk % 2 === 0 ? between(50_000, 60_000) : null);
    }
  }
  for (let button = 0; button < SOS; button += 1) {
    const [device, area] = [`sos-${button}`, AREAS[button % AREAS.length]!];
    const alert = { rule: 'sos-pressed', device, area, severity: 'extreme', site: null } as const;
    events.push({ atMs: between(2_000, LENGTH_MS - 5_000), alert, does: 'fire' });
  }
  quietDays({ events, between, lasts });
  // As many as were asked for: what is said again says nothing new.
  const news = new Set<string>();
  const isNew = ({ alert, does }: TracedEvent): boolean => {
    const state = `${keyOf(alert)} ${does}`;
    const isFirst = !news.has(state);
    news.add(state);
    news.delete(`${keyOf(alert)} ${does === 'fire' ? 'clear' : 'fire'}`);
    return isFirst;
  };
  events.sort((a, b) => a.atMs - b.atMs || (keyOf(a.alert) < keyOf(b.alert) ? -1 : 1));
  const marked = events.map((event) => ({ event, keep: isNew(event) }));
  let left = marked.length - count;
  if (left < 0) throw new Error(`the city has only ${marked.length} events`);
  const kept = marked.filter(({ keep }) => keep || left-- <= 0);
  return { events: kept.map(({ event }) => event), dark, lengthMs: LENGTH_MS };
}

interface Telling {
  events: TracedEvent[];
  between(from: number, to: number): number;
  lasts(alert: TracedAlert, fromMs: number, toMs: number | null): void;
}

/** Single things that come, last for a while, and come again; a third of them are over at once. */
function quietDays({ between, lasts }: Telling): void {
  for (let index = 0; index < QUIET; index += 1) {
    const rule = QUIET_RULES[index % QUIET_RULES.length]!;
    const area = AREAS[between(0, AREAS.length - 1)]!;
    const alert = { rule, device: `quiet-${index}`, area, severity: 'moderate', site: null } as const;
    for (let fromMs = between(0, 30_000); fromMs < LENGTH_MS - 1_000; ) {
      const forMs = index % 3 === 0 ? between(150, 500) : between(3_000, 25_000);
      const toMs = Math.min(fromMs + forMs, LENGTH_MS - 1);
      lasts(alert, fromMs, toMs);
      fromMs = toMs + between(4_000, 20_000);
    }
  }
}

/** What an alert is known again by on both sides. */
export function keyOf({ rule, device }: Pick<TracedAlert, 'rule' | 'device'>): string {
  return `${rule}|${device}`;
}
