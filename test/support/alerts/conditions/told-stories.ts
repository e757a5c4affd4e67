import { type DevicesPort, RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import type { Finding } from '../../../../src/alerts/rules/findings.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import type { Point } from '../../../../src/core/registry/geometry.ts';
import type { DecodedRecord, FieldValue } from '../../../../src/core/types.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { KINDS_DIRECTORY } from '../../devices/registry.ts';
import { ALL_THERE, message, reading } from '../alerts.ts';

/** At a second a device tells values, or an event; the event may have happened earlier than it came. */
export interface Told {
  at: number;
  device?: string;
  kind?: string;
  values?: Record<string, FieldValue>;
  event?: string;
  happenedAt?: number;
}

export interface Story {
  name: string;
  kinds: string;
  condition: string;
  told: Told[];
  findings: string[];
}

const START_S = 1_700_000_000;
const kinds = await Kinds.load(KINDS_DIRECTORY);

/** A zone that is called so; a device says by its own fields where it is. */
const QUAY: Point[] = [
  [121.4, 29.7],
  [121.6, 29.7],
  [121.6, 29.9],
  [121.4, 29.9],
];

/** Two sites: `near-1` to `near-3` within 200 m and on one pole, `far-1` 5 km away and on nothing. */
export const CITY: DevicesPort = {
  ...ALL_THERE,
  parentOf: (id) => (id.startsWith('near') ? 'pole' : null),
  topmost: (id) => (id.startsWith('near') ? 'site' : id),
  boundsOfZones: (name) => (name === 'quay' ? [QUAY] : []),
  placeOf: (id) => (id.startsWith('near') ? [121.5 + Number(id.slice(5)) / 1_000, 29.8] : [121.55, 29.8]),
};

function recordOf({ at, values, event, happenedAt = at }: Told): DecodedRecord {
  const atMs = (START_S + happenedAt) * 1000;
  if (values) return reading(values, atMs);
  return { ...reading({}, atMs), type: 'event', event: event!, data: new Map() };
}

export function findingsOf(
  { kinds: names, condition, told }: Pick<Story, 'kinds' | 'condition' | 'told'>,
  devices = CITY,
): Finding[] {
  const head = `rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: incident\nkinds: [${names}]`;
  const parsed = parseRule(`${head}\ncondition: ${condition}\n`, kinds);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const engine = new RulesEngine([parsed.rule], { match: () => [] }, devices);
  const findings = told.flatMap((one, offset) => {
    const { at, device = 'near-1', kind = names.split(',')[0]! } = one;
    const receivedAtMs = (START_S + at) * 1000;
    return engine.judge(message({ device, kind, offset, receivedAtMs, records: [recordOf(one)] }), 0);
  });
  findings.push(...engine.advanceTo((START_S + 100_000) * 1000, 0));
  return findings;
}

export function play(story: Omit<Story, 'findings'>, devices = CITY): string[] {
  return findingsOf(story, devices).map(({ transition, subject, receivedAtMs }) => {
    return `${subject.id} ${transition} at ${receivedAtMs / 1000 - START_S}`;
  });
}

/** Whether a device sees smoke. */
export const smoke = (at: number, device: string, isSmoke = true): Told => ({ at, device, values: { smoke: isSmoke } });
