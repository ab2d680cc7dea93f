import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';

const blocked = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  blocked.addSubnet(net, prefix, 'ipv4');

/** Of IPv6 only what is routed on the internet is let through; forms that carry an IPv4 address are not. */
const routed = new BlockList();
routed.addSubnet('2000::', 3, 'ipv6');
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  blocked.addSubnet(net, prefix, 'ipv6');

/** Whether an address is of this machine, of a private network, or of no single machine of the internet. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0) return true;
  if (isIPv4(address)) return blocked.check(address, 'ipv4');
  return !routed.check(address, 'ipv6') || blocked.check(address, 'ipv6');
}

/** The code of the error with which a private address is refused. */
export const privateCode = 'EPRIVATE';

const refusal = (): Error => Object.assign(new Error('the address is a private one'), { code: privateCode });

/** Gives every address of a name. */
export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveAll: Resolve = (hostname, done) => lookup(hostname, { all: true }, done);

/**
 * Looks a name up as sockets want it, and refuses it when any of its addresses is private. What is checked is what is
 * connected to, so a name that changes between the check and the connection gains nothing.
 */
export function publicLookup(resolve: Resolve = resolveAll): LookupFunction {
  return (hostname, options: LookupOptions, callback) =>
    resolve(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, '');
      else if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
        callback(refusal(), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
}
