import type { Device, DeviceState } from '../../core/types.ts';

/** What is to become of a device besides what its columns say. */
export type RowStep =
  | { type: 'state'; to: DeviceState; reason: string | null }
  | { type: 'maintenance'; minutes: number; reason: string }
  | { type: 'end-maintenance' }
  | { type: 'retire'; reason: string };

/** What takes such a step back. */
export type StepWayBack =
  | Extract<RowStep, { type: 'state' | 'end-maintenance' }>
  | { type: 'restore'; to: DeviceState; reason: string }
  | { type: 'none' };

/** The step, where the device is not there yet. */
export function stepOf(step: RowStep | undefined, { state }: Pick<Device, 'state'>): RowStep | null {
  if (step === undefined) return null;
  if (step.type === 'state') return step.to === state ? null : step;
  if (step.type === 'end-maintenance') return state === 'maintenance' ? step : null;
  return step;
}

/** The field that such a step changes, for reports. */
export function fieldOf({ type }: RowStep): string {
  return type === 'state' || type === 'retire' ? 'state' : 'maintenance';
}

const UNDONE = 'the change is undone';

/** What was in maintenance is not put into it again: how long it was to last has passed meanwhile. */
export function stepBack(step: RowStep, { state }: Pick<Device, 'state'>): StepWayBack {
  if (step.type === 'state') return { type: 'state', to: state, reason: UNDONE };
  if (step.type === 'retire')
    return { type: 'restore', to: state === 'maintenance' ? 'in-service' : state, reason: UNDONE };
  return step.type === 'maintenance' ? { type: 'end-maintenance' } : { type: 'none' };
}
