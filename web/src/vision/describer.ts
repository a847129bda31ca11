// The describer, loaded once.

import { Describer } from './descriptor';

let loading: Promise<Describer> | undefined;

/** The describer; after a failure the next one who asks tries again. */
export function describer(): Promise<Describer> {
  loading ??= Describer.load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
