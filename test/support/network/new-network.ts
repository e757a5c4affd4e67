import { spawnSync } from 'node:child_process';

const WAYS = [
  ['unshare', '--net'],
  ['unshare', '--map-root-user', '--net'],
  // Inside a chroot nobody but root may make namespaces.
  ['sudo', '-n', 'unshare', '--net'],
];

function works([command = '', ...args]: string[]): boolean {
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

/** The words before a command that give it a network of its own, in which it may set up addresses. */
export function inNewNetwork(): string[] {
  const way = WAYS.find(works);
  if (!way) throw new Error('this test needs root, sudo, or unprivileged user namespaces to make a network of its own');
  return way;
}

/** Whether a child of ours can be given a network of its own without root's help. */
export function canSealChildren(): boolean {
  return works(['unshare', '--net']) || works(['unshare', '--user', '--map-current-user', '--net']);
}
