import fc from 'fast-check';
import t from 'tap';
import { maskPlate, maskPlatesSaid, maskPlatesWithin, PROVINCES, platesTold } from '../../../src/core/plates.ts';
import { anyCharacter } from '../../support/any-text.ts';

const NUM_RUNS = 5_000;
const PLACES = [...PROVINCES].filter((sign) => sign !== '使' && sign !== '领');
const FIGURES = [...'0123456789'];
const LETTERS = [...'ABCDEFGHJKLMNPQRSTUVWXYZ'];
/** Sentences of a command centre with what comes near a plate. */
const NO_PLATES = [
  '更新 version2',
  '新 version 2024',
  '新 firmware 10.2.33',
  '已更新。A12345 离线',
  '更新 A12345',
  '更新2024-12-01',
  '最新 G1503 2024',
  '新 iPhone15',
  '换新 CAM00123',
  '新 CAM00123',
  '新 ID12345',
  '新ID 12345',
  '新 NB-IoT 12345',
  '新 LTE 4567',
  '新 port 8080',
  '新 gate12',
  '云 server 10.0.0.5',
  '云 H265 stream',
  '云 MQTT 5.0',
  '贵 A 100 km',
  '川A 12 Dec 2024',
  '浙 S203 12:30',
  '门牌号12345',
  '使用 RTSP 10554',
  '致使 123456 人',
  '京东 B12345',
  '浙\nB12345',
  'kiosk-12345, case T-2026-17, +86 574 8718 0000, 2026-12-01T12:00:00Z, 330203',
  '宁波 A 区 3 号',
  '青 ABCDE1',
  'plate reader12 at gate 3',
  'MX7742 and KA12345 could be anything',
];

const oneOf = (from: readonly string[]) => fc.constantFrom(...from);
const tail = (length: number) => fc.array(oneOf(FIGURES), { minLength: length, maxLength: length });

/** Serials of five with two letters at most, of new-energy plates, and of four with the sort of vehicle behind them. */
const serial = fc.oneof(
  fc
    .tuple(fc.shuffledSubarray([0, 1, 2, 3, 4], { maxLength: 2 }), tail(5), oneOf(LETTERS))
    .map(([at, five, letter]) => {
      return five.map((figure, index) => (at.includes(index) ? letter : figure));
    }),
  fc.tuple(oneOf(['D', 'F', 'A', 'K']), tail(5)).map(([kind, five]) => [kind, ...five]),
  fc.tuple(oneOf(['D', 'F']), tail(5)).map(([kind, five]) => [...five, kind]),
  fc.tuple(tail(4), oneOf([...'警学挂港澳领使试', '应急'])).map(([four, sort]) => [...four, sort]),
);

const wide = (text: string) => text.replace(/[0-9A-Za-z]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));

/** A plate as somebody may write it, and its serial, of which at least the middle must not be told. */
const written = fc
  .record({
    place: oneOf(PLACES),
    letter: oneOf(LETTERS),
    serial,
    before: oneOf(['', '', ' ', '-', '·']),
    after: oneOf(['', '·', '•', ' ', '-', '.', '・', '。', '　', '\u200b']),
    within: oneOf(['', '', '', ' ', '-']),
    unread: fc.option(fc.nat({ max: 3 })),
    style: oneOf(['as it is', 'small', 'wide']),
  })
  .map(({ place, letter, serial, before, after, within, unread, style }) => {
    const gap = within === '' ? after : within;
    const read = serial.map((one, at) => (at === unread ? '?' : one));
    const text = `${place}${before}${letter}${gap}${read.join(within)}`;
    if (style === 'wide') return wide(text);
    // Spelled in small letters, a part such as a10 is a name of something.
    const isTold = within === '' || serial.every((one) => /\P{L}|\p{Script=Han}/u.test(one));
    return style === 'small' && isTold ? text.toLowerCase() : text;
  });

const plain = (text: string) =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}?*]/gu, '');

t.test('plates are masked by their ends, however they are written', async (t) => {
  const told = [
    ...['浙B12345', '浙b12345', '浙B·12345', '浙B 12345', '浙 B 12345', '浙Ｂ１２３４５', '浙B.12345', '浙-B-12345'],
    ...['浙B 12 345', '浙B-123-45', '浙 B 1 2 3 4 5', '浙BD12345', '浙BD 12345', '浙B?2345', '浙B1？345'],
  ];
  for (const text of told) t.equal(maskPlatesSaid(`车 ${text}，已离开`), '车 浙B***45，已离开', text);
  const others: [said: string, masked: string][] = [
    ['浙B1234警 and 浙B·1234挂', '浙B***4警 and 浙B***4挂'],
    ['粤ZJ068澳, 粤Z·1234港, 沪A0023领', '粤Z***8澳, 粤Z***4港, 沪A***3领'],
    ['浙X1234应急', '浙X***应急'],
    ['使014·578', '使0***78'],
    ['WJ浙1234X', 'WJ***4X'],
    ['车牌MX7742, 车牌号：KA12345', '车牌MX***42, 车牌号：KA***45'],
    ['plate KA·12345 and MX7742', 'plate KA***45 and MX7742'],
    ['浙B12345 at 10:32 with 3 men', '浙B***45 at 10:32 with 3 men'],
    ['浙B12345、粤ZM127澳', '浙B***45、粤Z***7澳'],
    ['是浙B12345?', '是浙B***5?'],
    [`浙B·7Q4X9${'A'.repeat(40)}`, '浙B***AA'],
  ];
  for (const [said, masked] of others) t.equal(maskPlatesSaid(said), masked, said);
});

t.test('no plate is told whole, whatever is around it', async (t) => {
  const around = oneOf(['', ' ', '，', ': ', ' seen ', '车', '\n', '(']);
  const hidden = fc.property(around, written, around, (before, plate, after) => {
    const said = maskPlatesSaid(`${before}${plate}${after}`);
    return said.includes('***') && !plain(said).includes(plain(plate).slice(1));
  });
  t.equal(fc.check(hidden, { numRuns: NUM_RUNS }).counterexample, null);
});

t.test('other words stay as they are', async (t) => {
  for (const text of NO_PLATES) t.equal(maskPlatesSaid(text), text, text);
  const word = fc.string({ unit: oneOf([...'abcdefghijklmnopqrstuvwxyz']), minLength: 1, maxLength: 12 });
  const numbered = fc.tuple(word, fc.nat({ max: 99 })).map(([name, number]) => `${name}${number}`);
  const sentences = fc.array(fc.oneof(word, numbered, oneOf(PLACES), oneOf([...'更最，。 '])), { maxLength: 12 });
  const kept = fc.property(sentences, (words) => maskPlatesSaid(words.join(' ')) === words.join(' '));
  t.equal(fc.check(kept, { numRuns: NUM_RUNS }).counterexample, null);
});

t.test('a plate that is told masked is known without the sign of its place', async (t) => {
  const told = platesTold({
    plate: '浙B***45|MX***42',
    wanted_plate: '浙B***45',
    note: 'a *** b',
    other: '***',
    lane: 1,
  });
  t.same(told, ['浙B***45', 'MX***42']);
  for (const text of ['B12345', 'b12345', 'B·12345', 'B-12345', '12345', 'BD12345', '１２３４５', '7Q?45']) {
    t.equal(maskPlatesSaid(`by ${text}, gone`, told), 'by 浙B***45, gone', text);
    t.equal(maskPlatesSaid(`by ${text}, gone`), `by ${text}, gone`, 'which could be anything elsewhere');
  }
  t.equal(maskPlatesSaid('MX7742 / mx7742', told), 'MX***42 / MX***42');
  const others = ['MX7743', 'C12346', '12346', '145', '1234567845', 'B1234567845', 'ABCDE', 'kiosk12345'];
  for (const text of others) t.equal(maskPlatesSaid(text, told), text, text);
  const near = fc.constantFrom(...FIGURES, ...LETTERS, ...'浙B45 -·?*');
  const texts = fc.string({ unit: near, maxLength: 24 });
  const twice = fc.property(texts, (text) => {
    const once = maskPlatesSaid(text, told);
    return maskPlatesSaid(once, told) === once;
  });
  t.equal(fc.check(twice, { numRuns: NUM_RUNS }).counterexample, null);
  const any = fc.tuple(oneOf(PLACES), oneOf(LETTERS), serial);
  const hidden = fc.property(any, fc.nat({ max: 2 }), ([place, letter, characters], left) => {
    const whole = [place, letter, ...characters].join('');
    const said = maskPlatesSaid(`by ${[...whole].slice(left).join('')}.`, [maskPlate(whole)]);
    return said === `by ${maskPlate(whole)}.`;
  });
  t.equal(fc.check(hidden, { numRuns: NUM_RUNS }).counterexample, null);
});

t.test('doing it twice changes nothing, for any text', async (t) => {
  const near = fc.constantFrom(...PLACES, ...FIGURES, ...LETTERS, ...'使?*· -警w车牌plate');
  for (const unit of [anyCharacter, near]) {
    const texts = fc.string({ unit, maxLength: 24 });
    const twice = fc.property(texts, (text) => maskPlatesSaid(maskPlatesSaid(text)) === maskPlatesSaid(text));
    t.equal(fc.check(twice, { numRuns: NUM_RUNS }).counterexample, null);
  }
});

t.test('what devices send is masked also where it may be another word', async (t) => {
  t.equal(maskPlatesWithin('新 version2'), '***');
  t.equal(maskPlatesWithin('a 浙B?2345, b'), 'a ***, b');
});
