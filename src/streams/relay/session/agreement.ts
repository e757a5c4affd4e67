import type { Clock } from '../../../core/clock.ts';
import { asFailure } from '../../pool/types.ts';
import { baseOf, CHANNELS, keepAliveMethods, readSetUp, type SetUp, UDP_ALONE } from '../camera-answers.ts';
import type { Conversation } from '../conversation.ts';
import { type DatagramSession, type DatagramWishes, setUpDatagrams } from '../datagrams/datagrams.ts';
import { type VideoTrack, videoTrack } from '../sdp.ts';
import { type AgreedSound, agreeOnSound, NO_SOUND } from '../sound/sound-session.ts';
import { type SoundOffer, soundOffer } from '../sound/sound-track.ts';

/** Cameras that do not know OPTIONS refuse it or say nothing; the stream does not depend on it. */
const OPTIONS_MS = 2_000;

/** A recording of the camera's own that is to be played back, instead of what it sees now. */
export interface Playback {
  /** Beside those of any session. */
  setUp: Record<string, string>;
  play: Record<string, string>;
  /** Each RTP packet of the video as it came. */
  take(packet: Buffer): void;
  /** Each one of the sound, where it was set up. */
  takeSound(packet: Buffer): void;
}

/** What camera and we agreed on before the media. */
export interface Agreed {
  track: VideoTrack;
  setUp: SetUp;
  keepAlives: string[];
  playback: Playback | null;
  sound: AgreedSound;
  /** Null where media come over the connection. */
  datagrams: DatagramSession['datagrams'] | null;
}

interface Wishes {
  clock: Clock;
  uri: string;
  playback: Playback | null;
  /** Whether its sound is taken too. */
  sound: boolean;
  /** For cameras that send over UDP alone; null where they are refused. */
  udp: DatagramWishes | null;
  /** Most that is taken from it. */
  bytesPerS: number;
}

/** Asks what the camera has, and sets up what is taken of it. Rejects with {@link StreamFailure}. */
export async function agree(conversation: Conversation, wishes: Wishes): Promise<Agreed> {
  const { clock, uri, playback } = wishes;
  const { headers, body } = await conversation.request('DESCRIBE', uri, { Accept: 'application/sdp' });
  const [text, base] = [body.toString('utf8'), baseOf(headers, uri)];
  const track = videoTrack(text, base);
  // After the login, which a wrong password would use up twice.
  const keepAlives = await askMethods(conversation, track.aggregateUri, clock);
  const media = await setUpVideo(conversation, track.controlUri, wishes);
  const offer = wishes.sound ? soundOffer(text, base) : null;
  const sound = await soundBeside(conversation, offer, { ...media, clock, more: playback?.setUp ?? {} });
  return { track, ...media, keepAlives, playback, sound };
}

type Media = Pick<Agreed, 'setUp' | 'datagrams'>;

/** Over the connection; or, where the camera cannot and it is allowed, as datagrams. */
async function setUpVideo(conversation: Conversation, controlUri: string, wishes: Wishes): Promise<Media> {
  const { clock, playback, udp, bytesPerS } = wishes;
  const Transport = `RTP/AVP/TCP;unicast;interleaved=${CHANNELS.join('-')}`;
  try {
    const { headers } = await conversation.request('SETUP', controlUri, { Transport, ...playback?.setUp });
    return { setUp: readSetUp(headers), datagrams: null };
  } catch (error) {
    if (!udp || playback || asFailure(error, 'nonsense').detail !== UDP_ALONE) throw error;
    return await setUpDatagrams(conversation, controlUri, { ...udp, clock, bytesPerS });
  }
}

const NOT_OVER_UDP = 'Its sound is not taken over UDP.';

async function soundBeside(
  conversation: Conversation,
  offer: SoundOffer | null,
  { setUp, datagrams, clock, more }: Media & { clock: Clock; more: Record<string, string> },
): Promise<AgreedSound> {
  if (!offer) return NO_SOUND;
  if (datagrams) return { ...NO_SOUND, note: offer.track ? NOT_OVER_UDP : offer.note };
  return await agreeOnSound(conversation, offer, { video: setUp, clock, more });
}

/** Asks what the camera understands; what goes wrong here is told by SETUP, in its own words. */
async function askMethods(conversation: Conversation, uri: string, clock: Clock): Promise<string[]> {
  const asked = conversation.request('OPTIONS', uri).catch(() => null);
  const patience = new AbortController();
  const answer = await Promise.race([asked, clock.sleep(OPTIONS_MS, patience.signal).then(() => null)]);
  patience.abort();
  return keepAliveMethods(answer?.headers ?? null);
}
