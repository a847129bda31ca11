// The way in which somebody usually signs in, where there are several: an account has its face on record
// for one of them.

import { type Chain, enrolsNothing, type Policy, type TabRecord } from '../client';
import { preference } from './preferences';

const way = preference('way');

/** Of these chains, the one that was picked the last time on this device; otherwise the first. */
export const usualWay = (chains: Policy): Chain => {
  const usual = chains.length > 1 ? way.get() : null;
  return chains.find(({ name }) => name === usual) ?? chains[0];
};

/** The way that somebody has decided on with a sign-up in this tab; none where several fit, or where the tab
 * has a password reset. */
export const decided = (policy: Policy, record: TabRecord | undefined): Chain | undefined => {
  if (record === undefined || record.reset) {
    return undefined;
  }
  const withoutFace = record.withoutFace === true;
  const [fits, ...others] = policy.filter((chain) => enrolsNothing(chain) === withoutFace);
  // To whoever wants no face, the first of these is as good as any other.
  return withoutFace || others.length === 0 ? fits : undefined;
};

/** Remembers what was picked, where there was a choice. */
export const remember = (policy: Policy, chain: Chain): void => {
  if (policy.length > 1) {
    way.set(chain.name);
  }
};
