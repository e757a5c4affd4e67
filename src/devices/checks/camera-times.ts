/** Of the check of a camera, in their order. */
export const CAMERA_STEPS = ['reach', 'port', 'clock', 'login', 'identity', 'profiles', 'rtsp', 'snapshot'] as const;

export type CameraStepName = (typeof CAMERA_STEPS)[number];

export interface CameraCheckTimes {
  /** Everything together, in ms. */
  totalMs: number;
  /** Of each step, at most. */
  stepMs: Readonly<Record<CameraStepName, number>>;
  /** Of one answer. */
  requestMs: number;
}

/** Of the 15 s of a check two are kept for the picture that a work order shows. */
export const CAMERA_CHECK_TIMES: CameraCheckTimes = {
  totalMs: 13_000,
  stepMs: {
    reach: 3_000,
    port: 3_000,
    clock: 2_500,
    login: 3_000,
    identity: 3_000,
    profiles: 3_000,
    rtsp: 6_000,
    snapshot: 3_500,
  },
  requestMs: 2_500,
};
