import { deadline } from '../../core/clock.ts';
import { type CameraLabel, readLabel } from '../onvif/identify.ts';
import { openMedia, snapshotUrl, streamUrl } from '../onvif/media.ts';
import { type LetIn, OneLogin } from '../onvif/one-login.ts';
import { choosePair, type OnvifProfile } from '../onvif/profiles.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import type { UnitIdentity } from '../units/identity.ts';
import {
  judgeClock,
  judgeLabel,
  judgeLogin,
  judgeProfiles,
  judgeSnapshot,
  NO_ADDRESS,
  SHOWN_TO_ALL,
} from './camera-judgements.ts';
import { CAMERA_STEPS, type CameraCheckTimes, type CameraStepName } from './camera-times.ts';
import { explainError } from './hints.ts';
import { CheckPictures } from './pictures.ts';
import { type Connect, judgePorts, type Knock, knock, type Place, placeOf, reach } from './reach.ts';
import { fetchSnapshot } from './snapshot-page.ts';
import { type CheckStep, type Finding, ok, Steps, type Work } from './steps.ts';
import { type Coded, isMissing, missing, type VideoLooks, type VideoSource } from './video.ts';

/** How a camera is reached, passwords in clear, and what is registered there. */
export interface CameraTarget {
  onvif: OnvifAccess | null;
  stream: VideoSource | null;
  /** The registered unit; null before it is registered. */
  known: UnitIdentity | null;
}

export interface CameraCheckPorts {
  onvif: OnvifPorts;
  connect: Connect;
  video: VideoLooks;
  /** Told of what should not have happened. */
  unexpected(error: unknown): void;
  /** Told of the steps before the first is run: each is added as it ends, and a later one may mend it. */
  follow?(done: readonly CheckStep[]): void;
}

export interface CameraCheckResult {
  steps: CheckStep<CameraStepName>[];
  tookMs: number;
  /** Who answered; null where it did not get so far. */
  label: CameraLabel | null;
  /** Another unit than the registered one: nothing it shows may be shown. */
  isOther: boolean;
  /** The last picture that was decoded, for who may see it; null where there was none. */
  picture: Coded | null;
}

/** A recorder of 64 channels has some 400 kB of profiles. */
const ANSWER_MAX_BYTES = 512 * 1024;
/** Who reads the video says what was missing in it, a moment before the step ends. */
const SAYING_WHY_MS = 300;
/** Kept for the first picture of the video, where it waits for the snapshot. */
const DECODING_MS = 3_000;

const NO_ONVIF = 'No ONVIF address is known.';
const NO_WAY = 'Nothing answers there.';
const NO_PORT = 'Its port does not answer.';
const NO_SERVICE = 'Its ONVIF service does not answer as it should.';
const NO_LOGIN = 'Not tried, so that no further wrong password is sent.';

/** Checks one camera in eight graded steps, within the time of all whatever it does. Never rejects. */
export async function checkCamera(
  target: CameraTarget,
  ports: CameraCheckPorts,
  times: CameraCheckTimes,
): Promise<CameraCheckResult> {
  const over = new AbortController();
  try {
    return await new CameraCheck(target, { ...ports, times }, over.signal).run();
  } finally {
    over.abort();
  }
}

class CameraCheck {
  readonly #target: CameraTarget;
  readonly #ports: CameraCheckPorts;
  readonly #times: CameraCheckTimes;
  readonly #signal: AbortSignal;
  readonly #steps: Steps<CameraStepName>;
  readonly #beganMs: number;
  #knocks: Knock[] = [];
  #login: OneLogin | null = null;
  #label: CameraLabel | null = null;
  #isOther = false;
  #media: Awaited<ReturnType<typeof openMedia>> | null = null;
  #main: OnvifProfile | null = null;
  #toldUrl: string | null = null;
  readonly #pictures: CheckPictures;

  constructor(target: CameraTarget, ports: CameraCheckPorts & { times: CameraCheckTimes }, signal: AbortSignal) {
    const { clock } = ports.onvif;
    const { times } = ports;
    this.#target = target;
    this.#ports = ports;
    this.#pictures = new CheckPictures(ports.video);
    this.#times = times;
    this.#signal = signal;
    this.#beganMs = clock.monotonicMs();
    this.#steps = new Steps({ clock, signal, explain: (error) => this.#explain(error) }, times.totalMs);
    ports.follow?.(this.#steps.done);
  }

  async run(): Promise<CameraCheckResult> {
    const isThere = await this.#reach();
    if (isThere) await this.#onvif();
    else for (const name of CAMERA_STEPS.slice(2, 6)) this.#steps.skip(name, NO_WAY);
    const refused = this.#refused();
    if (refused) this.#steps.skip('rtsp', NO_LOGIN);
    else await this.#rtsp(isThere);
    await this.#snapshot();
    if (this.#pictures.isWaiting) {
      const work: Work = (signal, ms) => this.#sayingWhy(signal, ms, (soon) => this.#pictures.lookAtWaiting(soon));
      await this.#steps.resume('rtsp', DECODING_MS, work);
    }
    const tookMs = Math.round(this.#ports.onvif.clock.monotonicMs() - this.#beganMs);
    const { done: steps } = this.#steps;
    return { steps, tookMs, label: this.#label, isOther: this.#isOther, picture: this.#pictures.best };
  }

  /** Whether a login was refused: then no other door is tried with it. */
  #refused(): boolean {
    const doors = this.#steps.done.filter(({ name }) => name === 'login' || name === 'rtsp');
    return doors.some(({ problem }) => LOGIN_PROBLEMS.includes(problem ?? ''));
  }

  async #reach(): Promise<boolean> {
    const { onvif, stream } = this.#target;
    const places: Place[] = [...placeOf('ONVIF', onvif?.xaddr ?? ''), ...placeOf('RTSP', stream?.url ?? '')];
    const { connect, onvif: ports } = this.#ports;
    let knocks: Promise<Knock>[] = [];
    const reached = await this.#steps.run('reach', this.#times.stepMs.reach, async () => {
      if (places.length === 0) return NO_ADDRESS;
      knocks = places.map((place) => knock(place, connect, this.#signal));
      return await reach(knocks, ports.clock);
    });
    if (reached.grade !== 'ok') {
      this.#steps.skip('port', places.length === 0 ? 'No address is known.' : NO_WAY);
      return false;
    }
    await this.#steps.run('port', this.#times.stepMs.port, async () => {
      this.#knocks = await Promise.all(knocks);
      return judgePorts(this.#knocks);
    });
    return true;
  }

  #isOpen(what: Place['what']): boolean {
    return this.#knocks.some(({ place, state }) => place.what === what && state === 'open');
  }

  async #onvif(): Promise<void> {
    const names = [...CAMERA_STEPS.slice(2, 6)];
    const skipRest = (why: string): void => {
      for (const name of names.splice(0)) this.#steps.skip(name, why);
    };
    const { onvif } = this.#target;
    if (!onvif) return skipRest(NO_ONVIF);
    if (!this.#isOpen('ONVIF')) return skipRest(NO_PORT);
    const work: Partial<Record<CameraStepName, (signal: AbortSignal) => Promise<Finding>>> = {
      clock: () => this.#clock(onvif),
      login: () => this.#logIn(),
      identity: () => this.#identify(),
      profiles: (signal) => this.#profiles(signal),
    };
    while (names.length > 0) {
      const name = names.shift()!;
      const { grade, problem } = await this.#steps.run(name, this.#times.stepMs[name], work[name]!);
      if (grade !== 'failed' || name === 'identity') continue;
      if (problem === 'clock-skew') this.#steps.worsen('clock');
      skipRest(LOGIN_PROBLEMS.includes(problem ?? '') ? NO_LOGIN : NO_SERVICE);
    }
  }

  async #clock(onvif: OnvifAccess): Promise<Finding> {
    const deadlineMs = this.#steps.leftMs;
    const limits = { deadlineMs, signal: this.#signal, requestMs: this.#times.requestMs, maxBytes: ANSWER_MAX_BYTES };
    this.#login = new OneLogin(onvif, this.#ports.onvif, limits);
    return judgeClock(await this.#login.clock());
  }

  async #logIn(): Promise<Finding> {
    const letIn: LetIn = await this.#login!.login();
    return judgeLogin(letIn);
  }

  async #identify(): Promise<Finding> {
    const { known } = this.#target;
    this.#label = await readLabel(this.#login!.camera, known);
    const finding = judgeLabel(this.#label, known, this.#ports.onvif.clock.nowMs());
    this.#isOther = finding.problem === 'other-unit';
    return finding;
  }

  async #profiles(signal: AbortSignal): Promise<Finding> {
    const { camera } = this.#login!;
    const { connect, onvif } = this.#ports;
    const media = await openMedia(camera);
    const { profiles } = media;
    const { main, sub } = choosePair(profiles, this.#target.onvif?.source ?? null);
    this.#media = media;
    this.#main = main;
    this.#toldUrl = await streamUrl(camera, media, main, { clock: onvif.clock, reach: connect, signal });
    return judgeProfiles(profiles.length, main, sub);
  }

  async #rtsp(isThere: boolean): Promise<void> {
    const source = this.#source();
    if (!isThere) return this.#steps.skip('rtsp', NO_WAY);
    if (!source) return this.#steps.skip('rtsp', 'No stream address is known.');
    if (this.#target.stream && !this.#isOpen('RTSP')) return this.#steps.skip('rtsp', NO_PORT);
    await this.#steps.run('rtsp', this.#times.stepMs.rtsp, (signal, ms) =>
      this.#sayingWhy(signal, ms, (soon) => this.#firstPicture(source, soon)),
    );
  }

  async #firstPicture(source: VideoSource, signal: AbortSignal): Promise<Finding> {
    const first = await this.#ports.video.first(source, signal);
    if (isMissing(first)) return missing(first);
    const isTime = this.#steps.leftMs >= this.#times.stepMs.snapshot + DECODING_MS;
    const isSnapshotNext = this.#target.onvif && this.#media && this.#main;
    if (isSnapshotNext && isTime) return this.#pictures.wait(first.codec, first.picture);
    return await this.#pictures.look(first.codec, first.picture, signal);
  }

  /** What ends a moment before its step does, so that it says itself what was missing. */
  async #sayingWhy(signal: AbortSignal, ms: number, run: (soon: AbortSignal) => Promise<Finding>): Promise<Finding> {
    const soon = deadline(this.#ports.onvif.clock, Math.max(0, ms - SAYING_WHY_MS), signal);
    return await run(soon.signal).finally(() => soon.cancel());
  }

  #source(): VideoSource | null {
    const { stream, onvif } = this.#target;
    if (stream || this.#toldUrl === null || !onvif) return stream;
    return { url: this.#toldUrl, username: onvif.username, password: onvif.password };
  }

  async #snapshot(): Promise<void> {
    const { onvif } = this.#target;
    const [media, main] = [this.#media, this.#main];
    if (!onvif) return this.#steps.skip('snapshot', NO_ONVIF);
    if (this.#refused()) return this.#steps.skip('snapshot', NO_LOGIN);
    if (!media || !main) return this.#steps.skip('snapshot', NO_SERVICE);
    await this.#steps.run('snapshot', this.#times.stepMs.snapshot, async (signal, ms) => {
      const url = await snapshotUrl(this.#login!.camera, media, main);
      if (url === null) return ok('It offers none; stills are made from its video.');
      return await this.#sayingWhy(signal, ms, (soon) => this.#still(url, onvif, soon));
    });
  }

  async #still(url: string, login: OnvifAccess, signal: AbortSignal): Promise<Finding> {
    const options = { login, deadlineMs: this.#times.stepMs.snapshot, signal };
    const answer = await fetchSnapshot(url, this.#ports.onvif, options);
    if ('refused' in answer) return judgeSnapshot(answer);
    const looked = await this.#pictures.lookAtSnapshot(answer.jpeg, signal);
    return answer.open && looked.grade === 'ok' ? { ...SHOWN_TO_ALL, seen: looked.seen } : looked;
  }

  #explain(error: unknown): Finding {
    const finding = explainError(error);
    if (finding.problem === 'internal') this.#ports.unexpected(error);
    return finding;
  }
}

const LOGIN_PROBLEMS: readonly string[] = ['auth', 'clock-skew'];
