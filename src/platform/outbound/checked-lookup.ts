import type { LookupFunction } from 'node:net';
import type { LookupAddress, Names } from './names.ts';
import type { Networks } from './networks.ts';

/** Code of the error where a name leads to no allowed address. */
export const REFUSED = 'ECITYWATCHREFUSED';

/** The look-up of a connection: what it answers is what the socket connects to, so nothing can change in between. */
export function checkedLookup(allowed: Networks, names: Pick<Names, 'addresses'>): LookupFunction {
  return (host, options, callback) => {
    names.addresses(host).then(
      (found: LookupAddress[]) => {
        const usable = found.filter(({ address }) => allowed.has(address));
        const first = usable[0];
        if (!first) callback(Object.assign(new Error('no allowed address'), { code: REFUSED }), '');
        else if (options.all) callback(null, usable);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}
