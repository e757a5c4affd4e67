import { z } from 'zod';
import { HOUR_MS } from '../../core/clock.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { CapEntry, CapPlan } from './plan.ts';
import { type Element, xmlOf } from './xml.ts';

const NAMESPACE = 'urn:oasis:names:tc:emergency:cap:1.2';
export const CAP_TYPE = 'application/cap+xml';

/** Who says it, and who may read it. */
export interface CapVoice {
  /** Without spaces, commas, `<` and `&`. */
  sender: string;
  scope: 'Public' | 'Restricted' | 'Private';
  /** Of `Restricted`: for whom it is. */
  restriction: string | null;
  /** Of `Private`: to whom it goes, each without spaces. */
  addresses: readonly string[];
  /** Radius of the circle round the device. */
  radiusM: number;
}

export interface CapMessage {
  entry: CapEntry;
  plan: CapPlan;
  /** As the API shows it. */
  alert: Readonly<Record<string, unknown>>;
  /** Where its district lies, in WGS-84; absent or null where nobody has drawn that. */
  bounds?: readonly Point[] | null | undefined;
}

/** What is read of an alert; one of an earlier version may lack what came later. */
const shown = z.object({
  id: z.string().catch(''),
  rule: z.string().catch(''),
  title: z.object({ en: z.string(), zh: z.string() }).catch({ en: 'Alert', zh: '警情' }),
  severity: z.enum(['extreme', 'severe', 'moderate', 'minor']).catch('minor'),
  class: z.string().catch('incident'),
  condition: z.enum(['active', 'recovering', 'cleared', 'stale']).catch('active'),
  verdict: z.string().nullable().catch(null),
  subject: z.object({ type: z.string(), id: z.string(), name: z.string() }).nullable().catch(null),
  jurisdiction: z.string().catch(''),
  location: z.object({ lat: z.number(), lon: z.number() }).nullable().catch(null),
  firstAt: z.string().nullable().catch(null),
  occurrences: z.number().catch(1),
  exercise: z.boolean().catch(false),
  data: z.record(z.string(), z.unknown()).catch({}),
});

type Shown = z.output<typeof shown> & { bounds: readonly Point[] | null };

/** CAP 1.2 of one entry of the log of an alert: in Chinese and English, without plates and pictures. */
export function capOf({ entry, plan, alert, bounds = null }: CapMessage, voice: CapVoice): string {
  const seen = { ...shown.parse(alert), bounds };
  const note = seen.exercise ? `演习 Exercise: ${String(seen.data.drill ?? '')}`.trim() : null;
  return xmlOf('alert', NAMESPACE, [
    ...headOf(entry, seen.exercise ? 'Exercise' : 'Actual', plan.msgType, voice),
    ['note', note],
    ['references', plan.references.map((one) => referenceTo(one, voice)).join(' ') || null],
    ['incidents', seen.id || null],
    ['info', infoOf(seen, plan, LANGUAGES.zh, voice)],
    ['info', infoOf(seen, plan, LANGUAGES.en, voice)],
  ]);
}

/** A message of the status Test, which means nothing. */
export function capTest({ id, at }: { id: string; at: string }, voice: CapVoice): string {
  const entry = { id, type: 'subscription.test', at };
  return xmlOf('alert', NAMESPACE, [...headOf(entry, 'Test', 'Alert', voice), ['note', '测试 Test']]);
}

function headOf(
  entry: CapEntry,
  status: 'Actual' | 'Exercise' | 'Test',
  msgType: CapPlan['msgType'],
  { sender, scope, restriction, addresses }: CapVoice,
): Element[] {
  return [
    ['identifier', entry.id],
    ['sender', sender],
    ['sent', capTime(entry.at)],
    ['status', status],
    ['msgType', msgType],
    ['scope', scope],
    ['restriction', scope === 'Restricted' ? restriction : null],
    ['addresses', scope === 'Private' ? addresses.join(' ') : null],
  ];
}

function referenceTo({ id, at }: CapEntry, { sender }: CapVoice): string {
  return `${sender},${id},${capTime(at)}`;
}

interface Language {
  code: string;
  key: 'en' | 'zh';
  drill: string;
  says: Record<Shown['condition'], string>;
  times(count: number): string;
  over: string;
}

const LANGUAGES: { zh: Language; en: Language } = {
  zh: {
    code: 'zh-CN',
    key: 'zh',
    drill: '【演习】',
    says: { active: '正在发生', recovering: '正在恢复', cleared: '已解除', stale: '信息中断，情况不明' },
    times: (count) => `共 ${count} 次`,
    over: '已结束',
  },
  en: {
    code: 'en',
    key: 'en',
    drill: 'EXERCISE: ',
    says: { active: 'lasting', recovering: 'recovering', cleared: 'over', stale: 'unknown, nothing is heard any more' },
    times: (count) => `${count} times`,
    over: 'ended',
  },
};

const HEADLINE_MAX = 160;

function infoOf(alert: Shown, { msgType }: CapPlan, language: Language, voice: CapVoice): Element[] {
  const { severity, title, condition } = alert;
  const event = title[language.key];
  const place = alert.subject?.name ?? alert.jurisdiction;
  const isOver = msgType === 'Cancel';
  const state = isOver ? language.over : language.says[condition];
  const drill = alert.exercise ? language.drill : '';
  return [
    ['language', language.code],
    ['category', categoryOf(alert)],
    ['event', event],
    ['responseType', isOver ? 'AllClear' : 'Assess'],
    ['urgency', isOver || condition === 'cleared' ? 'Past' : URGENCY[severity]],
    ['severity', SEVERITY[severity]],
    ['certainty', condition === 'stale' ? 'Unknown' : 'Observed'],
    [
      'eventCode',
      alert.rule === ''
        ? null
        : [
            ['valueName', 'citywatch:rule'],
            ['value', alert.rule],
          ],
    ],
    ['onset', alert.firstAt === null ? null : capTime(alert.firstAt)],
    ['headline', cut(`${drill}${event} ${place}`.trim(), HEADLINE_MAX)],
    ['description', `${drill}${event}. ${place}. ${state}. ${language.times(alert.occurrences)}.`],
    [
      'parameter',
      [
        ['valueName', 'citywatch:condition'],
        ['value', condition],
      ],
    ],
    ['area', areaOf(alert, place, voice)],
  ];
}

const URGENCY: Record<Shown['severity'], string> = {
  extreme: 'Immediate',
  severe: 'Immediate',
  moderate: 'Expected',
  minor: 'Expected',
};

const SEVERITY: Record<Shown['severity'], string> = {
  extreme: 'Extreme',
  severe: 'Severe',
  moderate: 'Moderate',
  minor: 'Minor',
};

/** Categories of CAP (§3.2.2; floods are meteorological there) by words in the name of a rule; the first that fits. */
const CATEGORIES: readonly [category: string, words: readonly string[]][] = [
  ['Fire', ['fire', 'smoke']],
  ['CBRNE', ['gas', 'leak', 'chemical', 'hazmat']],
  ['Security', ['watchlist', 'intrusion', 'sos', 'plate', 'forced', 'tampered', 'login', 'signature', 'hand']],
  ['Transport', ['traffic', 'vehicle', 'car', 'checkpoint']],
  ['Env', ['air', 'noise', 'sewage', 'dust', 'pollution', 'odour']],
  ['Met', ['flood', 'flooded', 'water', 'drainage', 'rain', 'snow', 'wind', 'storm', 'fog', 'weather', 'hail']],
  ['Geo', ['landslide', 'quake', 'earthquake']],
];

/** A device or the gateway that does not do its work is infrastructure, whatever it looks at. */
function categoryOf({ rule, class: of }: Shown): string {
  if (of === 'fault' || of === 'system') return 'Infra';
  const words = rule.split('@')[0]!.split('-');
  return CATEGORIES.find(([, all]) => all.some((word) => words.includes(word)))?.[0] ?? 'Safety';
}

/** Round its device, or all of the district that it is about. */
function areaOf({ location, jurisdiction, bounds }: Shown, place: string, { radiusM }: CapVoice): Element[] {
  const circle = location && `${degrees(location.lat)},${degrees(location.lon)} ${radiusM / 1000}`;
  return [
    ['areaDesc', place === '' ? jurisdiction : place],
    ['polygon', location === null && bounds ? polygonOf(bounds) : null],
    ['circle', circle],
    [
      'geocode',
      jurisdiction === ''
        ? null
        : [
            ['valueName', 'GB/T 2260'],
            ['value', jurisdiction],
          ],
    ],
  ];
}

/** CAP has the latitude first, and the first corner once more at the end. */
function polygonOf(bounds: readonly Point[]): string {
  return [...bounds, bounds[0]!].map(([lon, lat]) => `${degrees(lat)},${degrees(lon)}`).join(' ');
}

/** A ten-thousandth of a degree is ten metres: less than any circle that is told. */
function degrees(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}

const CHINA = '+08:00';
const CHINA_MS = 8 * HOUR_MS;

/** CAP has whole seconds and an offset, never `Z`. */
export function capTime(at: string): string {
  const text = new Date(Date.parse(at) + CHINA_MS).toISOString();
  return `${text.slice(0, 19)}${CHINA}`;
}

function cut(text: string, max: number): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}
