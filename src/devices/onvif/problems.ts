import { CitywatchError } from '../../core/errors.ts';

/** What can be wrong with a camera, in the words of the one who stands before it. */
export type OnvifProblem =
  | 'unreachable'
  | 'timeout'
  | 'paused'
  | 'auth'
  | 'clock-skew'
  | 'unsupported'
  | 'malformed'
  | 'tls'
  | 'too-big'
  | 'device-fault'
  | 'other-unit'
  | 'no-stream-address'
  | 'behind-nat';

/** What to do about each, for a technician. */
const ONVIF_HINTS: Readonly<Record<OnvifProblem, string>> = {
  unreachable: 'Check that the camera has power and network, and that address and port are right.',
  timeout: 'The camera is there but too slow: check the network, and restart it if it stays so.',
  paused: 'The camera is left alone for a moment after its failures: see what it failed with before.',
  auth: 'Check user name and password; on some cameras ONVIF has users of its own, and ONVIF must be switched on.',
  'clock-skew': 'Set the time of the camera or its NTP server; only then can a password be judged.',
  unsupported: 'The camera lacks this ONVIF service; give its stream address by hand.',
  malformed: 'What answers there does not speak ONVIF: check the address, the port and the path.',
  tls: 'Its certificate is not trusted: name it or its authority in CITYWATCH_CAMERA_CA_FILE, or use http.',
  'too-big': 'The answer is far larger than a camera has reason to send: check what stands at this address.',
  'other-unit':
    'Another camera answers than the one that is registered: mend the address, or accept it as the new unit.',
  'device-fault': 'The camera reports an error of its own: restart it and update its firmware.',
  'no-stream-address': 'The camera tells no address that can be used for its video: give its stream address by hand.',
  'behind-nat': 'The camera stands behind a NAT: forward its RTSP port as well, or give its stream address by hand.',
};

/** A camera could not be asked. The message is ours alone: nothing that the camera wrote, no user name, no password. */
export class OnvifError extends CitywatchError {
  readonly problem: OnvifProblem;
  readonly hint: string;
  /** The ONVIF operation under way, such as `GetProfiles`; null before the first. */
  readonly operation: string | null;

  constructor(problem: OnvifProblem, options: { operation?: string; detail?: string; cause?: unknown } = {}) {
    const { operation, detail, cause } = options;
    const where = operation ? ` at ${operation}` : '';
    const what = detail ? `: ${detail}` : '';
    super('outbound.failed', {
      detail: `The camera failed (${problem}${where})${what}. ${ONVIF_HINTS[problem]}`,
      cause,
    });
    this.name = 'OnvifError';
    this.problem = problem;
    this.hint = ONVIF_HINTS[problem];
    this.operation = operation ?? null;
  }
}

/** Whether a camera was not asked at all, because it failed again and again before. */
export function isPaused(error: unknown): boolean {
  return error instanceof OnvifError && error.problem === 'paused';
}
