import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FORBIDDEN, type Forbidden } from '../../src/core/forbidden/table.ts';
import type { Channel, DeviceKind, FieldSpec } from '../../src/core/types.ts';
import { writtenKind } from '../../src/devices/kinds/kind-schema.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { KINDS_DIRECTORY } from '../support/devices/registry.ts';
import { EXAMPLES } from '../support/forbidden-examples.ts';
import { decodeMessage } from '../support/ingest/decode.ts';
import { storedMessage } from '../support/ingest/kiosk-kind.ts';
import { ROOT } from '../support/root.ts';

type Body = Record<string, unknown>;

const ALL = Object.keys(FORBIDDEN) as Forbidden[];
const RECEIVED_MS = 1_763_750_120_000;
const kinds = await Kinds.load(KINDS_DIRECTORY);

/** Every payload of a kind that was captured: its reading, and one event of each type. */
function captured(kind: DeviceKind): { channel: Channel; payload: Body; fields: ReadonlyMap<string, FieldSpec> }[] {
  const text = readFileSync(join(ROOT, 'test/fixtures/kinds', `${kind.kind}.json`), 'utf8');
  const { telemetry, events } = JSON.parse(text) as { telemetry: Body; events: Body[] };
  const ofEvents = events.map((payload) => {
    return { channel: 'event' as const, payload, fields: kind.events.get(String(payload.type))!.fields };
  });
  return [{ channel: 'telemetry', payload: telemetry, fields: kind.fields }, ...ofEvents];
}

/** What is refused of a payload, on one line: reasons, and each place with what is shown of its value. */
function refused(kind: DeviceKind, channel: Channel, { hex: _, ...payload }: Body): string {
  const device = { id: 'd-1', kind: kind.kind, kindVersion: kind.version, jurisdiction: '330203' };
  const json: DeviceKind = { ...kind, codec: 'json' };
  const raw = JSON.stringify(payload);
  const { records, refusals } = decodeMessage(storedMessage(raw, { channel, device, receivedAtMs: RECEIVED_MS }), json);
  return refusals.length === 0 ? `${records.length} records` : refusals.map(lineOf).join('; ');
}

function lineOf({ reason, path, value }: { reason: string; path: string; value: string }): string {
  return `${reason} ${path} ${value}`;
}

const within = (payload: Body, channel: Channel, name: string, value: unknown): Body => {
  const part = channel === 'telemetry' ? 'values' : 'data';
  return { ...payload, [part]: { ...(payload[part] as Body | undefined), [name]: value } };
};

for (const kind of kinds.all()) {
  t.test(`${kind.kind}: no field is named so, and no value gets in, wherever it stands`, async (t) => {
    const wrong: string[] = [];
    for (const { channel, payload, fields } of captured(kind)) {
      const part = channel === 'telemetry' ? 'values' : 'data';
      const some = <Example>(all: Example[]) => (channel === 'telemetry' ? all : all.slice(0, 2));
      for (const what of ALL) {
        for (const name of some(EXAMPLES[what].names)) {
          const found = refused(kind, channel, within(payload, channel, name, 4711));
          if (found !== `forbidden-${what} ${part}.${name} [hidden]`) wrong.push(`${part}.${name}: ${found}`);
        }
        for (const value of some(EXAMPLES[what].values)) {
          for (const place of places(fields, what)) {
            const found = refused(kind, channel, within(payload, channel, place, value));
            if (found !== `forbidden-${what} ${part}.${place} [hidden]`)
              wrong.push(`${part}.${place}: ${value}: ${found}`);
          }
          const inKey = refused(kind, channel, within(payload, channel, value, 1));
          if (!inKey.startsWith('forbidden-') || inKey.includes(value)) wrong.push(`as a key: ${value}: ${inKey}`);
        }
      }
    }
    t.same(wrong, []);
  });
}

/** Text fields that do not say that they rightly hold such a thing, and one that no kind knows. */
function places(fields: ReadonlyMap<string, FieldSpec>, what: Forbidden): string[] {
  const rightly = { card: 'digits', mac: 'mac', identity: null, health: null }[what];
  const texts = [...fields].filter(([, spec]) => spec.type === 'text' && (spec.content ?? null) !== (rightly ?? ''));
  return ['note', ...texts.map(([name]) => name)];
}

t.test('nor in an id, in a number that is long enough, or in what a device says of itself', async (t) => {
  const kiosk = kinds.latest('recycling-kiosk')!;
  const jam = (id: string) => refused(kiosk, 'event', { ...eventOf('jam'), id });
  for (const what of ['card', 'identity', 'mac'] as const) {
    for (const value of EXAMPLES[what].values.slice(0, 2)) {
      t.equal(jam(value), `forbidden-${what} id [hidden]`, value);
      t.equal(refused(kiosk, 'state', { online: true, firmware: value }), `forbidden-${what} firmware [hidden]`);
    }
  }
  t.equal(jam('330212202511210017'), '1 records', 'a division, today and a number: the id of a message');
  const [reading] = captured(kinds.latest('switch')!);
  const errors = (value: number) =>
    refused(kinds.latest('switch')!, 'telemetry', within(reading!.payload, 'telemetry', 'port_errors', value));
  t.equal(errors(6_222_021_234_567_894), 'forbidden-card values.port_errors [hidden]');
  t.equal(errors(6_222_021_234_567_895), '1 records', 'a counter is a long number too');
});

function eventOf(type: string): Body {
  return captured(kinds.latest('recycling-kiosk')!).find(({ payload }) => payload.type === type)!.payload;
}

t.test('what looks like it and is not gets in', async (t) => {
  const fault = captured(kinds.latest('recycling-kiosk')!).find(({ fields }) => fields.has('reason'))!;
  for (const what of ALL) {
    for (const value of EXAMPLES[what].others) {
      const found = refused(kinds.latest('recycling-kiosk')!, 'event', within(fault.payload, 'event', 'reason', value));
      t.equal(found, '1 records', value);
    }
  }
});

t.test('a kind that names such a field is refused when its file is read', async (t) => {
  const head = { kind: 'x', version: 1, title: { en: 'x', zh: 'x' }, stream: false, period_s: 60, stale_after_s: 300 };
  for (const [what, { names }] of Object.entries(EXAMPLES)) {
    for (const name of names.filter((one) => /^[a-z][A-Za-z0-9_]*$/.test(one))) {
      const fields = { [name]: { type: 'boolean' } };
      const { error } = writtenKind.safeParse({ ...head, fields });
      t.match(error?.issues, [{ code: 'invalid_key', path: ['fields', name] }], `${what}: ${name}`);
    }
  }
});

t.test('docs/dead-letters.md has the table as it is', async (t) => {
  const text = readFileSync(join(ROOT, 'docs/dead-letters.md'), 'utf8');
  for (const { says, names } of Object.values(FORBIDDEN)) {
    t.ok(text.includes(`| ${says} | ${names.join(', ')} |`), `| ${says} | ${names.join(', ')} |`);
  }
});
