import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { holdsCard } from '../../../../src/core/forbidden/values.ts';
import { unescapeCell } from '../../../../src/devices/import-export/formula.ts';
import { DeviceExport } from '../../../../src/devices/import-export/writing/device-export.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { bearer, startApi } from '../../../support/api/api.ts';
import { readCsv } from '../../../support/csv.ts';
import { kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { openUnits } from '../../../support/devices/units.ts';

const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';
const RUNS = 15;

/** What a number, a truth value or an exponent would not bring back, and whatever else looks like one. */
const ANY_LIKE_A_NUMBER = fc.oneof(
  fc.constantFrom('2.10', '007', '34020000001320000001', '1e5', 'true', 'null', '0x1F', '-0', '1_000', 'NaN', '1.0'),
  fc.stringMatching(/^0{1,3}[0-9]{1,24}$/),
  fc.stringMatching(/^[0-9]{1,18}\.[0-9]{0,8}0$/),
  fc.stringMatching(/^[1-9]e[0-9]{1,3}$/),
  fc.stringMatching(/^[0-9]{17,30}$/),
  fc.stringMatching(/^[1-9]{1,3}(,[0-9]{3}){1,3}$/),
  fc.stringMatching(/^20[0-9]{2}-0[1-9]-[0-2][1-9]$/),
);
/** One in ten long numbers has the check digit of a payment card, which no name may have. */
const LIKE_A_NUMBER = ANY_LIKE_A_NUMBER.filter((text) => !holdsCard(text));

interface Named {
  name: string;
  purpose: string;
  owner: string;
  address: string;
  maintainer: string;
  circuit: string;
  pole: string;
  tag: string;
  serial: string;
  maker: string;
  model: string;
  firmware: string;
}

const named: fc.Arbitrary<Named> = fc.record({
  name: LIKE_A_NUMBER,
  purpose: LIKE_A_NUMBER,
  owner: LIKE_A_NUMBER,
  address: LIKE_A_NUMBER,
  maintainer: LIKE_A_NUMBER,
  circuit: LIKE_A_NUMBER,
  pole: LIKE_A_NUMBER,
  tag: LIKE_A_NUMBER,
  serial: LIKE_A_NUMBER,
  maker: LIKE_A_NUMBER,
  model: LIKE_A_NUMBER,
  firmware: LIKE_A_NUMBER,
});

const parts = await openRegistry(t);
const { database, behindApi: registry, search, tokens, kinds, jurisdictions, doors } = parts;
const { units, history } = openUnits(parts);
await tokens.ensureBootstrap(BOOTSTRAP);
const deviceExport = new DeviceExport({ database, clock: systemClock });
const known = { registry, search, directory: doors, tokens, kinds, jurisdictions, deviceExport };
const api = await startApi(t, { ...known, units, unitHistory: history });

async function ask<Body>(method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object, more = {}): Promise<Body> {
  const headers = { ...bearer(BOOTSTRAP), ...more };
  const answer = await api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
  equal(answer.status < 300, true, answer.text);
  return answer.body as Body;
}

interface Shown {
  id: string;
  name: string;
  purpose: string;
  parent: string | null;
  file: Record<string, unknown>;
  unit: Record<string, unknown>;
}

/** All names of a device as one list, in the order of {@link namesOf}. */
function shownNames({ id, name, purpose, file, unit }: Shown): unknown[] {
  const { owner, address, maintainer, circuit, pole, tags, gbId } = file;
  const { serial, maker, model, firmware } = unit;
  return [id, name, purpose, owner, address, maintainer, circuit, pole, tags, gbId, serial, maker, model, firmware];
}

function namesOf(id: string, gbId: string, given: Named): unknown[] {
  const { name, purpose, owner, address, maintainer, circuit, pole, tag, serial, maker, model, firmware } = given;
  return [
    ...[id, name, purpose, owner, address, maintainer, circuit, pole, [tag], gbId],
    ...[serial, maker, model, firmware],
  ];
}

/** What an export says of the position, without the mark that keeps spreadsheet programs from calculating. */
async function exportedNames(gbId: string): Promise<unknown[]> {
  const url = `/api/v1/devices/export?gbId=${gbId}`;
  const { text } = await api.call({ method: 'GET', url, headers: bearer(BOOTSTRAP) });
  const rows = readCsv(text.replace('\ufeff', ''));
  equal(rows.length, 1);
  const cell = (name: string): string => unescapeCell(rows[0]?.[name] ?? '');
  const names = ['id', 'name', 'purpose', 'owner', 'address', 'maintainer', 'circuit', 'pole', 'tags', 'gbId'];
  return names.map((name) => (name === 'tags' ? [cell(name)] : cell(name)));
}

/** The same as the database has it. */
async function storedNames(id: string): Promise<unknown[]> {
  const { rows } = await sql<{ names: unknown[] }>`
    select jsonb_build_array(p.id, p.name, p.purpose, p.owner, p.address, p.maintainer, p.circuit, p.pole, p.tags,
                             p.gb_id, u.serial, u.maker, u.model, u.firmware) as names
    from position p join assignment a on a.position_id = p.id and a.to_ms is null join unit u on u.id = a.unit_id
    where p.id = ${id}`.execute(database.tables());
  return rows[0]!.names;
}

t.test('what names a thing is text from the request to the database and back, whatever it looks like', async (t) => {
  const ids = ['2.10', '007', '34020000001320000001', '1e5', 'true'];
  let count = 0;
  const property = fc.asyncProperty(named, async (given) => {
    count += 1;
    const id = ids.shift() ?? `0${count}.${count}0`;
    const gbId = `0000000000132${String(count).padStart(7, '0')}`;
    const { name, purpose, tag, serial, maker, model, firmware, ...file } = given;
    await ask('POST', '/devices', kiosk({ id, name, purpose, file: { ...file, gbId, tags: [tag] } }));
    // A unit hangs at one place at a time, and is known by its serial number.
    const unique = `${serial}-${count}`;
    const unit = { serial: unique, maker, model, firmware };
    const hung = await ask<Shown>('POST', `/devices/${id}/units`, { unit });
    const expected = namesOf(id, gbId, { ...given, serial: unique });
    t.same(shownNames(hung), expected);
    t.strictSame(await storedNames(id), expected, 'in the database');
    t.strictSame(shownNames(await ask<Shown>('GET', `/devices/${id}`)), expected, 'read alone');
    const found = await ask<{ items: Shown[] }>('GET', `/devices?gbId=${gbId}`);
    t.strictSame(found.items.map(shownNames), [expected], 'in a list');
    const stays = await ask<{ items: { unit: object }[] }>('GET', `/units?serial=${encodeURIComponent(unique)}`);
    t.match(stays.items[0]?.unit, unit, 'in the history');
    t.strictSame(await exportedNames(gbId), expected.slice(0, 10), 'in an export');
    const back = await ask<Shown>('PATCH', `/devices/${id}`, { name, purpose, file: hung.file }, { 'if-match': '"2"' });
    t.strictSame(shownNames(back), expected, 'what was read may be written back');
  });
  // Each try makes devices: to look for a smaller one would only come too fast for the gateway.
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
});
