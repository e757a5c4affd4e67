import fc from 'fast-check';
import t from 'tap';
import { hashPlate, maskPlate, maskPlates, normalizePlate, platesIn } from '../../../src/core/plates.ts';
import { anyCharacter } from '../../support/any-text.ts';

const KEY = Buffer.alloc(32, 1);

t.test('plates show two characters at each end', async (t) => {
  t.equal(maskPlate('浙B12345'), '浙B***45');
  t.equal(maskPlate('浙BD12345'), '浙B***45');
  t.equal(maskPlate('浙B1234'), '浙B***34');
  for (const short of ['', '浙', '12345']) t.equal(maskPlate(short), '***');
});

t.test('one plate, however a maker writes it', async (t) => {
  const same = [
    ...['浙B12345', '浙b12345', '浙B·12345', '浙B•12345', '浙B・12345', '浙B･12345', '浙B.12345', '浙B。12345'],
    ...['浙B 12345', ' 浙B12345\t', '浙B　12345', '浙\u200bB12345', '\ufeff浙B12345', '浙B\u00a012345'],
    ...['蓝浙B12345', '黄 浙B·12345'],
    ...['浙Ｂ１２３４５', '浙ｂ１２３４５', '浙B-12345', '浙B－12345', '浙B—12345', '浙B−12345', '浙B‧12345'],
  ];
  for (const text of same) t.equal(normalizePlate(text), '浙B12345', JSON.stringify(text));
  t.equal(new Set(same.map((text) => hashPlate(KEY, text))).size, 1);
});

t.test('one text may hold the plates of a car of three regions', async (t) => {
  t.same(platesIn('粤ZJ068澳|MX7742|ZM127'), ['粤ZJ068澳', 'MX7742', 'ZM127']);
  for (const between of ['|', '/', ',', ';', '，', '；', '、', '｜', ' | ']) {
    t.same(platesIn(`粤ZJ068澳${between}MX7742`), ['粤ZJ068澳', 'MX7742'], between);
  }
  t.same(platesIn('MX7742||mx·7742|无车牌'), ['MX7742'], 'each once, and nothing that says that none was read');
  for (const none of ['', '无车牌', 'unknown', '|']) t.same(platesIn(none), [], none);
  t.equal(maskPlates('粤ZJ068澳|MX7742|ZM127'), '粤Z***8澳|MX***42|***');
  t.equal(normalizePlate('黑A12345'), '黑A12345', 'a province, not a colour');
  t.equal(normalizePlate('蓝黑A12345'), '黑A12345');
  const parts = fc.array(fc.constantFrom('粤ZJ068澳', 'MX7742', 'ZM127', '浙B7K2M8'), { minLength: 1, maxLength: 4 });
  const found = fc.property(parts, (plates) => {
    return platesIn(plates.join('|')).join() === [...new Set(plates)].join();
  });
  t.equal(fc.check(found).counterexample, null);
});

t.test('plates that differ stay different', async (t) => {
  const others = ['浙B12345', '浙B12346', '浙BD12345', '粤B12345', '浙BO2345', '浙B02345', '浙B?2345', '浙B12345警'];
  t.equal(new Set(others.map((text) => hashPlate(KEY, text))).size, others.length);
  t.equal(normalizePlate('浙B?2345'), '浙B?2345', 'what was not read is not left out');
  t.not(hashPlate(KEY, '浙B12345'), hashPlate(Buffer.alloc(32, 2), '浙B12345'));
});

t.test('doing it twice changes nothing, for any text', async (t) => {
  const texts = fc.string({ unit: anyCharacter, maxLength: 24 });
  const normalized = fc.property(texts, (text) => normalizePlate(normalizePlate(text)) === normalizePlate(text));
  const masked = fc.property(texts, (text) => maskPlate(maskPlate(text)) === maskPlate(text));
  for (const property of [normalized, masked]) t.equal(fc.check(property, { numRuns: 2_000 }).counterexample, null);
});

t.test('what is between the characters of a plate never matters', async (t) => {
  const rest = fc.string({ unit: fc.constantFrom(...'ABC0189'), maxLength: 8 });
  const plate = fc.tuple(fc.constantFrom(...'京津沪浙川吉冀使WJ'), rest);
  const gaps = fc.array(fc.constantFrom('', ' ', '·', '-', '.', '　', '\u200b'), { minLength: 9, maxLength: 9 });
  const spaced = fc.property(plate, gaps, ([head, tail], between) => {
    const text = [head, ...tail].map((character, at) => between[at]! + character).join('');
    return normalizePlate(text) === head + tail;
  });
  t.equal(fc.check(spaced).counterexample, null);
});
