import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { DeviceKind, FieldSpec } from '../../src/core/types.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { KINDS_DIRECTORY } from '../support/devices/registry.ts';
import { decodeMessage } from '../support/ingest/decode.ts';
import { storedMessage } from '../support/ingest/kiosk-kind.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/kinds', import.meta.url));

interface Payload {
  /** The bytes in hexadecimal digits, where a device was heard that does not write JSON; the rest is what they say. */
  hex?: string;
  type?: string;
  values?: Record<string, unknown>;
  data?: Record<string, unknown>;
}

interface Fixture {
  telemetry: Payload;
  /** One of each type. */
  events: Payload[];
  invalid: { channel: 'telemetry' | 'event'; payload: Payload; path: string; reason: string }[];
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

/** What the plans buy (design, domain report A1b), and the gateway itself. */
const PLANNED = [
  ...[
    'bike-dock',
    'cabinet',
    'camera',
    'checkpoint',
    'dust-monitor',
    'gateway',
    'loudspeaker',
    'manhole',
    'parking-bay',
  ],
  ...['payment-terminal', 'platform-node', 'pollution-logger', 'pump', 'recorder', 'recycling-kiosk', 'sign'],
  ...['signal-controller', 'site', 'site-crane', 'sos-button', 'switch', 'vehicle', 'water-level', 'weather-station'],
  'wifi-ap',
];

/** What the gateway makes of a payload, by the decoder that runs in it. */
function decode(kind: DeviceKind, channel: 'telemetry' | 'event', payload: Payload) {
  const device = { id: 'd-1', kind: kind.kind, kindVersion: kind.version, jurisdiction: '330203' };
  const { hex, ...said } = payload;
  const raw = hex === undefined ? JSON.stringify(said) : Buffer.from(hex, 'hex');
  return decodeMessage(storedMessage(raw, { channel, device, receivedAtMs: RECEIVED_MS }), kind);
}

/** Minutes after the fixtures were captured. */
const RECEIVED_MS = 1_763_750_120_000;

t.test('every kind the plans name is there', async (t) => {
  t.strictSame(
    kinds
      .all()
      .map(({ kind }) => kind)
      .sort(),
    PLANNED,
  );
  t.match(kinds.latest('checkpoint')!.events.get('passage')!.fields.get('plate'), { sensitive: 'plate' });
  t.ok(kinds.latest('camera')!.stream);
});

t.test('what devices can be told, after the domain report', async (t) => {
  const told = (kind: string) => [...kinds.latest(kind)!.commands.keys()].sort();
  t.strictSame(told('recycling-kiosk'), ['lock', 'reboot', 'set_period', 'set_secret', 'unlock', 'update_firmware']);
  t.strictSame(told('camera'), [], 'a camera is spoken to over ONVIF');
  t.strictSame(told('gateway'), []);
  t.match(kinds.latest('recycling-kiosk')!.commands.get('unlock'), { role: 'operator', timeoutS: 30, expiresS: 300 });
  t.match(kinds.latest('pump')!.commands.get('reboot'), { role: 'technician', expiresS: 86_400 });
});

t.test('every kind has one captured fixture, and every fixture has a kind', async (t) => {
  t.strictSame(readdirSync(FIXTURES).sort(), PLANNED.map((kind) => `${kind}.json`).sort());
});

for (const kind of kinds.all()) {
  const fixture = JSON.parse(readFileSync(`${FIXTURES}/${kind.kind}.json`, 'utf8')) as Fixture;

  t.test(`${kind.kind}: its fixture fits, uses every field and event, and comes out as it went in`, async (t) => {
    t.strictSame(Object.keys(fixture.telemetry.values!).sort(), [...kind.fields.keys()].sort());
    t.strictSame(fixture.events.map(({ type }) => type).sort(), [...kind.events.keys()].sort());
    t.strictSame(misfits(kind, 'telemetry', fixture.telemetry), []);
    const { records, refusals } = decode(kind, 'telemetry', fixture.telemetry);
    t.strictSame(refusals, []);
    const [reading] = records;
    t.strictSame(reading?.type === 'reading' && Object.fromEntries(reading.values), fixture.telemetry.values);
    t.equal(reading?.tag, [...kind.fields].find(([, spec]) => spec.tag)?.[0]);
    for (const payload of fixture.events) {
      t.strictSame(misfits(kind, 'event', payload), [], String(payload.type));
      const decoded = decode(kind, 'event', payload);
      t.strictSame(decoded.refusals, [], String(payload.type));
      const [event] = decoded.records;
      t.strictSame(event?.type === 'event' && Object.fromEntries(event.data), payload.data, String(payload.type));
    }
  });

  t.test(`${kind.kind}: what is wrong is refused at its place with its reason`, async (t) => {
    t.ok(fixture.invalid.length > 0);
    for (const { channel, payload, path, reason } of fixture.invalid) {
      const { records, refusals } = decode(kind, channel, payload);
      t.strictSame(records, [], JSON.stringify(payload));
      t.match(refusals, [{ path, reason }], JSON.stringify(payload));
      if (reason.startsWith('forbidden-')) t.equal(refusals[0]?.value, '[hidden]');
    }
  });

  t.test(`${kind.kind}: its description makes sense`, async (t) => {
    t.ok(kind.title.en && kind.title.zh);
    t.ok(kind.staleAfterS >= 2 * kind.periodS, 'one late message does not make a device stale');
    const told = [...kind.commands.values()];
    for (const { args, required, timeoutS, expiresS } of told) {
      t.ok(timeoutS <= expiresS);
      t.ok(required.every((name) => args.has(name)));
    }
    const sets = [kind.fields, ...[...kind.events.values()].map(({ fields }) => fields)];
    sets.push(...told.map(({ args }) => args));
    for (const fields of sets) {
      for (const [name, spec] of fields) {
        if (spec.type !== 'number' && spec.type !== 'integer') continue;
        t.ok(spec.min < spec.max, `${name} can vary`);
        const suffix = UNIT_SUFFIXES[/_([a-z0-9]+)$/.exec(name)?.[1] ?? ''];
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
  m: 'm',
  km: 'km',
  mm: 'mm',
  kmh: 'km/h',
  mps: 'm/s',
  mmh: 'mm/h',
  h: 'h',
  t: 't',
  a: 'A',
  v: 'V',
  w: 'W',
  kw: 'kW',
  kwh: 'kWh',
  kpa: 'kPa',
  hpa: 'hPa',
  db: 'dB',
  ppm: 'ppm',
  mbps: 'Mbit/s',
  vph: '1/h',
  lps: 'L/s',
  wm2: 'W/m²',
  mgl: 'mg/L',
  mgm3: 'mg/m³',
  ugm3: 'µg/m³',
  m3h: 'm³/h',
  m3s: 'm³/s',
  nsvh: 'nSv/h',
  kbps: 'kbit/s',
};
