import { AUTH_HINT, CLOCK_HINT } from '../checks/hints.ts';
import { bad, type CheckStep, type Finding, ok } from '../checks/steps.ts';
import type { Heard, RotationState } from './steps.ts';

/** What to do about it, for who stands under the pole. */
const HINTS: Readonly<Record<string, string>> = {
  auth: AUTH_HINT,
  'clock-skew': CLOCK_HINT,
  'not-administrator': 'The account may not change passwords: give the gateway one that is an administrator.',
  'account-taken':
    'It has an account citywatch that this registry did not make: remove that, or register the camera with it.',
  'no-password': 'It asks nobody for a password: switch authentication for ONVIF on first.',
  unsupported: 'It has no accounts that ONVIF can change: change the password in its own page, then in the registry.',
  'device-fault': 'It refuses the new password: look in its own page what passwords it takes, and update its firmware.',
  'not-taken': 'It says that it took the new password and goes on with the old one: update its firmware.',
  'other-unit': 'Another unit than the registered one answers: accept it as the new unit, or mend the address.',
  'old-still-works': 'It lets the old password in as well: look for a second account, and restart it.',
  'old-unproven': 'Whether it still takes the old password is not known: it did not answer when it was asked.',
  lost: 'It takes neither login: an administrator may try one that is kept, else reset it and register its login anew.',
  'rtsp-old': 'Its video has accounts of its own and goes on with the old login: change that in its own page.',
  'rtsp-unknown': 'Its video could not be tried: check the camera.',
  'rtsp-in-use': 'Live video has every connection that it allows: see whether that comes again when it is next opened.',
  overtaken: 'Its login in the registry was changed by hand meanwhile: check the camera.',
};

const AWAY = 'Check that the camera has power and network, and that address and port are right.';

function hintOf(problem: string): string {
  return HINTS[problem] ?? AWAY;
}

const NAMES: Readonly<Record<RotationState['at'], string>> = {
  planned: 'login',
  telling: 'change',
  finding: 'new-login',
  proving: 'rtsp',
  disproving: 'old-refused',
  ended: 'end',
};

/** What a step of a rotation found, in the words of a check; null where it only goes on. */
export function stepOf(from: RotationState, heard: Heard, to: RotationState): Omit<CheckStep, 'tookMs'> | null {
  const finding = findingOf(from, heard, to);
  if (!finding) return null;
  const name = from.at === 'proving' ? from.door : NAMES[from.at];
  return { name, ...finding };
}

function findingOf(from: RotationState, heard: Heard, to: RotationState): Finding | null {
  if (to.at === 'ended' && to.problem !== null) return failure(to);
  switch (from.at) {
    case 'planned':
      return to.at === 'telling' ? ok('The old login is right.') : null;
    case 'telling':
      if (heard.type !== 'told') return null;
      return ok(from.way === 'create' ? 'An account of its own was made.' : 'The password was changed.');
    case 'finding':
      return to.at === 'proving' ? ok('The new login is right.') : null;
    case 'proving':
      return to.at === 'proving' && to.door === from.door ? null : atDoor(from.door, heard);
    case 'disproving':
      if (heard.type !== 'refused') return null;
      return ok(from.way === 'create' ? 'A wrong password is refused.' : 'The old password is refused.');
    case 'ended':
      return null;
  }
}

function failure({ outcome, problem }: Extract<RotationState, { at: 'ended' }>): Finding {
  const word = outcome === 'lost' ? 'lost' : problem!;
  return bad(outcome === 'changed' ? 'warning' : 'failed', word, hintOf(word));
}

function atDoor(door: 'rtsp' | 'snapshot', heard: Heard): Finding {
  const what = door === 'rtsp' ? 'Its video' : 'Its snapshot';
  switch (heard.type) {
    case 'let-in':
      return ok(`${what} takes the new login.`);
    case 'nothing':
      return { grade: 'not-tried', seen: `${what} is not known, or of another account.`, problem: null, hint: null };
    case 'open':
      return bad('warning', 'no-password', hintOf('no-password'), `${what} is shown to everybody.`);
    case 'refused':
      return bad('warning', 'rtsp-old', hintOf('rtsp-old'), `${what} refuses the new login.`);
    default:
      if (heard.type === 'away' && heard.problem === 'in-use') {
        return bad('warning', 'rtsp-in-use', hintOf('rtsp-in-use'), `${what} could not be tried: it is being watched.`);
      }
      return bad('warning', 'rtsp-unknown', hintOf('rtsp-unknown'), `${what} could not be tried.`);
  }
}
