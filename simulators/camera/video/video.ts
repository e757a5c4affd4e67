/** One coded picture. `atTicks` is its time in 1/90,000 s (the RTP clock of video) since the source began. */
export interface AccessUnit {
  nals: Buffer[];
  key: boolean;
  atTicks: number;
}

/** What a decoder must know before the first picture. */
export interface VideoParameters {
  sps: Buffer;
  pps: Buffer;
}

export type Quality = 'main' | 'sub';

/** Anything that makes pictures for as long as somebody wants them. */
export interface VideoSource {
  /** Starts the pictures if nobody else wanted them yet; the returned function says that they are no longer wanted. */
  want(listener: (unit: AccessUnit) => void): () => void;
  /** Rejects when the source cannot make pictures. */
  parameters(): Promise<VideoParameters>;
  stop(): Promise<void>;
}
