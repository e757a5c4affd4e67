import { z } from 'zod';
import { type Head, path, type Setting, setting, type ValuesOf } from '../../core/setup/setting.ts';
import { type KeptDays, RECORDED_DAYS_MIN, RECORDING_CLASSES } from '../../streams/recordings/classes.ts';

/** Settings of recorded video. */
export const RECORDINGS = {
  directory: path([
    'CITYWATCH_RECORDINGS_DIR',
    'Directory of recorded video, best on a disk of its own; without it `recordings` in the data directory.',
  ]),
  leastDays: recordedDays(
    [
      'CITYWATCH_RECORDINGS_LEAST_DAYS',
      'Recorded video of public places that is younger is never removed to make room.',
    ],
    RECORDED_DAYS_MIN.public,
  ),
  keepDays: recordedDays(
    [
      'CITYWATCH_RECORDINGS_KEEP_DAYS',
      'How long recorded video of public places is kept at most; then it is deleted. No fewer than the least.',
    ],
    RECORDED_DAYS_MIN.public,
  ),
  keySiteLeastDays: recordedDays(
    ['CITYWATCH_RECORDINGS_KEY_SITE_LEAST_DAYS', 'The least of key sites.'],
    RECORDED_DAYS_MIN['key-site'],
  ),
  keySiteDays: recordedDays(
    ['CITYWATCH_RECORDINGS_KEY_SITE_DAYS', 'The most of key sites.'],
    RECORDED_DAYS_MIN['key-site'],
  ),
  minorsLeastDays: recordedDays(
    ['CITYWATCH_RECORDINGS_MINORS_LEAST_DAYS', 'The least of places where children are.'],
    RECORDED_DAYS_MIN.minors,
  ),
  minorsDays: recordedDays(
    ['CITYWATCH_RECORDINGS_MINORS_DAYS', 'The most of places where children are.'],
    RECORDED_DAYS_MIN.minors,
  ),
  quotaGiB: numberFrom([0, 10_000_000], 0, 'GiB', [
    'CITYWATCH_RECORDINGS_QUOTA_GIB',
    'What recordings may take of their disk; 0 for all. One that cannot hold the least days does not count.',
  ]),
  freeGiB: numberFrom([3, 100_000], 3, 'GiB', [
    'CITYWATCH_RECORDINGS_FREE_GIB',
    'With less room than this on their disk, recordings that are older than their least are removed.',
  ]),
  freePercent: numberFrom([0, 50], 2, 'percent', [
    'CITYWATCH_RECORDINGS_FREE_PERCENT',
    'The same as a share of the disk; the larger of both counts.',
  ]),
  exportApproval: setting<'none' | 'other-person'>(
    [
      'CITYWATCH_RECORDINGS_EXPORT_APPROVAL',
      'Who must approve before recordings and bundles of alerts are taken away: nobody, or another than who asked.',
    ],
    z.enum(['none', 'other-person']),
    'none',
    { range: 'none or other-person' },
  ),
} as const;

/** For each class the setting of its least and of its most. */
export const KEPT_DAYS_SETTINGS = {
  public: { least: 'leastDays', most: 'keepDays' },
  'key-site': { least: 'keySiteLeastDays', most: 'keySiteDays' },
  minors: { least: 'minorsLeastDays', most: 'minorsDays' },
} as const;

/** The least or the most days of each class, of these settings. */
export function keptDaysOf(settings: ValuesOf<typeof RECORDINGS>, bound: 'least' | 'most'): KeptDays {
  const days = RECORDING_CLASSES.map((of) => [of, settings[KEPT_DAYS_SETTINGS[of][bound]]]);
  return Object.fromEntries(days) as KeptDays;
}

/** Null where recordings may take all of their disk. */
export function quotaBytesOf({ quotaGiB }: Pick<ValuesOf<typeof RECORDINGS>, 'quotaGiB'>): number | null {
  return quotaGiB === 0 ? null : quotaGiB * 1024 ** 3;
}

function numberFrom([min, max]: [number, number], value: number, unit: string, head: Head): Setting<number> {
  const range = `a whole number from ${min} to ${max}`;
  return setting<number>(head, z.int().min(min).max(max), value, { range, unit, fromText: 'number' });
}

/** The least that the law allows is where it stands when nobody says otherwise. */
function recordedDays(head: Head, min: number): Setting<number> {
  const range = `a whole number from ${min} to 3650, because the law asks for ${min} days`;
  return setting<number>(head, z.int().min(min).max(3650), min, { range, unit: 'days', fromText: 'number' });
}
