/** What the gateway says of a picture over the one connection for live video (docs/live-socket.md). */
export type News =
  | { type: 'begin'; channel: number; quality: 'main' | 'sub'; codec: string; width: number; height: number }
  | { type: 'trouble'; channel: number; code: string; reason: string }
  | { type: 'end'; channel: number; code: string };

/** A piece of video for Media Source Extensions. */
export interface VideoPart {
  channel: number;
  /** An initialisation segment; else a fragment. */
  init: boolean;
  /** Whether it begins with a key frame. */
  key: boolean;
  bytes: Uint8Array<ArrayBuffer>;
}

const HEAD_BYTES = 12;

/** A binary message; null where it is shorter than its own head. */
export function videoPart(message: ArrayBuffer): VideoPart | null {
  if (message.byteLength < HEAD_BYTES) return null;
  const head = new DataView(message);
  return {
    channel: head.getUint16(0),
    init: head.getUint8(2) === 0,
    key: (head.getUint8(3) & 1) === 1,
    bytes: new Uint8Array(message, HEAD_BYTES),
  };
}
