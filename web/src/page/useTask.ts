import { useCallback, useRef, useState } from 'react';

import { SignInError, type Trouble } from '../client';

/** Something that takes a while and may fail; one at a time. */
export interface Task {
  readonly busy: boolean;
  readonly trouble: Trouble | undefined;
  readonly run: (work: () => Promise<void>) => void;
  readonly fail: (trouble: Trouble | undefined) => void;
}

/** Runs what a screen starts, and keeps what went wrong. */
export function useTask(initial?: Trouble): Task {
  const [busy, setBusy] = useState(false);
  const [trouble, fail] = useState<Trouble | undefined>(initial);
  const running = useRef(false);
  const run = useCallback((work: () => Promise<void>) => {
    if (running.current) {
      return;
    }
    running.current = true;
    setBusy(true);
    fail(undefined);
    work()
      .catch((error: unknown) => {
        // For a developer: nothing of it is a person's.
        if (error instanceof SignInError) {
          console.warn(`${error.trouble}: ${error.message}`);
        } else {
          console.error(error);
        }
        fail(error instanceof SignInError ? error.trouble : 'protocol');
      })
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  }, []);
  return { busy, trouble, run, fail };
}
