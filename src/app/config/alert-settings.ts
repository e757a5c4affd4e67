import { daysKept } from '../../core/setup/setting.ts';
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
};
