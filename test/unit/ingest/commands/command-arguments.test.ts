import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { commandOf, readArgs } from '../../../../src/ingest/commands/arguments.ts';
import { KIOSK } from '../../../support/ingest/kiosk-kind.ts';

const unlock = KIOSK.commands.get('unlock')!;

function issuesOf(run: () => unknown): string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!(error instanceof CitywatchError)) throw error;
    return [error.code, ...error.issues.map(({ path, message }) => `${path} ${message}`)];
  }
}

const refused = (args: Record<string, unknown>) => issuesOf(() => readArgs('unlock', unlock, args));

t.test('only what the kind declares is known, and the answer says what that is', async (t) => {
  t.equal(commandOf(KIOSK, 'unlock'), unlock);
  for (const name of ['open', 'constructor', '__proto__', 'Unlock', '']) {
    t.strictSame(
      issuesOf(() => commandOf(KIOSK, name)),
      ['request.invalid', 'name recycling-kiosk takes: reboot, unlock'],
    );
  }
  const mute = { ...KIOSK, kind: 'camera', commands: new Map() };
  t.strictSame(
    issuesOf(() => commandOf(mute, 'x')),
    ['request.invalid', 'name camera takes no commands'],
  );
  t.match(
    issuesOf(() => commandOf(undefined, 'x')),
    ['request.invalid', /takes no commands/],
  );
});

t.test('arguments that fit are taken as they are', async (t) => {
  const args = { cell: 3, door: 'back', note: '北门', items: ['a', 'b'] };
  t.strictSame(readArgs('unlock', unlock, args), args);
  t.strictSame(readArgs('unlock', unlock, { cell: 1 }), { cell: 1 });
});

t.test('each wrong argument is named with what would be right', async (t) => {
  t.strictSame(refused({ door: 'side', cells: 1 }), [
    'request.invalid',
    'args.door must be one of: front, back',
    'args.cells is no argument of unlock; it takes: cell, door, note, items',
    'args.cell is missing; it must be a whole number from 1 to 16',
  ]);
  const cell = /^args.cell must be a whole number from 1 to 16$/;
  for (const wrong of [0, 17, 1.5, '3', null, true, [], {}, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 53 + 2]) {
    t.match(refused({ cell: wrong }), ['request.invalid', cell], String(wrong));
  }
  t.match(refused({ cell: 1, note: '123456789' }), ['request.invalid', /args.note must be a text of at most 8/]);
  t.match(refused({ cell: 1, note: 'a\u0000' }), ['request.invalid', /args.note/]);
  t.match(refused({ cell: 1, items: ['a', 'b', 'c'] }), ['request.invalid', /args.items must be a list of at most 2/]);
  const reboot = KIOSK.commands.get('reboot')!;
  t.match(
    issuesOf(() => readArgs('reboot', reboot, { now: true })),
    ['request.invalid', 'args.now is no argument of reboot; it takes none'],
  );
});

t.test('what must not enter does not go out either, and a flood of arguments stays a short answer', async (t) => {
  const wide = new Map([['text', { type: 'text' as const, maxLength: 64 }]]);
  const spec = { ...unlock, args: wide, required: [] };
  t.match(
    issuesOf(() => readArgs('show', spec, { text: '4111 1111 1111 1111' })),
    ['request.invalid', /args.text holds what must not enter/],
  );
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`a${n}`.padEnd(200, 'x'), 1]));
  const issues = refused(many);
  t.equal(issues.length, 22);
  t.ok(issues.every((issue) => issue.length < 200));
});

t.test('arguments longer than a device can hold are refused', async (t) => {
  const list = { type: 'list' as const, maxItems: 64, maxLength: 1024 };
  const spec = { ...unlock, args: new Map([['lines', list]]), required: [] };
  const lines = Array.from({ length: 17 }, () => 'x'.repeat(1000));
  t.match(
    issuesOf(() => readArgs('show', spec, { lines })),
    ['request.invalid', 'args are longer than 16384 bytes as JSON'],
  );
});
