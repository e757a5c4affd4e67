const CHANNEL_MAX = 254;
const OFFERS_MAX = 8;
/** A channel is that of media and, one further, that of reports. */
const CHANNELS = 2;

/**
 * The channel that a player wants a track on, of a `Transport` header (RFC 2326 §12.39), which may offer several
 * ways; null where none of them is the connection itself. `taken`: those of its other tracks; where it names one of
 * these, or none, it gets one that is free, and is told.
 */
export function interleavedChannel(header: string, taken: readonly number[] = []): number | null {
  for (const offer of header.split(',').slice(0, OFFERS_MAX)) {
    const [protocol = '', ...parameters] = offer.split(';').map((part) => part.trim().toLowerCase());
    if (protocol !== 'rtp/avp/tcp' || parameters.includes('multicast')) continue;
    const named = parameters.map((one) => /^interleaved=(\d{1,3})(?:-\d{1,3})?$/.exec(one)).find((one) => one !== null);
    const channel = Number(named?.[1] ?? 0);
    if (channel <= CHANNEL_MAX) return freeChannel(channel, taken);
  }
  return null;
}

/** `wanted`, or the next one whose pair is nobody else's. */
function freeChannel(wanted: number, taken: readonly number[]): number {
  const isFree = (channel: number) => taken.every((one) => Math.abs(one - channel) >= CHANNELS);
  for (let channel = wanted; channel <= CHANNEL_MAX; channel += 1) if (isFree(channel)) return channel;
  return freeChannel(0, taken);
}
