const PART = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${PART}(?:\\.${PART}){3}$`);

/**
 * An IP address as it is always written, so that two that mean the same are the same text: an IPv4 address also where
 * it came as IPv6 (`::ffff:10.0.0.1`), an IPv6 address in its shortest form without a zone. Null for anything else.
 */
export function plainAddress(address: string): string | null {
  const [bare = ''] = address.split('%');
  const short = bare.replace(/^::ffff:(?=\d+\.)/i, '');
  if (IPV4.test(short)) return short;
  if (!/^[0-9a-f:.]*$/i.test(bare) || !bare.includes(':') || !URL.canParse(`http://[${bare}]`)) return null;
  return new URL(`http://[${bare}]`).hostname.slice(1, -1);
}
