import { CitywatchError } from '../../core/errors.ts';
import { type FailureReason, failureReason } from '../../platform/outbound/outbound.ts';
import { OnvifError } from '../onvif/problems.ts';
import { bad, type Finding } from './steps.ts';

const NETWORKS = 'CITYWATCH_CAMERA_NETWORKS';

/** What to do about each failure of a connection, for who stands under the pole. */
const HINTS: Readonly<Record<FailureReason, string>> = {
  dns: 'The name leads to no address: use the IP address of the camera, or mend the name server.',
  unreachable: 'Check power (the lamps of camera and switch), cable and plug, and that address and mask are right.',
  timeout: 'Check power (the lamps of camera and switch), cable and plug, and that address and mask are right.',
  tls: 'Its certificate is not trusted: name its authority in CITYWATCH_CAMERA_CA_FILE, or use http.',
  reset:
    'It closes the connection: restart it; if that changes nothing, look for a filter of addresses in its settings.',
  malformed: 'Something else than a camera answers there: check address and port.',
  'too-big': 'It answers more than a camera has reason to: check what stands at this address.',
  busy: 'The gateway is busy; try again in a moment.',
  aborted: 'The check was ended; try again.',
};

/** The one hint about a wrong password. */
export const AUTH_HINT =
  'It refuses user name or password. One try was made; most makers lock a login after five wrong ones, so find the ' +
  'right one before the next try. ONVIF may have users of its own, and may have to be switched on for this user.';

export const CLOCK_HINT =
  "Set the camera's time, or a time server it can reach; until then its password cannot be judged.";

/** What an error of any step means; `auth` and the clock have hints of their own. Never holds a secret. */
export function explainError(error: unknown): Finding {
  if (error instanceof OnvifError) {
    const { problem } = error;
    const hint = problem === 'auth' ? AUTH_HINT : problem === 'clock-skew' ? CLOCK_HINT : error.hint;
    return bad('failed', problem, hint, seenOf(error));
  }
  const reason = failureReason(error);
  if (reason) return bad('failed', reason, HINTS[reason]);
  if (error instanceof CitywatchError && error.code === 'outbound.refused') {
    const hint = `This address may not be contacted: if it is a camera, have its network added to ${NETWORKS}.`;
    return bad('failed', 'refused-address', hint);
  }
  if (error instanceof CitywatchError && error.code === 'request.invalid') {
    return bad('failed', 'no-address', 'Give its ONVIF address as http://10.1.2.3/onvif/device_service.');
  }
  return bad('failed', 'internal', 'The check itself failed; the log of the gateway says why.');
}

/** Where in the conversation it went wrong. */
function seenOf({ operation }: OnvifError): string | null {
  return operation === null ? null : `It answered so to ${operation}.`;
}
