import { deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import { failureReason } from '../../platform/outbound/outbound.ts';
import { fetchSnapshot } from '../checks/snapshot-page.ts';
import type { NoPicture, VideoSource } from '../checks/video.ts';
import { readLabel } from '../onvif/identify.ts';
import { openMedia, snapshotUrl } from '../onvif/media.ts';
import { OneLogin } from '../onvif/one-login.ts';
import { OnvifError } from '../onvif/problems.ts';
import { choosePair } from '../onvif/profiles.ts';
import { createUser, openUsers, setPassword } from '../onvif/services/users.ts';
import { type OnvifPorts, SESSION_LIMITS } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import { compareUnits, isBlank, type UnitIdentity } from '../units/identity.ts';
import type { Heard, Way } from './steps.ts';

/**
 * The doors of a camera. Each sends one login at most, and ends by itself within some seconds: an answer that nobody
 * waits for would have to be found out. Rejects by our own fault alone.
 */
export interface LoginDoors {
  /** Logs in over ONVIF and lists the accounts. `known`: the unit that must answer; null for any. */
  enter(access: OnvifAccess, known: UnitIdentity | null): Promise<Heard>;
  /** Tells the camera, logged in by `access`, the new login. */
  tell(way: Way, access: OnvifAccess, login: Login): Promise<Heard>;
  rtsp(source: VideoSource): Promise<Heard>;
  /** The page that the camera names over ONVIF. */
  snapshot(access: OnvifAccess): Promise<Heard>;
}

export interface CameraDoorsDeps {
  onvif: OnvifPorts;
  /**
   * Logs in to a video, with one login at most; null where it was let in, `in-use` where live video has all connections
   * that the camera allows. Never rejects, ends with `signal`.
   */
  video(source: VideoSource, signal: AbortSignal): Promise<NoPicture | null>;
}

/** For one door; a step of a rotation is one of them, and ends well before the claim of its work does. */
const DEADLINE_MS = 6_000;

const NEVER = new AbortController().signal;

/** What a camera shows to nobody but those it let in. */
const LET_IN: readonly string[] = ['codec-unsupported'];

export class CameraDoors implements LoginDoors {
  readonly #deps: CameraDoorsDeps;

  constructor(deps: CameraDoorsDeps) {
    this.#deps = deps;
  }

  enter(access: OnvifAccess, known: UnitIdentity | null): Promise<Heard> {
    return heard(async () => {
      const one = this.#open(access);
      const { letIn, users } = await openUsers(one);
      if (letIn === 'open') return { type: 'open' };
      if (known && !isBlank(known) && !compareUnits(known, await readLabel(one.camera, known)).same) {
        return { type: 'away', problem: 'other-unit' };
      }
      return { type: 'let-in', users: users === 'not-allowed' ? null : users.map(({ name }) => name) };
    });
  }

  tell(way: Way, access: OnvifAccess, login: Login): Promise<Heard> {
    return heard(async () => {
      const one = this.#open(access);
      // Before the password itself is sent, so that it goes nowhere without a login.
      await one.clock();
      await one.login();
      await (way === 'create' ? createUser(one, login) : setPassword(one, login));
      return { type: 'told' };
    });
  }

  rtsp(source: VideoSource): Promise<Heard> {
    return heard(async () => {
      const limit = deadline(this.#deps.onvif.clock, DEADLINE_MS);
      const missing = await this.#deps.video(source, limit.signal).finally(() => limit.cancel());
      if (missing === null || LET_IN.includes(missing.failed)) return { type: 'let-in', users: null };
      return missing.failed === 'auth' ? { type: 'refused' } : { type: 'away', problem: missing.failed };
    });
  }

  snapshot(access: OnvifAccess): Promise<Heard> {
    return heard(async () => {
      const one = this.#open(access);
      await one.clock();
      await one.login();
      const media = await openMedia(one.camera);
      const { main } = choosePair(media.profiles, access.source ?? null);
      const url = await snapshotUrl(one.camera, media, main);
      if (url === null) return { type: 'nothing' };
      const answer = await fetchSnapshot(url, this.#deps.onvif, {
        login: access,
        deadlineMs: DEADLINE_MS,
        signal: NEVER,
      });
      if (!('refused' in answer)) return answer.open ? { type: 'open' } : { type: 'let-in', users: null };
      return answer.refused === 'auth' ? { type: 'refused' } : { type: 'away', problem: answer.refused };
    });
  }

  #open(access: OnvifAccess): OneLogin {
    return new OneLogin(access, this.#deps.onvif, { ...SESSION_LIMITS, deadlineMs: DEADLINE_MS, signal: NEVER });
  }
}

async function heard(ask: () => Promise<Heard>): Promise<Heard> {
  try {
    return await ask();
  } catch (error) {
    return meaning(error);
  }
}

function meaning(error: unknown): Heard {
  if (error instanceof OnvifError) {
    if (error.problem === 'auth') return { type: 'refused' };
    if (error.problem === 'unsupported') return { type: 'lacking' };
    return { type: 'away', problem: error.problem };
  }
  if (failureReason(error) !== null) return { type: 'away', problem: 'busy' };
  if (error instanceof CitywatchError && error.code === 'outbound.refused') {
    return { type: 'away', problem: 'refused-address' };
  }
  throw error;
}
