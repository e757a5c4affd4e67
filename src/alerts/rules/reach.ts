import { z } from 'zod';
import { codeAlone, covers, isJurisdictionCode } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { ConditionSettings } from './conditions/condition.ts';

const area = z.string().refine(isJurisdictionCode, 'is no code of a division or zone');
const words = z.array(z.string().min(1).max(128)).min(1).max(64).optional();

/** Which of the devices of its kinds a rule looks at: those that fit each key that is there. */
export const reachKeys = {
  /** Those with one of these tags of the registry. */
  tags: words,
  /** Those in one of these areas. */
  areas: z.array(area).min(1).max(64).optional(),
  /** Those of one of these departments. */
  owners: words,
};

/** Other limits for some devices: keys of the condition that replace the rule's own. The first that fits counts. */
const overrideKeys = z.strictObject({
  devices: words,
  kinds: words,
  ...reachKeys,
  with: z.record(z.string(), z.unknown()),
});
export const overridesSchema = z.array(overrideKeys).min(1).max(256);

/** What somebody wrote into the file of a position by which rules choose. */
export interface Labels {
  owner: string | null;
  tags: readonly string[];
}

/** What rules choose by. */
export interface About {
  /** Null of what is no device. */
  device: DeviceId | null;
  kind: string;
  jurisdiction: string;
  /** Absent where nobody wrote any. */
  labels?: Labels | undefined;
}

type Reach = { [Key in keyof typeof reachKeys]?: z.infer<(typeof reachKeys)[Key]> };
type Chosen = Reach & { devices?: readonly string[] | undefined; kinds?: readonly string[] | undefined };

/** An override whose condition is read. */
export interface Variant {
  chosen: Chosen;
  condition: ConditionSettings;
}

/** Whether anything but the kind is asked for. */
export function isLimited({ tags, areas, owners }: Reach): boolean {
  return tags !== undefined || areas !== undefined || owners !== undefined;
}

export function reaches({ devices, kinds, tags, areas, owners }: Chosen, about: About): boolean {
  const { labels } = about;
  return (
    (devices === undefined || (about.device !== null && devices.includes(about.device))) &&
    (kinds === undefined || kinds.includes(about.kind)) &&
    (tags === undefined || (labels !== undefined && tags.some((tag) => labels.tags.includes(tag)))) &&
    (owners === undefined || (labels?.owner != null && owners.includes(labels.owner))) &&
    (areas === undefined || areas.some((one) => covers(codeAlone(one), about.jurisdiction)))
  );
}

/** By which settings a subject is judged. */
export function settingsFor(
  { condition, variants }: { condition: ConditionSettings; variants: readonly Variant[] },
  about: About,
): ConditionSettings {
  if (variants.length === 0) return condition;
  return variants.find(({ chosen }) => reaches(chosen, about))?.condition ?? condition;
}
