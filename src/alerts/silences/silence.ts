import { covers, limitedArea, type PoliceTree, type Tree } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { AlertFilter } from '../desk/filter.ts';
import { mustBeShown } from '../desk/life/steps.ts';
import type { AlertRow, SilenceTable } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';

/** Which alerts a silence hides: those of an area, and of these what all that is not null says. */
export type Matchers = Pick<SilenceTable, 'jurisdiction' | 'police' | 'rule' | 'kind' | 'device'>;

/** What silences ask of the registry, from memory. */
export interface SilencedDevices {
  kindOf(device: DeviceId): string | null;
  /** Whether it is `top`, or hangs on it, however far above. */
  isAt(device: DeviceId, top: DeviceId): boolean;
  /** Every device of that kind that is at `top`; null for any kind, or anywhere. */
  among(kind: string | null, top: DeviceId | null): readonly DeviceId[];
}

export type Trees = Tree & PoliceTree;

/** What matchers are asked with. */
export interface Knowing {
  trees: Trees;
  devices: SilencedDevices;
}

/** Whether it hides such an alert, wherever that stands otherwise. */
export function hides(
  matchers: Matchers,
  alert: Pick<AlertRow, 'rule' | 'device' | 'jurisdiction' | 'police' | 'severity' | 'data'>,
  knowing: Knowing,
): boolean {
  return !mustBeShown(alert) && means(matchers, alert, knowing);
}

/** Whether an alert is among those that are meant. */
export function means(
  { jurisdiction, police, rule, kind, device: top }: Matchers,
  alert: Pick<AlertRow, 'rule' | 'device' | 'jurisdiction' | 'police'>,
  { trees, devices }: Knowing,
): boolean {
  if (!covers(limitedArea(trees, jurisdiction, police), alert)) return false;
  if (rule !== null && rule !== alert.rule) return false;
  if (kind === null && top === null) return true;
  const device = deviceIn(alert.device);
  if (device === null) return false;
  return (top === null || devices.isAt(device, top)) && (kind === null || devices.kindOf(device) === kind);
}

/** The open alerts that it means; some of them must be shown all the same. */
export function meantBy(
  { jurisdiction, police, rule, kind, device }: Matchers,
  { trees, devices }: Knowing,
): AlertFilter {
  const filter: AlertFilter = { open: true, area: limitedArea(trees, jurisdiction, police) };
  if (rule !== null) filter.rule = rule;
  if (kind !== null || device !== null) filter.devices = devices.among(kind, device);
  return filter;
}
