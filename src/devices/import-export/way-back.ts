import { type StepWayBack, stepBack } from '../bulk/steps.ts';
import type { DevicePatch } from '../registry/input.ts';
import type { UnitLabel } from '../units/places.ts';
import { withLogin } from './connection-change.ts';
import type { KnownDevice } from './known-devices.ts';
import type { ChangeSteps } from './plan.ts';
import type { UnitChange } from './unit-change.ts';

/** The body of a change that brings a device back to what it was, and what brings back its unit. Holds passwords. */
export type WayBack = Record<string, unknown> & { unit?: UnitWayBack; step?: StepWayBack };

/** The step that hung it up is undone, or what was written of it before. */
export type UnitWayBack = { type: 'undo' } | { type: 'correct'; label: Partial<UnitLabel> };

/** What undoes this change, as the device was known before. */
export function wayBack(
  { patch, steps: { unit, life } }: { patch: DevicePatch | null; steps: ChangeSteps },
  known: KnownDevice,
): WayBack {
  const { device } = known;
  const before: WayBack = {};
  for (const key of Object.keys(patch ?? {})) {
    if (key === 'confirm') continue;
    else if (key === 'stream') before[key] = streamBefore(known);
    else if (key === 'onvif') before[key] = known.onvif?.open ?? null;
    else if (key === 'file') before[key] = fileBefore(patch!, known);
    // The numbers are WGS-84, in whatever datum they were given.
    else if (key === 'location') before[key] = { ...device.location, datum: 'wgs84' };
    else before[key] = device[key as keyof typeof device];
  }
  if (unit) before.unit = unitBefore(unit, known);
  if (life) before.step = stepBack(life, device);
  // It stood there before, so nobody has to say again that it is meant.
  return { ...before, confirm: true };
}

function unitBefore(change: UnitChange, { device }: KnownDevice): UnitWayBack {
  if (change.type === 'assign') return { type: 'undo' };
  return { type: 'correct', label: Object.fromEntries(change.fields.map((key) => [key, device.unit?.[key] ?? null])) };
}

function fileBefore({ file = {} }: DevicePatch, { device }: KnownDevice): Record<string, unknown> {
  const before = device.file as Record<string, unknown>;
  return Object.fromEntries(Object.keys(file).map((key) => [key, before[key] ?? null]));
}

function streamBefore({ stream }: KnownDevice): Record<string, string> | null {
  if (!stream) return null;
  const { main, sub } = stream.open;
  return { url: withLogin(main), ...(sub ? { subUrl: withLogin(sub) } : {}) };
}
