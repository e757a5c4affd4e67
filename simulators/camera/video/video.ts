/** One coded picture. `atTicks` is its time in 1/90,000 s (the RTP clock of video) since the source began. */
export interface AccessUnit {
  nals: Buffer[];
  key: boolean;
  atTicks: number;
}

/** What a decoder must know before the first picture. */
export interface VideoParameters {
  /** Of H.265, which begins with it; absent for H.264. */
  vps?: Buffer;
  sps: Buffer;
  pps: Buffer;
}

export type Quality = 'main' | 'sub';

export type Codec = 'H264' | 'H265';

export function codecOf({ vps }: Pick<VideoParameters, 'vps'>): Codec {
  return vps ? 'H265' : 'H264';
}

/** The NAL units that go before a key frame, so that who missed the description can still begin. */
export function setsOf({ vps, sps, pps }: VideoParameters): Buffer[] {
  return vps ? [vps, sps, pps] : [sps, pps];
}

/** Anything that makes pictures for as long as somebody wants them. */
export interface VideoSource {
  /** Starts the pictures if nobody else wanted them yet; the returned function says that they are no longer wanted. */
  want(listener: (unit: AccessUnit) => void): () => void;
  /** Rejects when the source cannot make pictures. */
  parameters(): Promise<VideoParameters>;
  stop(): Promise<void>;
}
