import { z } from 'zod';
import { path, type Setting, setting } from '../../core/setup/setting.ts';
import { RECORDED_DAYS_MIN } from '../../streams/recordings/classes.ts';

/** Settings of recorded video. */
export const RECORDINGS = {
  directory: path([
    'CITYWATCH_RECORDINGS_DIR',
    'Directory of recorded video, best on a disk of its own; without it `recordings` in the data directory.',
  ]),
  keepDays: recordedDays(
    ['CITYWATCH_RECORDINGS_KEEP_DAYS', 'How long recorded video of public places is kept; then it is deleted.'],
    RECORDED_DAYS_MIN.public,
  ),
  keySiteDays: recordedDays(
    ['CITYWATCH_RECORDINGS_KEY_SITE_DAYS', 'The same of key sites.'],
    RECORDED_DAYS_MIN['key-site'],
  ),
  minorsDays: recordedDays(
    ['CITYWATCH_RECORDINGS_MINORS_DAYS', 'The same of places where children are.'],
    RECORDED_DAYS_MIN.minors,
  ),
} as const;

/** The least that the law allows is where it stands when nobody says otherwise. */
function recordedDays(head: [variable: string, meaning: string], min: number): Setting<number> {
  const range = `a whole number from ${min} to 3650, because the law asks for ${min} days`;
  return setting<number>(head, z.int().min(min).max(3650), min, { range, unit: 'days', fromText: 'number' });
}
