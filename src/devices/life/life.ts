import type { DeviceState } from '../../core/types.ts';

/**
 * How a step of a life is made: by saying so, with the record of an acceptance, with the maintenance that begins or
 * ends, or by retiring the device.
 */
export type StepBy = 'said' | 'acceptance' | 'maintenance' | 'retiring';

type Steps = Readonly<Partial<Record<DeviceState, StepBy>>>;

/**
 * Which step may follow which. A step back (`installed` to `planned`, `accepted` to `installed`) takes back what was
 * said by mistake or does not hold any more. Nothing follows `retired`: an id is never given out again.
 */
export const LIFE: Readonly<Record<DeviceState, Steps>> = {
  planned: { installed: 'said', retired: 'retiring' },
  installed: { planned: 'said', accepted: 'acceptance', retired: 'retiring' },
  accepted: { installed: 'said', 'in-service': 'said', retired: 'retiring' },
  'in-service': { accepted: 'said', maintenance: 'maintenance', retired: 'retiring' },
  maintenance: { 'in-service': 'maintenance', retired: 'retiring' },
  retired: {},
};

/** Where a life may begin: a plan is entered point by point, and what stands already is registered as it stands. */
export const FIRST_STATES = ['planned', 'installed', 'accepted', 'in-service'] as const satisfies DeviceState[];

/** What may be said of a device in this state, in the order of a life. */
export function stepsFrom(state: DeviceState, by: StepBy): DeviceState[] {
  const steps = Object.entries(LIFE[state]) as [DeviceState, StepBy][];
  return steps.filter(([, how]) => how === by).map(([to]) => to);
}

/** Whether this step may be made in this way. */
export function mayStep(from: DeviceState, to: DeviceState, by: StepBy): boolean {
  return LIFE[from][to] === by;
}

/** Whether something stands there, whose health can be told: neither a plan nor what is gone. */
export function isStanding(state: DeviceState): boolean {
  return state !== 'planned' && state !== 'retired';
}
