import { z } from 'zod';
import { HOUR_MS } from '../../../core/clock.ts';
import type { SinkEntry, SinkProbe } from '../sink.ts';

/**
 * What is told in words, by mail, chat and short message: what happened, how grave, in which district and when. No
 * plate, person, picture or exact place is among it, nor anything a device or person wrote: who needs more opens the
 * alert, and is looked at there.
 */
export interface TextFields {
  /** Id of the alert. */
  alert: string;
  /** Id of what is sent, the same in every try. */
  id: string;
  /** `alert.opened` and the like. */
  type: string;
  what: string;
  whatEn: string;
  title: string;
  titleEn: string;
  severity: string;
  severityEn: string;
  condition: string;
  conditionEn: string;
  /** Code of the district, and what it is called. */
  district: string;
  districtName: string;
  /** When, by the clock of Beijing, such as `2026-11-21 16:00:00`. */
  at: string;
  count: string;
  /** `【演习 EXERCISE】`, `【测试 TEST】` or nothing. */
  drill: string;
}

export const TEXT_FIELDS = [
  'alert',
  'id',
  'type',
  'what',
  'whatEn',
  'title',
  'titleEn',
  'severity',
  'severityEn',
  'condition',
  'conditionEn',
  'district',
  'districtName',
  'at',
  'count',
  'drill',
] as const satisfies readonly (keyof TextFields)[];

const shown = z.object({
  id: z.string().catch(''),
  title: z.object({ en: z.string(), zh: z.string() }).catch({ en: 'Alert', zh: '警情' }),
  severity: z.string().catch(''),
  condition: z.string().catch(''),
  jurisdiction: z.string().catch(''),
  occurrences: z.number().catch(1),
  exercise: z.boolean().catch(false),
});

type Words = Readonly<Record<string, readonly [zh: string, en: string]>>;

const WHAT: Words = {
  'alert.opened': ['新警情', 'New alert'],
  'alert.updated': ['警情更新', 'Alert goes on'],
  'alert.cleared': ['警情解除', 'Alert is over'],
  'alert.stale': ['信息中断', 'Nothing is heard any more'],
  'alert.left': ['警情移出辖区', 'Alert has left the district'],
  'alert.arrived': ['警情移入辖区', 'Alert has come to the district'],
  'alert.acked': ['已签收', 'Acknowledged'],
  'alert.assigned': ['已派单', 'Assigned'],
  'alert.escalated': ['无人处置，已逐级上报', 'Nobody has taken it: told further up'],
  'alert.closed': ['已办结', 'Closed'],
  'subscription.test': ['测试', 'Test'],
};
const OTHER = ['警情变化', 'Alert has changed'] as const;

const SEVERITIES: Words = {
  extreme: ['特别重大', 'extreme'],
  severe: ['重大', 'severe'],
  moderate: ['较大', 'moderate'],
  minor: ['一般', 'minor'],
};

const CONDITIONS: Words = {
  active: ['进行中', 'active'],
  recovering: ['恢复中', 'recovering'],
  cleared: ['已解除', 'cleared'],
  stale: ['情况不明', 'unknown'],
};

const UNKNOWN = ['', ''] as const;

/** The fields of an entry; `nameOf`: what people call a district. */
export function textFields(entry: SinkEntry, nameOf: (code: string) => string | null): TextFields {
  const alert = shown.parse(entry.alert);
  const { jurisdiction: district } = alert;
  const [what, whatEn] = WHAT[entry.type] ?? OTHER;
  const [severity, severityEn] = SEVERITIES[alert.severity] ?? UNKNOWN;
  const [condition, conditionEn] = CONDITIONS[alert.condition] ?? UNKNOWN;
  return {
    alert: alert.id,
    id: entry.id,
    type: entry.type,
    what,
    whatEn,
    title: alert.title.zh,
    titleEn: alert.title.en,
    severity,
    severityEn,
    condition,
    conditionEn,
    district,
    districtName: nameOf(district) ?? district,
    at: beijingTime(entry.at),
    count: String(alert.occurrences),
    drill: alert.exercise ? '【演习 EXERCISE】' : '',
  };
}

/** Of a test, which means nothing. */
export function testFields({ id, at }: SinkProbe): TextFields {
  const empty = Object.fromEntries(TEXT_FIELDS.map((name) => [name, ''])) as Record<keyof TextFields, string>;
  const [what, whatEn] = WHAT['subscription.test']!;
  return { ...empty, id, type: 'subscription.test', what, whatEn, at: beijingTime(at), drill: '【测试 TEST】' };
}

const BEIJING_MS = 8 * HOUR_MS;

function beijingTime(at: string): string {
  return new Date(Date.parse(at) + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');
}
