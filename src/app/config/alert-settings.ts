import { z } from 'zod';
import { daysKept, setting } from '../../core/setup/setting.ts';
import { KEPT_DAYS_MIN } from '../../platform/records/judge.ts';

/** Settings of alerts. */
export const ALERTS = {
  keepDays: daysKept(
    ['CITYWATCH_ALERTS_KEEP_DAYS', 'How long closed alerts of incidents are kept, with their log and pictures.'],
    1095,
    KEPT_DAYS_MIN,
  ),
  keepFaultDays: daysKept(['CITYWATCH_ALERTS_KEEP_FAULT_DAYS', 'The same of faults of devices.'], 365, 30),
  keepSystemDays: daysKept(['CITYWATCH_ALERTS_KEEP_SYSTEM_DAYS', 'The same of the gateway itself.'], 365, 30),
  rulesApproval: setting<'none' | 'other-person'>(
    [
      'CITYWATCH_RULES_APPROVAL',
      'Who must approve a rule that comes by the API: nobody, or another person than the one who asked.',
    ],
    z.enum(['none', 'other-person']),
    'none',
    { range: 'none or other-person' },
  ),
};
