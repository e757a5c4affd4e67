import fc from 'fast-check';
import t from 'tap';
import { hasRepeatedKey, jsonText } from '../../../src/core/json.ts';

const repeats = (text: string): boolean => hasRepeatedKey(text, JSON.parse(text));

t.test('a key that comes twice in one object is found, however it is written', async (t) => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":{"c":1},"a":2}',
    '[{"a":1},{"b":[{"a":1,"a":2}]}]',
    '{"a":{"x":1},"a":{"y":2}}',
    '{"a":"time: 10:00","a":"none"}',
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"a":1,"a":2,"b":"\u003a"}`,
    String.raw`{"\"":1,"\"" : 2}`,
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ]) {
    t.ok(repeats(text), text);
  }
});

t.test('keys that only look alike are none', async (t) => {
  for (const text of [
    '{"a":1,"A":1}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":1}}}',
    '{"a:b":"c:d","a":":"}',
    String.raw`{"a":"\"a\":1","b":"\\"}`,
    '"a:a"',
    '12',
    '[]',
  ]) {
    t.notOk(repeats(text), text);
  }
});

t.test('what a printer prints has no key twice, and with one more pair it has', async () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
      const text = JSON.stringify(value);
      const key = JSON.stringify(Object.keys(value)[0]);
      return !repeats(text) && repeats(`{${key}:null,${text.slice(1)}`);
    }),
  );
});

t.test('a byte order mark in front is skipped, and only there', async (t) => {
  t.equal(jsonText(Buffer.from('\ufeff{}')), '{}');
  t.equal(jsonText(Buffer.from('{"a":"\ufeff"}')), '{"a":"\ufeff"}');
});
