import fc from 'fast-check';
import t from 'tap';
import { type CursorScope, PageCursors } from '../../../src/api/cursors.ts';
import type { Caller } from '../../../src/core/types.ts';
import { anyCharacter } from '../../support/any-text.ts';

const KEY = Buffer.alloc(32, 1);
const CALLER: Caller = { type: 'token', id: 'a', name: 'a', role: 'viewer', jurisdiction: '330200', purpose: null };
const SCOPE: CursorScope = { route: 'devices', filter: { kind: 'camera', text: undefined }, caller: CALLER };

t.test('opens to what was sealed, whatever it was', async (t) => {
  const cursors = new PageCursors(KEY);
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 200, unit: anyCharacter }), (after) => {
      t.equal(cursors.open(SCOPE, cursors.seal(SCOPE, after)), after);
    }),
    { numRuns: 100 },
  );
  t.equal(cursors.open(SCOPE, undefined), undefined);
});

t.test('an absent filter and an undefined one are the same question, in any order', async (t) => {
  const cursors = new PageCursors(KEY);
  const sealed = cursors.seal({ ...SCOPE, filter: { kind: 'camera', state: 'active' } }, 'x');
  t.equal(cursors.open({ ...SCOPE, filter: { state: 'active', text: undefined, kind: 'camera' } }, sealed), 'x');
});

t.test('is refused for any other list, filter, caller or key', async (t) => {
  const cursors = new PageCursors(KEY);
  const sealed = cursors.seal(SCOPE, 'kiosk-1');
  const others: CursorScope[] = [
    { ...SCOPE, route: 'audit' },
    { ...SCOPE, filter: { kind: 'kiosk' } },
    { ...SCOPE, filter: {} },
    { ...SCOPE, caller: { ...CALLER, id: 'b' } },
    { ...SCOPE, caller: { ...CALLER, jurisdiction: '000000' } },
    { ...SCOPE, caller: { ...CALLER, type: 'person' } },
  ];
  for (const scope of others) t.throws(() => cursors.open(scope, sealed), { code: 'request.cursor' });
  t.throws(() => new PageCursors(Buffer.alloc(32, 2)).open(SCOPE, sealed), { code: 'request.cursor' });
});

t.test('is refused when a bit of it changed, and for any text that is none', async (t) => {
  const cursors = new PageCursors(KEY);
  const bytes = Buffer.from(cursors.seal(SCOPE, 'kiosk-1'), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    t.throws(() => cursors.open(SCOPE, changed.toString('base64url')), { code: 'request.cursor' });
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 2000 }), (text) => {
      t.throws(() => cursors.open(SCOPE, text), { code: 'request.cursor' });
    }),
    { numRuns: 100 },
  );
});
