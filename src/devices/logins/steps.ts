/** An account of its own is made at the camera, or the password of the one that is used is changed. */
export type Way = 'create' | 'set';
export type Which = 'old' | 'new';
export type RotationOutcome = 'changed' | 'unchanged' | 'lost';

/** By which login the video of a camera is fetched from now on; `none` where it has none, or one of another account. */
export type RtspLogin = Which | 'unknown' | 'none';

/**
 * How far a change of a camera's login is. Each state is durable before anything is said to the camera, so that whoever
 * goes on knows what may have been said.
 * - `planned`: nothing was said.
 * - `telling`: the camera may have been told the new login.
 * - `finding`: which login is true is found out; `asked` counts who was cut off meanwhile, `rests` after too many.
 * - `proving`: the new login is true at ONVIF; the other doors are tried.
 * - `disproving`: the old one must be refused; it is the one wrong login of all.
 */
export type RotationState =
  | { at: 'planned' }
  | { at: 'telling'; way: Way; tries: number; why: string | null }
  | Finding
  | Proving
  | { at: 'disproving'; way: Way; asked: number }
  | { at: 'ended'; outcome: RotationOutcome; problem: string | null };

interface Finding {
  at: 'finding';
  way: Way;
  tries: number;
  ask: Which;
  refused: Which[];
  /** A login may be on its way, or may have been. */
  sent: boolean;
  asked: number;
  rests: boolean;
  /** Both were refused before: a camera that somebody locked refuses the right one, too. */
  again: boolean;
  /** Why the camera was not told, where it said so. */
  why: string | null;
}

interface Proving {
  at: 'proving';
  way: Way;
  door: 'rtsp' | 'snapshot';
  tries: number;
  oldRefused: boolean;
  rtsp: RtspLogin;
}

/** What came of what was said. */
export type Heard =
  /** Whoever said something is gone: its answer is not known. */
  | { type: 'resumed' }
  /** The camera was left alone for long enough. */
  | { type: 'rested' }
  /** The login is right; these are the accounts, null where it may not see them. */
  | { type: 'let-in'; users: readonly string[] | null }
  /** The camera asks nobody for a password. */
  | { type: 'open' }
  | { type: 'refused' }
  /** Nothing came that says anything of the login. */
  | { type: 'away'; problem: string }
  | { type: 'told' }
  /** The camera cannot do this. */
  | { type: 'lacking' }
  /** There is nothing to be tried. */
  | { type: 'nothing' };

export interface RotationPlan {
  account: 'own' | 'same';
  /** Of the account that is used now. */
  username: string;
}

/** The account that this registry has at cameras. */
const OWN_ACCOUNT = 'citywatch';

const TELL_TRIES_MAX = 3;
const DOOR_TRIES_MAX = 3;
/** Wrong logins that cut-off tries may have been before the camera is left alone; makers lock out after five. */
const ASKED_MAX = 2;

/** The next state; pure. */
export function nextState(state: RotationState, heard: Heard, plan: RotationPlan): RotationState {
  switch (state.at) {
    case 'planned':
      return planned(heard, plan);
    case 'telling':
      return told(state, heard);
    case 'finding':
      return found(state, heard);
    case 'proving':
      return proven(state, heard);
    case 'disproving':
      return disproven(state, heard);
    case 'ended':
      return state;
  }
}

/** The account that has the new password. */
export function newUsername(way: Way, { username }: RotationPlan): string {
  return way === 'create' ? OWN_ACCOUNT : username;
}

function ended(outcome: RotationOutcome, problem: string | null): RotationState {
  return { at: 'ended', outcome, problem };
}

function planned(heard: Heard, { account, username }: RotationPlan): RotationState {
  switch (heard.type) {
    case 'let-in': {
      if (heard.users === null) return ended('unchanged', 'not-administrator');
      const way = account === 'same' || username === OWN_ACCOUNT ? 'set' : 'create';
      if (way === 'create' && heard.users.includes(OWN_ACCOUNT)) return ended('unchanged', 'account-taken');
      return { at: 'telling', way, tries: 0, why: null };
    }
    case 'open':
      return ended('unchanged', 'no-password');
    case 'refused':
      return ended('unchanged', 'auth');
    case 'away':
      return ended('unchanged', heard.problem);
    case 'lacking':
      return ended('unchanged', 'unsupported');
    default:
      return { at: 'planned' };
  }
}

type Telling = Extract<RotationState, { at: 'telling' }>;

function told({ way, tries }: Telling, heard: Heard): RotationState {
  const find = (ask: Which, why: string | null): Finding => {
    return { at: 'finding', way, tries, ask, refused: [], sent: false, asked: 0, rests: false, again: false, why };
  };
  switch (heard.type) {
    case 'told':
      return find('new', null);
    case 'lacking':
      return way === 'create' ? { at: 'telling', way: 'set', tries: 0, why: null } : ended('unchanged', 'unsupported');
    case 'refused':
      return find('old', 'not-administrator');
    case 'away':
      return find('old', heard.problem);
    default:
      return find('old', null);
  }
}

/**
 * What is durable before a login is sent that may be a wrong one; null where there is none. So a process that was ended
 * before it sent one, as often as that may be, costs no rest.
 */
export function beforeSending(state: RotationState): RotationState | null {
  return state.at === 'finding' && !state.rests && state.sent === false ? { ...state, sent: true } : null;
}

function found(before: Finding, heard: Heard): RotationState {
  const state = { ...before, sent: false };
  const { ask, refused, asked } = state;
  switch (heard.type) {
    case 'resumed':
      // The try that was cut off may have been a wrong one.
      if (before.sent === false) return state;
      return { ...state, asked: asked + 1, rests: state.rests || asked >= ASKED_MAX };
    case 'rested':
      return { ...state, asked: 0, rests: false };
    case 'let-in':
      return ask === 'new' ? proving(state) : notTold(state, heard.users);
    case 'refused': {
      const other: Which = ask === 'old' ? 'new' : 'old';
      if (refused.includes(other) && state.again) return ended('lost', 'auth');
      if (refused.includes(other)) return { ...state, ask: 'old', refused: [], rests: true, again: true };
      return { ...state, ask: other, refused: [...refused, ask] };
    }
    default:
      return state;
  }
}

function proving({ way, refused }: Finding): Proving {
  return { at: 'proving', way, door: 'rtsp', tries: 0, oldRefused: refused.includes('old'), rtsp: 'none' };
}

/** The old login is right: the camera was not told, unless it was to make an account. */
function notTold(state: Finding, users: readonly string[] | null): RotationState {
  const { way, refused, why } = state;
  const tries = state.tries + 1;
  if (refused.includes('new')) return ended('unchanged', 'not-taken');
  if (way === 'create' && users?.includes(OWN_ACCOUNT)) return { ...state, ask: 'new' };
  // Full, or of a maker with accounts of another sort: the one that is there can still have a new password.
  if (way === 'create' && why === 'device-fault') return { at: 'telling', way: 'set', tries: 0, why: null };
  const isFinal = why === 'device-fault' || why === 'not-administrator';
  if (isFinal || tries >= TELL_TRIES_MAX) return ended('unchanged', why ?? 'not-taken');
  return { at: 'telling', way, tries, why: null };
}

function proven(state: Proving, heard: Heard): RotationState {
  const { way, door, tries, oldRefused } = state;
  if (heard.type === 'resumed') return state;
  if (heard.type === 'away' && tries + 1 < DOOR_TRIES_MAX) return { ...state, tries: tries + 1 };
  if (door === 'rtsp') return { ...state, door: 'snapshot', tries: 0, rtsp: rtspLogin(heard) };
  return oldRefused ? ended('changed', null) : { at: 'disproving', way, asked: 0 };
}

function rtspLogin({ type }: Heard): RtspLogin {
  if (type === 'refused') return 'old';
  if (type === 'nothing') return 'none';
  return type === 'away' ? 'unknown' : 'new';
}

type Disproving = Extract<RotationState, { at: 'disproving' }>;

function disproven(state: Disproving, heard: Heard): RotationState {
  switch (heard.type) {
    case 'refused':
      return ended('changed', null);
    case 'let-in':
    case 'open':
      return ended('changed', 'old-still-works');
    case 'resumed':
    case 'away':
      // A wrong login that was cut off is sent once more, and no further one.
      return state.asked > 0 ? ended('changed', 'old-unproven') : { ...state, asked: 1 };
    default:
      return state;
  }
}

/** What a step changes in the registry, in the transaction that makes the step durable. */
export interface RegistryChange {
  /** Nobody but the rotation may log in: true from now on, false no more. */
  held?: boolean;
  /** The login of ONVIF becomes the new one. */
  onvif?: true;
  /** So does that of the video. */
  stream?: true;
}

export function registryChange(from: RotationState, to: RotationState): RegistryChange {
  if (from.at === 'planned' && to.at === 'telling') return { held: true };
  if (from.at === 'finding' && to.at === 'proving') return { onvif: true };
  if (from.at === 'proving' && to.at === 'proving' && from.door !== to.door) {
    // Where RTSP did not answer, an account that goes on is the safe one.
    const isNew = to.rtsp === 'new' || (to.rtsp === 'unknown' && to.way === 'set');
    return isNew ? { held: false, stream: true } : { held: false };
  }
  return to.at === 'ended' && from.at !== 'ended' ? { held: false } : {};
}
