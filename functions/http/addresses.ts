import { BlockList, isIP } from 'node:net';

/** Address ranges that a provider never answers from: private, link-local, loopback, shared, multicast, reserved. */
const FORBIDDEN = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv6');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function listed(list: BlockList, address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a name that the allow-list has may resolve to `address` (S77: rebinding). IPv4-mapped forms are seen through. */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !listed(FORBIDDEN, address);
}

/** 127.0.0.0/8 and ::1, written as an address: a name is never loopback. */
export function isLoopbackHost(hostname: string): boolean {
  return listed(LOOPBACK, hostname.replace(/^\[|\]$/g, ''));
}
