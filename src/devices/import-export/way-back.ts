import type { DevicePatch } from '../registry/input.ts';
import { withLogin } from './connection-change.ts';
import type { KnownDevice } from './known-devices.ts';

/** The body of a change that brings back what `patch` changes, as the device was known before. Holds passwords. */
export function wayBack(patch: DevicePatch, known: KnownDevice): Record<string, unknown> {
  const { device } = known;
  const before: Record<string, unknown> = {};
  for (const key of Object.keys(patch)) {
    if (key === 'confirm') continue;
    else if (key === 'stream') before[key] = streamBefore(known);
    else if (key === 'onvif') before[key] = known.onvif?.open ?? null;
    else if (key === 'file') before[key] = fileBefore(patch, known);
    // The numbers are WGS-84, in whatever datum they were given.
    else if (key === 'location') before[key] = { ...device.location, datum: 'wgs84' };
    else before[key] = device[key as keyof typeof device];
  }
  // It stood there before, so nobody has to say again that it is meant.
  return { ...before, confirm: true };
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
