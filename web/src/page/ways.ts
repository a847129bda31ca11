// The way in which somebody usually signs in, where there are several: an account has its face on record
// for one of them.

import type { Chain, Policy } from '../client';
import { preference } from './preferences';

const way = preference('way');

/** Of these chains, the one that was picked the last time on this device; otherwise the first. */
export const usualWay = (chains: Policy): Chain => {
  const usual = chains.length > 1 ? way.get() : null;
  return chains.find(({ name }) => name === usual) ?? chains[0];
};

/** Remembers what was picked, where there was a choice. */
export const remember = (policy: Policy, chain: Chain): void => {
  if (policy.length > 1) {
    way.set(chain.name);
  }
};
