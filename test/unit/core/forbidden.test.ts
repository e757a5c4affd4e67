import fc from 'fast-check';
import t from 'tap';
import { findForbidden } from '../../../src/core/forbidden/find.ts';
import { forbiddenName } from '../../../src/core/forbidden/names.ts';
import {
  holdsCard,
  holdsGrownIdentity,
  holdsIdentity,
  holdsIssuedCard,
  holdsMac,
} from '../../../src/core/forbidden/values.ts';
import type { Channel } from '../../../src/core/types.ts';
import { decodeMessage } from '../../support/ingest/decode.ts';
import { KIOSK, storedMessage } from '../../support/ingest/kiosk-kind.ts';
import { countProcessorTime } from '../../support/time/processor-time.ts';

t.test('names say what they carry, however they are written', async (t) => {
  const names: [string, ReturnType<typeof forbiddenName>][] = [
    ...(
      ['heart_rate', 'heartRate', 'heartrate', 'user_heart_rate', 'HeartRate', 'avg-heart-rate', '心率'] as const
    ).map((name): [string, 'health'] => [name, 'health']),
    ...(['spo2', 'bloodPressure', 'blood', 'body_temp', 'patient_id', 'ecg', '收缩血压'] as const).map(
      (name): [string, 'health'] => [name, 'health'],
    ),
    ...(['card_no', 'cardNumber', 'cvv', '银行卡号'] as const).map((name): [string, 'card'] => [name, 'card']),
    ...(['client_macs', 'clientMac', 'sta_mac', 'mac', 'stationMacAddress'] as const).map((name): [string, 'mac'] => [
      name,
      'mac',
    ]),
    ...['temp_c', 'heartbeat', 'submit', 'machine', 'card_reader_ok', 'rate', 'bodywork', 'ts', 'smacked', ''].map(
      (name): [string, null] => [name, null],
    ),
  ];
  for (const [name, expected] of names) t.equal(forbiddenName(name), expected, name);
});

t.test('card numbers are told from other long numbers', async (t) => {
  for (const card of [
    ...['4111111111111111', '5500 0055 5555 5559', '3782-822463-10005', '4222222222222', '6222021234567894'],
    ...['pay 4111-1111-1111-1111 now', '卡号6222021234567894', '9558801234567890128'],
  ]) {
    t.ok(holdsCard(card), card);
  }
  for (const other of [
    ...['4111111111111112', '1763750000123', '1763750000123456', '20251121123456789', '411111111111', 'img-1'],
    ...['12345678-1234-1234-1234-123456789012', 'a4111111111111111', '41111111111111110000000', '0000000000000000'],
  ]) {
    t.notOk(holdsCard(other), other);
  }
  t.notOk(holdsIssuedCard('9558801234567890128'));
  t.ok(holdsIssuedCard('4111111111111111'));
});

t.test('identity numbers are told from other long numbers', async (t) => {
  for (const number of ['11010519491231002X', '11010519491231002x', '号510700200102281232.', '330212202511210017']) {
    t.ok(holdsIdentity(number), number);
  }
  for (const other of [
    ...['110105194912310021', '110105194913310020', '110105184912310026', '34020000001320000001', '1101051949123100'],
    ...['a11010519491231002X', '91330102000029500X', '170105194912310020'],
  ]) {
    t.notOk(holdsIdentity(other), other);
  }
  t.notOk(holdsGrownIdentity('330212202511210017'), 'a division, today and a number: the id of a message');
});

t.test('hardware addresses are told from what looks like them', async (t) => {
  for (const mac of ['3c:2a:f4:10:22:9e', '3C-2A-F4-10-22-9E', '3c2a.f410.229e', 'ap 3c:2a:f4:10:22:9e!']) {
    t.ok(holdsMac(mac), mac);
  }
  for (const other of ['3c:2a:f4:10:22', '3c:2a-f4:10-22:9e', '2025-11-21 12:00:59', 'fe80::3c2a:f410:229e', '2.10']) {
    t.notOk(holdsMac(other), other);
  }
  t.notOk(holdsMac('00:11:22:33:44:55:66:77'), 'EUI-64');
});

const refused = (raw: string, channel: Channel = 'telemetry') =>
  decodeMessage(storedMessage(raw, { channel }), KIOSK).refusals;

t.test('a message that is put aside for anything gives away nothing forbidden', async (t) => {
  const cases: [string, string, Channel?][] = [
    ['{"values":{"fill_pct":101,"note":"4111111111111111"}}', 'forbidden-card'],
    ['{"values":{"heart_rate":71}', 'forbidden-health'],
    ['{"values":{"heart_rate', 'forbidden-health'],
    ['{"values":{"fill_pct":"3c:2a:f4:10:22:9e"}}', 'forbidden-mac'],
    ['{"values":{"3c:2a:f4:10:22:9e":-61}}', 'forbidden-mac'],
    ['{"values":{"4111111111111111":1}}', 'forbidden-card'],
    ['{"values":{"total":6222021234567890128}}', 'forbidden-card'],
    ['{"values":{"a":1,"a":"\\u0034111111111111111"}}', 'forbidden-card'],
    ['{"values":{"fill_pct":1},"id":"4111111111111111"}', 'forbidden-card'],
    ['{"values":{"fill_pct":1},"id":"3c:2a:f4:10:22:9e"}', 'forbidden-mac'],
    ['{"type":"heart_rate"}', 'forbidden-health', 'event'],
    ['{"values":{"total":510700200102281232}}', 'forbidden-identity'],
    ['{"values":{"fill_pct":1},"id":"11010519491231002X"}', 'forbidden-identity'],
    ['{"values":{"体温38.5":1}}', 'forbidden-health'],
    ['{"type":"jam","data":{"bpm":71,"心率":71}}', 'forbidden-health', 'event'],
    ['{"online":true,"firmware":"4111111111111111"}', 'forbidden-card', 'state'],
  ];
  for (const [raw, reason, channel] of cases) {
    const refusals = refused(raw, channel);
    t.match(refusals, [{ reason, value: '[hidden]' }], raw);
    t.notMatch(JSON.stringify(refusals), /4111111111|3c:2a|6222021234|19491231|20010228|38/i, raw);
  }
  t.match(refused('{"values":{"fill_pct":101},"ts":1763750000123}'), [{ reason: 'out-of-range', value: '101' }]);
  t.match(refused('{"values":{"fill_pct":1},"id":"8675309867530986"}'), [], 'ids are long numbers too');
});

t.test('a large payload, which is not kept, is judged by what its refusal would tell', async (t) => {
  const filler = `"firmware":"${'x'.repeat(70_000)}"`;
  t.match(refused(`{"values":{"heart_rate":71,${filler}}}`), [{ reason: 'forbidden-health', value: '[hidden]' }]);
  t.match(refused(`{"values":{"fill_pct":"4111111111111111",${filler}}}`), [{ reason: 'forbidden-card' }]);
  t.match(refused(`{"values":{"fill_pct":101,"a":"4111111111111111",${filler}}}`), [{ reason: 'out-of-range' }]);
});

t.test('no text takes long to look through', async (t) => {
  const size = 64 * 1024;
  const texts = ['"\\"', '"', '\\', '{"mac', '"macx":1,', '1', '1 ', 'aa:', '4111-', '"a":"4111 "', '汉', '"心:'];
  texts.push('"心率', '"heart rate ', '"11010519491231002 ', '"1101051949123100211010519491231002');
  for (const text of texts) {
    const spentMs = countProcessorTime();
    findForbidden(text.repeat(Math.ceil(size / text.length)).slice(0, size), new Map());
    t.ok(spentMs() < 500, text);
  }
});

t.test('in an array each record answers for itself', async (t) => {
  const raw = '[{"values":{"fill_pct":101}},{"values":{"heart_rate":71}},{"values":{"fill_pct":1}}]';
  const { records, refusals } = decodeMessage(storedMessage(raw), KIOSK);
  t.match(refusals, [
    { index: 0, reason: 'out-of-range', value: '101' },
    { index: 1, reason: 'forbidden-health', path: 'values.heart_rate' },
  ]);
  t.equal(records.length, 1);
});

t.test('a right card number is found wherever it stands, and nothing throws', async () => {
  const digits = fc.array(fc.nat(9), { minLength: 12, maxLength: 18 }).map((rest) => {
    const body = [4, ...rest].slice(0, -1);
    const sum = body
      .reverse()
      .reduce((all, digit, i) => all + (i % 2 === 0 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit]! : digit), 0);
    return body.reverse().join('') + String((10 - (sum % 10)) % 10);
  });
  const around = fc.constantFrom('', ' ', '卡', '=', '/', '#');
  const property = fc.property(digits, around, around, fc.string(), (card, before, after, rest) => {
    if (card.length < 13) return true;
    const text = `${before}${card}${after}`;
    findForbidden(rest, new Map());
    return holdsCard(text) && findForbidden(JSON.stringify({ x: text }), new Map())?.what === 'card';
  });
  fc.assert(property, { numRuns: 1000 });
});
