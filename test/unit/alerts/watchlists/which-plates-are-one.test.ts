import fc from 'fast-check';
import t from 'tap';
import {
  hasUnread,
  isContradicted,
  mayBeSame,
  plateForm,
  plateKey,
  readingsOf,
} from '../../../../src/alerts/watchlists/matching/plate-forms.ts';
import { PROVINCES } from '../../../../src/core/plates.ts';

t.test('a plate is the same however it is written, and no other for it', async (t) => {
  const same = ['浙B7K2M8', '浙b·7k2m8', '浙Ｂ７Ｋ２Ｍ８', '蓝浙B 7K2M8', '浙В7К2М8', '浙B-7K2M8'];
  t.same(new Set(same.map(plateKey)), new Set(['浙B7K2M8']));
  t.equal(plateKey('浙BO1I23'), '浙B01123', 'no serial has I or O');
  t.equal(plateKey('京O12345'), '京O12345', 'a city letter may be one');
  t.equal(plateKey('MX7742O'), 'MX7742O', 'what is not of the mainland is left as it is');
  for (const [one, other] of [
    ['浙B8K2M8', '浙BBK2M8'],
    ['浙BD1234', '浙B01234'],
    ['浙B12345', '浙A12345'],
  ]) {
    t.not(plateKey(one!), plateKey(other!));
  }
});

t.test('the form says which colour a plate can have', async (t) => {
  const forms: [string, string][] = [
    ['浙B12345', 'ordinary'],
    ['浙BD12345', 'new-energy'],
    ['浙B12345D', 'new-energy'],
    ['粤ZJ068澳', 'ordinary'],
    ['WJ浙12345', 'other'],
    ['MX7742', 'other'],
    ['浙BI12345', 'other'],
  ];
  for (const [plate, form] of forms) t.equal(plateForm(plate), form, plate);
  t.ok(isContradicted('浙BD12345', 'blue'));
  t.ok(isContradicted('浙B12345', 'green'));
  t.notOk(isContradicted('浙B12345', 'yellow'));
  t.notOk(isContradicted('浙B12345', null));
  t.notOk(isContradicted('WJ浙12345', 'white'));
  t.notOk(mayBeSame('blue', 'green'), 'another car');
  t.ok(mayBeSame('blue', null) && mayBeSame(null, 'green') && mayBeSame('blue', 'blue'));
});

t.test('a read with signs for what was not read is each plate it may be, up to two of them', async (t) => {
  t.same(readingsOf('浙B12345'), ['浙B12345']);
  const one = readingsOf('浙B1?345');
  t.equal(one.length, 34);
  t.ok(one.includes('浙B12345') && one.includes('浙B1Z345') && !one.includes('浙B1O345'));
  t.equal(readingsOf('浙?12345').length, 24, 'a letter of a city');
  t.equal(readingsOf('?B12345').length, [...PROVINCES].length, 'a province');
  t.equal(readingsOf('浙B1??45').length, 34 * 34);
  t.same(readingsOf('浙B???45'), [], 'that says nothing of any car');
  t.ok(hasUnread(plateKey('浙B1？345')) && hasUnread('浙B1*345'));
});

t.test('property: keys are keys of themselves, and every reading fits its read', async () => {
  const plates = fc.stringMatching(/^[浙京][A-Z][A-Z0-9?]{5,6}$/u);
  fc.assert(
    fc.property(plates, (plate) => {
      const key = plateKey(plate);
      if (plateKey(key) !== key) throw new Error(`${plate}: ${key} is no key`);
      for (const reading of readingsOf(key)) {
        const fits = [...key].every((one, at) => one === '?' || one === [...reading][at]);
        if (!fits || hasUnread(reading)) throw new Error(`${key}: ${reading}`);
      }
    }),
  );
});
