/** What one party is given: an IPv4 address, or the /64 of an IPv6 address, in which it may take any address. */
export function addressBlock(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const plain = address.split('%')[0] ?? '';
  if (!plain.includes(':')) return address;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  const groups = [...front, ...zeros, ...back].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/** The subnet that the traffic of a camera goes through (IPv4: /24, IPv6: /64); a name stands for itself. */
export function subnetOf(host: string): string {
  const block = addressBlock(host.replace(/^\[|\]$/g, ''));
  return /^\d+\.\d+\.\d+\.\d+$/.test(block) ? block.replace(/\.\d+$/, '.0/24') : block;
}
