/**
 * How the camera's web service misbehaves:
 * - `silent`: takes requests and never answers
 * - `drip`: answers one byte every half second, for ever
 * - `nonsense`: HTML with status 200
 * - `broken-xml`: an envelope that is never closed
 * - `endless`: an envelope that never ends, as fast as the line takes it
 * - `dtd`: an envelope with a document type and an entity
 * - `deep`: elements nested fifty thousand levels
 * - `foreign-host`: addresses in answers point to another machine
 */
export type WebFault = 'silent' | 'drip' | 'nonsense' | 'broken-xml' | 'endless' | 'dtd' | 'deep' | 'foreign-host';

/** What is wrong with a camera right now; everything may be combined and taken back at any moment. */
export interface CameraFaults {
  web: WebFault | null;
  /** RTSP requests are read and not answered. */
  rtspSilent: boolean;
  /** Sessions go on and no picture comes. */
  frozen: boolean;
  /** Every login is refused: somebody changed the password on the camera. */
  passwordChanged: boolean;
  /** Its second media service fails at every question, as it does on some firmware. */
  media2Fails: boolean;
  /** The camera's clock minus ours. */
  clockSkewMs: number;
  /** Playback from its card breaks off after so many pictures; null where it does not. */
  replayCutAfter: number | null;
  /** Playback from its card does not tell when its pictures were taken. */
  replayTimeless: boolean;
  /** Its card is slow: so long from one picture to the next, ms. */
  replayEveryMs: number;
}

export const NO_FAULTS: Readonly<CameraFaults> = {
  web: null,
  rtspSilent: false,
  frozen: false,
  passwordChanged: false,
  media2Fails: false,
  clockSkewMs: 0,
  replayCutAfter: null,
  replayTimeless: false,
  replayEveryMs: 0,
};
