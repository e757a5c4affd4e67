import fc from 'fast-check';
import t from 'tap';
import { newPassword, passwordRule } from '../../../../src/devices/logins/password.ts';
import {
  beforeSending,
  type Heard,
  nextState,
  type RotationPlan,
  type RotationState,
  registryChange,
} from '../../../../src/devices/logins/steps.ts';

t.test('a password is of its maker’s rule and reads as it is written', async (t) => {
  const makers = [null, 'Hikvision', 'Dahua', 'UNIVIEW', 'Hanwha Techwin', 'AXIS', 'Bosch', '华为', 'Tiandy'];
  const ranges: Record<string, [min: number, max: number]> = {
    Hikvision: [8, 16],
    Dahua: [8, 32],
    UNIVIEW: [9, 32],
    'Hanwha Techwin': [8, 15],
    Tiandy: [8, 16],
    Bosch: [8, 19],
  };
  const seen = new Set<string>();
  for (const maker of makers) {
    const rule = passwordRule(maker);
    for (let nth = 0; nth < 50; nth += 1) {
      const password = newPassword(rule, 'admin');
      seen.add(password);
      const [min, max] = ranges[maker ?? ''] ?? [8, 64];
      t.ok(password.length >= min && password.length <= max, maker ?? 'any');
      t.match(password, /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z\d]([A-Za-z\d_-]*)[A-Za-z\d]$/);
      t.notMatch(password, /[0Oo1lI5S2Z8B]|(.)\1\1/);
      if (/uniview|hanwha|华为/i.test(maker ?? 'hanwha')) t.match(password, /[-_]/);
    }
  }
  t.equal(seen.size, makers.length * 50, 'no two are the same');
});

/** A camera as the machine meets it: who is lost, what is forgotten, and what it does with passwords. */
interface World {
  /** Of the account that is used: what the camera takes there. */
  takes: 'old' | 'new';
  hasOwn: boolean;
}

/** What comes of an effect at a camera that does all that it is told; the answer may be lost. */
function effect(state: RotationState, world: World, plan: RotationPlan): { heard: Heard; wrong: boolean } {
  const right = (which: 'old' | 'new', way: 'create' | 'set'): boolean => {
    if (way === 'create') return which === 'old' || world.hasOwn;
    return world.takes === which;
  };
  const users = world.hasOwn ? [plan.username, 'citywatch'] : [plan.username];
  switch (state.at) {
    case 'planned':
      return { heard: { type: 'let-in', users }, wrong: false };
    case 'telling':
      if (state.way === 'create') world.hasOwn = true;
      else world.takes = 'new';
      return { heard: { type: 'told' }, wrong: false };
    case 'finding': {
      if (state.rests) return { heard: { type: 'rested' }, wrong: false };
      const isRight = right(state.ask, state.way);
      return { heard: isRight ? { type: 'let-in', users } : { type: 'refused' }, wrong: !isRight };
    }
    case 'disproving':
      return { heard: { type: 'refused' }, wrong: true };
    default:
      return { heard: { type: 'let-in', users: null }, wrong: false };
  }
}

function isOver({ at }: RotationState): boolean {
  return at === 'ended';
}

t.test('however often it is cut off, the registry ends with a login that the camera takes', async (t) => {
  const cut = fc.constantFrom('goes on', 'before', 'announced', 'after', 'away');
  const run = (cuts: string[], account: 'own' | 'same') => {
    const plan: RotationPlan = { account, username: 'admin' };
    const world: World = { takes: 'old', hasOwn: false };
    let state = { at: 'planned' } as RotationState;
    let [held, onvif, wrong, rests] = [false, 'old', 0, 0];
    const hear = (heard: Heard): void => {
      const to = nextState(state, heard, plan);
      const change = registryChange(state, to);
      held = change.held ?? held;
      if (change.onvif) onvif = 'new';
      // What may be true at the camera and is not in the registry is held.
      const isUnsure = to.at === 'telling' || to.at === 'finding';
      if (isUnsure) t.equal(held, true, `held while ${to.at}`);
      state = to;
    };
    for (const cutOff of [...cuts, ...Array.from({ length: 40 }, () => 'goes on')]) {
      if (isOver(state)) break;
      if (cutOff === 'away' && state.at !== 'planned') hear({ type: 'away', problem: 'timeout' });
      else if (cutOff === 'before') hear({ type: 'resumed' });
      else {
        state = beforeSending(state) ?? state;
        if (cutOff === 'announced') {
          hear({ type: 'resumed' });
          continue;
        }
        const said = effect(state, world, plan);
        // A rest is half an hour, after which a camera has forgotten.
        if (said.heard.type === 'rested') [wrong, rests] = [0, rests + 1];
        if (said.wrong) wrong += 1;
        t.ok(wrong < 5, `${wrong} wrong logins in half an hour`);
        hear(cutOff === 'after' ? { type: 'resumed' } : said.heard);
      }
    }
    t.match(state, { at: 'ended', outcome: /^(un)?changed$/ });
    t.equal(held, false);
    const isTrue = account === 'own' || world.takes === onvif;
    t.ok(isTrue, `the camera takes the ${world.takes} one, the registry has the ${onvif} one`);
    return wrong + 100 * rests;
  };
  for (const account of ['own', 'same'] as const) t.equal(run([], account), 1, 'undisturbed: one wrong login');
  const toFinding = ['goes on', 'goes on'];
  const often = [...toFinding, ...Array.from({ length: 9 }, () => 'before')];
  t.equal(run(often, 'same'), 1, 'who is cut off before a login is sent costs none, and no rest');
  fc.assert(
    fc.property(fc.array(cut, { maxLength: 30 }), fc.constantFrom('own' as const, 'same' as const), (cuts, account) => {
      run(cuts, account);
      return t.passing();
    }),
    { numRuns: 100 },
  );
});
