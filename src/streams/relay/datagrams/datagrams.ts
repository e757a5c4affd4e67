import type { Clock } from '../../../core/clock.ts';
import { TokenBucket } from '../../../core/mechanisms/bounded.ts';
import { StreamFailure } from '../../pool/types.ts';
import { type SetUp, sessionOf } from '../camera-answers.ts';
import type { Conversation } from '../conversation.ts';
import { Reordering } from './reordering.ts';

/** Two own ports at which a camera is heard, and nobody else. */
export interface DatagramsPort {
  open(options: {
    from: string;
    at: string;
    hear(bytes: Buffer, port: 'media' | 'reports'): void;
  }): Promise<{ ports: readonly [number, number]; close(): void }>;
}

/** Media over UDP, where that is allowed. */
export interface DatagramWishes {
  udp: DatagramsPort;
  /** Told of packets that did not come. */
  lost(packets: number): void;
}

/** The media of one camera as datagrams. Nothing is sent to where they come from. */
export interface Datagrams {
  /** Hands each packet on, in order, from now on. */
  onMedia: (packet: Buffer) => void;
}

export interface DatagramSession {
  setUp: SetUp;
  datagrams: Datagrams;
}

/** Sets the video up over UDP: packets count from the camera's own address and of the session's sender alone. */
export async function setUpDatagrams(
  conversation: Conversation,
  controlUri: string,
  { udp, lost, clock, bytesPerS }: DatagramWishes & { clock: Clock; bytesPerS: number },
): Promise<DatagramSession> {
  const { remote, local } = conversation.addresses;
  const bucket = new TokenBucket(bytesPerS, bytesPerS, clock.monotonicMs());
  const datagrams: Datagrams = { onMedia: () => {} };
  let reordering: Reordering | null = null;
  const pair = await udp.open({
    from: remote,
    at: local,
    hear: (bytes, port) => {
      const nowMs = clock.monotonicMs();
      // What is too fast is lost, as where a network is too slow.
      if (port === 'media' && bucket.take(bytes.length, nowMs) === 0) reordering?.push(bytes, nowMs);
    },
  });
  void conversation.ended.then(() => pair.close());
  const Transport = `RTP/AVP;unicast;client_port=${pair.ports.join('-')}`;
  const { headers } = await conversation.request('SETUP', controlUri, { Transport });
  const told = headers.get('transport')?.join(',') ?? '';
  if (/multicast|interleaved/i.test(told))
    throw new StreamFailure('refused', 'It sends media neither over TCP nor to us.');
  const source = /ssrc\s*=\s*"?([0-9a-f]{1,8})\b/i.exec(told)?.[1];
  reordering = new Reordering({
    source: source === undefined ? null : Number.parseInt(source, 16),
    taken: (packet) => datagrams.onMedia(packet),
    lost,
  });
  return { setUp: { ...sessionOf(headers), channels: [0, 1] }, datagrams };
}
