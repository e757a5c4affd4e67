const CHANNEL_MAX = 254;
const OFFERS_MAX = 8;

/**
 * The channel that a player wants its video on, of a `Transport` header (RFC 2326 §12.39), which may offer several
 * ways; null where none of them is the connection itself. Without a channel it is 0.
 */
export function interleavedChannel(header: string): number | null {
  for (const offer of header.split(',').slice(0, OFFERS_MAX)) {
    const [protocol = '', ...parameters] = offer.split(';').map((part) => part.trim().toLowerCase());
    if (protocol !== 'rtp/avp/tcp' || parameters.includes('multicast')) continue;
    const named = parameters.map((one) => /^interleaved=(\d{1,3})(?:-\d{1,3})?$/.exec(one)).find((one) => one !== null);
    const channel = Number(named?.[1] ?? 0);
    if (channel <= CHANNEL_MAX) return channel;
  }
  return null;
}
