import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';

const { inPlainLetters } = (await import(
  pathToFileURL(join(import.meta.dirname, '../../../scripts/bundle.mjs')).href
)) as { inPlainLetters(code: string): string };

/** More than Latin-1 has, lone halves of letters among it. */
const text = fc.string({
  unit: fc.constantFrom('a', '\\', '"', '`', '$', '警', '…', '\u{1f692}', '\ud83d', 'é', '\n'),
});

t.test('a text is the same text behind it, however it was quoted', async (t) => {
  const check = (code: string, value: string) => {
    const plain = inPlainLetters(code);
    t.notMatch(plain, /[^\0-\xff]/);
    t.equal(runInNewContext(plain), value);
  };
  fc.assert(
    fc.property(text, (value) => {
      check(JSON.stringify(value), value);
      check(`\`${value.replace(/[\\`$]/g, '\\$&')}\``, value);
    }),
  );
  check("'\\警\\\\警'", '警\\警');
  check('const 名 = "火"; 名', '火');
});

t.test('a pattern matches the same', async (t) => {
  const pattern = runInNewContext(inPlainLetters('/^[一-龥]+\\…(🚒)$/u')) as RegExp;
  t.ok(pattern.test('警情…🚒'));
  t.notOk(pattern.test('abc…🚒'));
});
