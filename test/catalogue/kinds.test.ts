import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { DeviceKind, FieldSpec } from '../../src/core/types.ts';
import { Kinds } from '../../src/devices/kinds.ts';
import { KINDS_DIRECTORY } from '../support/registry.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/kinds', import.meta.url));

interface Payload {
  type?: string;
  values?: Record<string, unknown>;
  data?: Record<string, unknown>;
}

interface Fixture {
  telemetry: Payload;
  event: Payload;
  invalid: { channel: 'telemetry' | 'event'; payload: Payload; path: string }[];
}

const kinds = await Kinds.load(KINDS_DIRECTORY);

/** The plainest reading of a field's description, to hold the fixtures against. */
function fits(spec: FieldSpec | undefined, value: unknown): boolean {
  switch (spec?.type) {
    case 'number':
      return typeof value === 'number' && value >= spec.min && value <= spec.max;
    case 'integer':
      return Number.isInteger(value) && (value as number) >= spec.min && (value as number) <= spec.max;
    case 'boolean':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string' && value.length <= spec.maxLength;
    case 'enum':
      return spec.values.includes(value as string);
    case 'list':
      return (
        Array.isArray(value) &&
        value.length <= spec.maxItems &&
        value.every((item) => typeof item === 'string' && item.length <= spec.maxLength)
      );
    default:
      return false;
  }
}

/** Paths of everything in `payload` that does not fit `kind`. */
function misfits(kind: DeviceKind, channel: 'telemetry' | 'event', payload: Payload): string[] {
  const wrong = (prefix: string, fields: ReadonlyMap<string, FieldSpec>, values: Record<string, unknown>) =>
    Object.entries(values).flatMap(([key, value]) => (fits(fields.get(key), value) ? [] : [`${prefix}.${key}`]));
  if (channel === 'telemetry') return wrong('values', kind.fields, payload.values ?? {});
  const event = kind.events.get(payload.type ?? '');
  if (!event) return ['type'];
  const data = payload.data ?? {};
  const missing = event.required.filter((key) => !Object.hasOwn(data, key)).map((key) => `data.${key}`);
  return [...missing, ...wrong('data', event.fields, data)];
}

t.test('the kinds of the first cities are there', async (t) => {
  t.strictSame(
    kinds.all().map(({ kind }) => kind),
    ['camera', 'checkpoint', 'gateway', 'recycling-kiosk'],
  );
  const fields = kinds.latest('recycling-kiosk')!.fields;
  const needed = [
    'fill_pct',
    'weight_kg',
    'temp_c',
    'smoke',
    'door_open',
    'tilt_deg',
    'mains',
    'battery_pct',
    'rssi_dbm',
  ];
  for (const name of needed) t.ok(fields.has(name), name);
  t.match(kinds.latest('checkpoint')!.events.get('passage')!.fields.get('plate'), { sensitive: 'plate' });
  t.ok(kinds.latest('camera')!.stream);
});

t.test('every kind has one captured fixture, and every fixture has a kind', async (t) => {
  t.strictSame(
    readdirSync(FIXTURES).sort(),
    kinds
      .all()
      .map(({ kind }) => `${kind}.json`)
      .sort(),
  );
});

for (const kind of kinds.all()) {
  t.test(`${kind.kind}: its fixture fits, uses every field, and what is wrong does not fit`, async (t) => {
    const fixture = JSON.parse(readFileSync(`${FIXTURES}/${kind.kind}.json`, 'utf8')) as Fixture;
    t.strictSame(misfits(kind, 'telemetry', fixture.telemetry), []);
    t.strictSame(misfits(kind, 'event', fixture.event), []);
    t.strictSame(Object.keys(fixture.telemetry.values!).sort(), [...kind.fields.keys()].sort());
    t.ok(fixture.invalid.length > 0);
    for (const { channel, payload, path } of fixture.invalid) t.strictSame(misfits(kind, channel, payload), [path]);
  });

  t.test(`${kind.kind}: its description makes sense`, async (t) => {
    t.ok(kind.title.en && kind.title.zh);
    t.ok(kind.staleAfterS >= 2 * kind.periodS, 'one late message does not make a device stale');
    const sets = [kind.fields, ...[...kind.events.values()].map(({ fields }) => fields)];
    for (const fields of sets) {
      for (const [name, spec] of fields) {
        if (spec.type !== 'number' && spec.type !== 'integer') continue;
        t.ok(spec.min < spec.max, `${name} can vary`);
        const suffix = UNIT_SUFFIXES[/_([a-z]+)$/.exec(name)?.[1] ?? ''];
        if (suffix) t.equal(spec.unit, suffix, `${name} has the unit its name says`);
      }
    }
  });
}

const UNIT_SUFFIXES: Record<string, string> = {
  pct: '%',
  kg: 'kg',
  c: '°C',
  deg: '°',
  dbm: 'dBm',
  ms: 'ms',
  s: 's',
  px: 'px',
  kbps: 'kbit/s',
};
