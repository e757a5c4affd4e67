import type { Device, DeviceState } from '../../core/types.ts';

/** What is to become of a device besides what its columns say. */
export type RowStep =
  | { type: 'state'; to: DeviceState; reason: string | null }
  | { type: 'maintenance'; minutes: number; reason: string }
  | { type: 'end-maintenance' };

/** What takes such a step back. */
export type StepWayBack = Extract<RowStep, { type: 'state' | 'end-maintenance' }> | { type: 'none' };

/** The step, where the device is not there yet. */
export function stepOf(step: RowStep | undefined, { state }: Pick<Device, 'state'>): RowStep | null {
  if (step === undefined) return null;
  if (step.type === 'state') return step.to === state ? null : step;
  if (step.type === 'end-maintenance') return state === 'maintenance' ? step : null;
  return step;
}

/** The field that such a step changes, for reports. */
export function fieldOf({ type }: RowStep): string {
  return type === 'state' ? 'state' : 'maintenance';
}

/** What was in maintenance is not put into it again: how long it was to last has passed meanwhile. */
export function stepBack(step: RowStep, { state }: Pick<Device, 'state'>): StepWayBack {
  if (step.type === 'state') return { type: 'state', to: state, reason: 'the change is undone' };
  return step.type === 'maintenance' ? { type: 'end-maintenance' } : { type: 'none' };
}
