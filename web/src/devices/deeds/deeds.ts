import { ApiError, get, send } from '../../api.ts';
import { lineOf } from '../../case/deeds/form-draft.ts';
import type { WholeDevice } from '../../types.ts';
import { t } from '../say.ts';
import { basisOf, changesSince, EDIT_FIELDS, type EditField, editable, parsed } from './basis.ts';
import type { Values } from './drafts.ts';
import { failed, type Outcome } from './outcome.ts';

/** What may be done with a device, in the order in which it is offered. */
export const DEEDS = ['check', 'edit', 'swap', 'accept', 'assign', 'maintain', 'resume', 'rotate'] as const;
export type DeedName = (typeof DEEDS)[number];

/** What somebody may do who has these rights, with a device as it stands now. Pure. */
export function possible(device: WholeDevice, may: (right: string) => boolean): DeedName[] {
  return DEEDS.filter((name) => fits(name, device) && may(rightOf(name)));
}

function rightOf(name: DeedName): string {
  if (name === 'check') return 'devices.check';
  return name === 'rotate' ? 'credentials.change' : 'registry.edit';
}

/** A device that was registered without its label has a unit of which nothing is known. */
function isNamed(unit: WholeDevice['unit']): boolean {
  const { serial, mac, endpoint, maker, model } = unit ?? {};
  return [serial, mac, endpoint, maker, model].some((text) => typeof text === 'string');
}

function fits(name: DeedName, { state, unit, otherUnit }: WholeDevice): boolean {
  if (state === 'retired') return false;
  if (name === 'swap') return isNamed(unit);
  if (name === 'assign') return !isNamed(unit);
  if (name === 'accept') return otherUnit !== undefined;
  if (name === 'maintain') return state === 'in-service';
  return name === 'resume' ? state === 'maintenance' : true;
}

interface Asked {
  path: string;
  device: WholeDevice;
  values: Values;
}

/** Does it, as the reader has seen the device; where somebody was faster nothing is saved. Never rejects. */
export async function perform(name: DeedName, asked: Asked, tries = 1): Promise<Outcome> {
  try {
    return await DOING[name](asked);
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    if (status !== 409 && status !== 412) return failed(error);
    const now = await get<WholeDevice>(asked.path).catch(() => null);
    if (!now) return failed(error);
    const changes = changesSince(name, asked.values.basis ?? '', now);
    if (changes.length > 0) return { is: 'overtaken', changes };
    if (status === 409 || tries === TRIES_MAX) return failed(error);
    // Nothing that the form is about is different: a device turns into another version by itself, too.
    const again = { ...asked, device: now, values: { ...asked.values, basis: basisOf(name, now) } };
    return await perform(name, again, tries + 1);
  }
}

const TRIES_MAX = 5;

const DOING: Record<DeedName, (asked: Asked) => Promise<Outcome>> = {
  check: async () => ({ is: 'done' }),
  edit,
  swap: async ({ path, device, values }) => {
    const { unit = device.unit?.id } = parsed(values.basis ?? '') as { unit?: string };
    return secretOf(
      await send('POST', `${path}/swap`, { unit: unitOf(values), replaces: unit, reason: lineOf(values.reason) }),
    );
  },
  accept: async ({ path, values }) => {
    return secretOf(
      await send('POST', `${path}/swap`, { serial: values.serial === '' ? null : (values.serial ?? null) }),
    );
  },
  assign: async ({ path, values }) => {
    await send('POST', `${path}/units`, { unit: unitOf(values), reason: lineOf(values.reason) || null });
    return { is: 'done', says: t('do.done') };
  },
  maintain: async ({ path, values }) => {
    const minutes = Number(values.minutes ?? MAINTENANCE_MINUTES[1]);
    await send('POST', `${path}/maintenance`, { reason: lineOf(values.reason), minutes });
    return { is: 'done', says: t('do.done') };
  },
  resume: async ({ path }) => {
    await send('POST', `${path}/maintenance/end`);
    return { is: 'done', says: t('do.done') };
  },
  rotate: async ({ path, device, values }) => {
    return secretOf(await send('POST', `${path}/credentials/rotate`, rotationOf(device, values)));
  },
};

export const MAINTENANCE_MINUTES = [30, 120, 480, 1_440] as const;

/** The same version as the form was begun with, or another in which nothing of the form is different. */
async function edit({ path, values, device }: Asked): Promise<Outcome> {
  const basis = parsed(values.basis ?? '');
  const before = { ...editable(device), ...basis } as Record<EditField, string> & { version?: number };
  const changed = EDIT_FIELDS.filter((field) => values[field] !== undefined && values[field] !== before[field]);
  if (changed.length === 0) return { is: 'done', says: t('do.same') };
  const said = { ...before, ...values };
  const body = {
    ...(changed.includes('name') && { name: lineOf(said.name) }),
    ...(changed.includes('purpose') && { purpose: lineOf(said.purpose) || null }),
    ...(changed.includes('address') && { file: { address: lineOf(said.address) || null } }),
    ...((changed.includes('lat') || changed.includes('lon')) && {
      location: { lat: Number(said.lat), lon: Number(said.lon), datum: device.location.datum },
    }),
  };
  if (values.confirm === 'yes') Object.assign(body, { confirm: true });
  await send('PATCH', path, body, before.version ?? device.version);
  return { is: 'done', says: t('do.done') };
}

function unitOf(values: Values): Record<string, string> {
  const named = ['serial', 'mac', 'maker', 'model', 'firmware'].map((field) => [field, lineOf(values[field])] as const);
  return Object.fromEntries(named.filter(([, text]) => text !== ''));
}

/** A camera gets a new login by ONVIF; everything else a new secret of ours. */
function rotationOf({ onvif }: WholeDevice, values: Values): Record<string, string | number> {
  if (onvif) return { of: 'login', account: values.account ?? 'own' };
  const overlapMin = Number(values.overlap ?? 0);
  if ((values.by ?? 'answer') === 'command') return { of: 'secret', by: 'command' };
  return { of: 'secret', ...(overlapMin > 0 && { overlapMin }) };
}

function secretOf(answer: unknown): Outcome {
  const { secret, state, secretWithheld } = (answer ?? {}) as {
    secret?: unknown;
    state?: unknown;
    secretWithheld?: true;
  };
  if (secretWithheld) return { is: 'done', says: t('secret.lost') };
  const says = t(state === 'running' ? 'do.begun' : 'do.done');
  return { is: 'done', says, ...(typeof secret === 'string' && { secret }) };
}
