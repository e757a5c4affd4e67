import type { z } from 'zod';
import type { CitywatchError } from '../../core/errors.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import type { Device, DeviceKind } from '../../core/types.ts';
import { fieldOf, type RowStep, stepOf } from '../bulk/steps.ts';
import { storedLocation } from '../registry/checks.ts';
import { type DeviceInput, type DevicePatch, deviceInput, devicePatch } from '../registry/input.ts';
import type { UnitLabel } from '../units/places.ts';
import { plain, Wrong } from './column-types.ts';
import { COLUMNS, type Column, columnAt, columnNamed, ID, titleOf } from './columns.ts';
import { onvifChange, type RawChange, Refused, type Said, streamChange } from './connection-change.ts';
import type { KnownDevice } from './known-devices.ts';
import type { Fault, SheetRow } from './sheet.ts';
import { type UnitChange, unitChange, unitOfNew } from './unit-change.ts';

/** What is to become of a row. */
export type Plan =
  | { verdict: 'create'; input: DeviceInput; unit: UnitLabel | null }
  | { verdict: 'change'; patch: DevicePatch | null; steps: ChangeSteps; version: number; fields: string[] }
  | { verdict: 'same' }
  | { verdict: 'error'; faults: Fault[] };

/** What else becomes of a device than its columns say. */
export interface ChangeSteps {
  unit: UnitChange | null;
  life: RowStep | null;
}

export interface KindNames {
  all(): DeviceKind[];
}

const SERIAL = columnNamed('serial')!;
const POLICE = columnNamed('police')!;
const POLICE_ELSEWHERE =
  'is worked out by the bounds of stations: leave the cell empty, or say another agency by POST /devices/{id}/police';

/** A row whose cells were read. */
type Values = Map<Column, unknown>;

/** What to do with a row, where nothing but the database can object any more. */
export function planOf(row: SheetRow, known: KnownDevice | 'foreign' | undefined, kinds: KindNames): Plan {
  const values = valuesOf(row, kinds);
  if (!(values instanceof Map)) return { verdict: 'error', faults: values };
  if (known === undefined) return alone(row, creationOf(values));
  if (known === 'foreign') return refused(ID, 'stands for a device that is not yours to see: use another one');
  if (row.version !== undefined && row.version !== known.device.version) {
    return refused(null, 'was changed since it was shown: look at it again');
  }
  if (known.device.state === 'retired') return refused(ID, 'was retired, and an id is never given out again');
  return alone(row, changeOf(values, known, row.step));
}

/** Of rows that name the same unit none hangs it up: nobody can know which of them is right. */
function alone({ twins = [] }: SheetRow, plan: Plan): Plan {
  const unit = plan.verdict === 'create' ? plan.unit : plan.verdict === 'change' ? plan.steps.unit : null;
  if (twins.length === 0 || !unit) return plan;
  return refused(SERIAL, `the same unit stands in line ${twins.join(', ')}: leave one of them`);
}

function refused(column: Column | null, message: string): Plan {
  return { verdict: 'error', faults: [{ column: column && titleOf(column), message }] };
}

function valuesOf({ cells, faults }: SheetRow, kinds: KindNames): Values | Fault[] {
  if (faults.length > 0) return faults;
  const values: Values = new Map();
  const wrong: Fault[] = [];
  for (const [name, text] of Object.entries(cells)) {
    const column = columnNamed(name)!;
    const value = text === null ? null : column.name === 'kind' ? kindNamed(text, kinds) : column.type.read(text);
    if (value instanceof Wrong) wrong.push({ column: titleOf(column), message: value.message });
    else values.set(column, value);
  }
  return wrong.length > 0 ? wrong : values;
}

function kindNamed(text: string, kinds: KindNames): string {
  const named = kinds.all().find(({ title }) => [title.en, title.zh].map(plain).includes(plain(text)));
  return named?.kind ?? text;
}

function creationOf(values: Values): Plan {
  const raw: Record<string, unknown> = {};
  const seen = seenOtherwise(values, null);
  if (seen) return seen;
  for (const [column, value] of values) {
    const isElsewhere = column.path[0] === UNIT || column.isSeen;
    if (value !== null && !isElsewhere) put(raw, column.path, value);
  }
  const { success, data, error } = deviceInput.safeParse(raw);
  if (!success) return { verdict: 'error', faults: faultsOf(error, raw) };
  const unit = unitOfNew(saidOf(values, UNIT));
  if (unit instanceof Refused) return refused(columnAt([UNIT, unit.key]) ?? null, unit.message);
  return { verdict: 'create', input: data, unit };
}

function changeOf(values: Values, known: KnownDevice, step: RowStep | undefined): Plan {
  const { device } = known;
  const seen = seenOtherwise(values, device);
  if (seen) return seen;
  const raw: Record<string, unknown> = {};
  const fields: string[] = [];
  for (const [key, change] of Object.entries(groups(values, known))) {
    if (change instanceof Refused) return refused(columnAt([key, change.key]) ?? null, change.message);
    if (change === null) continue;
    raw[key] = change.value;
    fields.push(...change.fields.map((field) => columnAt([key, field])!.name));
  }
  for (const [column, value] of values) {
    const [key, ...rest] = column.path as [string, ...string[]];
    if (rest.length > 0 || column === ID || column.isOnlyForNew || key === 'confirm') continue;
    if (isSame(value, device[key as keyof typeof device])) continue;
    if (key === 'kind') return refused(column, `is ${device.kind}, and stays so: its history is of that kind`);
    raw[key] = value;
    fields.push(column.name);
  }
  const unit = unitChange(saidOf(values, UNIT), device);
  if (unit instanceof Refused) return refused(columnAt([UNIT, unit.key]) ?? null, unit.message);
  const { version } = device;
  const life = stepOf(step, device);
  const all = [...inOrder([...fields, ...(unit?.fields ?? [])]), ...(life ? [fieldOf(life)] : [])];
  if (all.length === 0) return { verdict: 'same' };
  const steps = { unit, life };
  if (fields.length === 0) return { verdict: 'change', patch: null, steps, version, fields: all };
  const confirm = values.get(columnNamed('confirm')!);
  const { success, data, error } = devicePatch.safeParse({ ...raw, ...(confirm ? { confirm } : {}) });
  if (!success) return { verdict: 'error', faults: faultsOf(error, raw) };
  return { verdict: 'change', patch: data, steps, version, fields: all };
}

const UNIT = 'unit';

/** Refuses a row that says otherwise than was seen at the device, whose unit may have shown another one since. */
function seenOtherwise(values: Values, device: Device | null): Plan | null {
  const certificate = device?.unit?.certificate ?? null;
  for (const [column, value] of values) {
    if (!column.isSeen) continue;
    if (column === POLICE && value === (device?.police ?? null)) continue;
    if (column === POLICE) return refused(column, POLICE_ELSEWHERE);
    const now = certificate && column.type.write(certificate[column.path[1] as keyof ShownCertificate] as never);
    if (value === now) continue;
    const is = now === null ? 'nothing of the kind was seen' : `${now} was seen`;
    return refused(column, `is seen when the device is spoken to, and ${is}: leave the cell empty`);
  }
  return null;
}

/** Fields that are changed together. */
function groups(values: Values, known: KnownDevice): Record<string, RawChange | Refused | null> {
  return {
    location: locationChange(saidOf(values, 'location') as Record<string, never>, known),
    stream: streamChange(saidOf(values, 'stream') as Said, known),
    onvif: onvifChange(saidOf(values, 'onvif') as Said, known),
    file: fileChange(saidOf(values, 'file'), known),
  };
}

function fileChange(said: Record<string, unknown>, { device }: KnownDevice): RawChange | null {
  const file = device.file as Record<string, unknown>;
  const changed = Object.entries(said).filter(([key, value]) => !isSame(value, file[key]));
  return changed.length > 0 ? { value: Object.fromEntries(changed), fields: changed.map(([key]) => key) } : null;
}

function saidOf(values: Values, group: string): Record<string, unknown> {
  const said = [...values].filter(([{ path }]) => path[0] === group && path.length > 1);
  return Object.fromEntries(said.map(([{ path }, value]) => [path[1]!, value]));
}

interface SaidLocation {
  lat?: number;
  lon?: number;
  datum?: 'wgs84' | 'gcj02';
}

function locationChange(
  { lat, lon, datum = 'wgs84' }: SaidLocation,
  { device }: KnownDevice,
): RawChange | Refused | null {
  if (lat === undefined && lon === undefined) return null;
  if (lat === undefined || lon === undefined) {
    return new Refused(lat === undefined ? 'lat' : 'lon', 'must be given too: a place has both');
  }
  const said = { lat, lon, datum };
  const isNumbers = typeof lat === 'number' && typeof lon === 'number';
  const stored = isNumbers && (datum === 'wgs84' || datum === 'gcj02') ? storedLocation(said) : null;
  const { location } = device;
  if (stored && stored.lat === location.lat && stored.lon === location.lon) return null;
  return {
    value: said,
    fields: ['lat', 'lon'].filter((key) => !stored || stored[key as 'lat'] !== location[key as 'lat']),
  };
}

/** Spaces at the ends do not count: people do not see them. */
function isSame(said: unknown, current: unknown): boolean {
  if (said === null)
    return current === null || current === undefined || (Array.isArray(current) && current.length === 0);
  if (Array.isArray(said) && Array.isArray(current)) {
    return said.length === current.length && said.every((value, index) => isSame(value, current[index]));
  }
  return said === current || (typeof current === 'string' && said === current.trim());
}

function inOrder(fields: readonly string[]): string[] {
  return COLUMNS.filter(({ name }) => fields.includes(name)).map(({ name }) => name);
}

function put(raw: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    raw[key] = value;
    return;
  }
  const inner = (raw[key] as Record<string, unknown> | undefined) ?? {};
  raw[key] = inner;
  put(inner, rest, value);
}

function faultsOf({ issues }: z.ZodError, raw: unknown): Fault[] {
  return issues.map(({ path, message }) => ({
    column: titled(path),
    message: at(raw, path) === undefined ? 'must be given for a new device' : message,
  }));
}

/** What the registry refused, by the columns it speaks of. */
export function faultsOfRefusal({ issues, message }: CitywatchError): Fault[] {
  if (issues.length === 0) return [{ column: null, message }];
  return issues.map((issue) => ({ column: titled(issue.path.split('.')), message: issue.message }));
}

function titled(path: readonly PropertyKey[]): string | null {
  const column = columnAt(path);
  return column ? titleOf(column) : path.join('.') || null;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
