// The screens of the factors, one file each in `steps/`, by the factor's name.

import type { ComponentType } from 'react';

import type { Answer, Challenge, Factor, Model, Trouble } from '../client';
import type { Path } from './next';
import type { Task } from './useTask';

/** What a factor's screen is given. */
export interface StepProps {
  /** What is asked for; undefined where the session ended, and the answer begins another. */
  readonly challenge: Challenge | undefined;
  /** Whose account it is. */
  readonly email: string;
  /** Whether the stack is on this machine, so that nothing is mailed. */
  readonly local: boolean;
  /** Whether the person is enrolling. */
  readonly enrols: boolean;
  /** The stack's kind of face template. */
  readonly model: Model;
  readonly path: Path;
  readonly task: Task;
  readonly trouble: Trouble | undefined;
  /** What the page is busy with, where it is. */
  readonly busyWith: string;
  /** Whether the picture is taken by itself. */
  readonly automatic: boolean;
  readonly onAutomatic: (automatic: boolean) => void;
  readonly onAnswer: (answer: Answer) => Promise<void>;
  /** Begins the sign-in again: what a session has one of, such as a code, is then another. */
  readonly onAgain: () => Promise<void>;
  readonly onCancel: () => void;
}

const files = import.meta.glob<ComponentType<StepProps>>('./steps/*.tsx', { eager: true, import: 'default' });

/** Every screen, by its factor's name. */
export const rooms: ReadonlyMap<string, ComponentType<StepProps>> = new Map(
  Object.entries(files).map(([path, room]) => [path.replace(/^.*\/|\.tsx$/g, ''), room]),
);

/** The screen of a factor. A test sees that each has one. */
export const roomOf = (factor: Factor): ComponentType<StepProps> => {
  const room = rooms.get(factor);
  if (room === undefined) {
    throw new Error(`no screen for ${factor}`);
  }
  return room;
};
