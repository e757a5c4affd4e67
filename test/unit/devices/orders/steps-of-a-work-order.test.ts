import t from 'tap';
import { orderInput, orderStepInput } from '../../../../src/devices/orders/input.ts';
import { isUnclosed, ORDER_STATES, ORDER_STEPS, UNCLOSED } from '../../../../src/devices/orders/states.ts';

t.test('who does the work never says himself that it was done well', async (t) => {
  for (const steps of Object.values(ORDER_STEPS)) {
    t.ok(steps.verified === undefined || steps.verified === 'orders.keep');
    t.ok(steps.cancelled === undefined || steps.cancelled === 'orders.keep');
  }
  const verifiable = ORDER_STATES.filter((state) => ORDER_STEPS[state].verified);
  t.strictSame(verifiable, ['done'], 'only what is done is verified');
});

t.test('every unclosed order can be closed, and nothing follows a closed one', async (t) => {
  t.strictSame(UNCLOSED, ['open', 'taken', 'done']);
  for (const state of UNCLOSED) t.ok(ORDER_STEPS[state].cancelled, state);
  t.strictSame(
    ORDER_STATES.filter((state) => !isUnclosed(state)),
    ['verified', 'cancelled'],
  );
});

t.test('a request says what it wants, and against which version', async (t) => {
  const id = '6b1f1b3c-1c9b-4c7e-9d2f-000000000001';
  const pathsOf = (body: object) => orderStepInput.safeParse(body).error?.issues.map(({ path }) => path.join('.'));
  t.strictSame(pathsOf({ id, note: '镜头进水' }), undefined, 'a note alone needs no version');
  t.strictSame(pathsOf({ id }), ['note']);
  t.strictSame(pathsOf({ id, to: 'taken' }), ['version']);
  t.strictSame(pathsOf({ id, assignee: null }), ['version'], 'to take an assignee away is a change');
  t.strictSame(pathsOf({ id: 'mine', version: 1, to: 'taken' }), ['id']);
  t.strictSame(pathsOf({ id, version: 1, to: 'closed' }), ['to']);
  for (const cause of ['Check', 'check:', 'check auth', 'a:b:c:d', '']) {
    const body = { id, device: 'k-1', title: 'x', cause };
    t.match(orderInput.safeParse(body).error?.issues, [{ path: ['cause'] }], cause);
  }
});
