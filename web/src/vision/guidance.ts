// What to say to somebody in front of the camera: rules over measures of single frames, without any
// of the machinery that takes them.

/** What one frame of the camera shows. Lengths are shares of the frame's width. */
export interface Measures {
  readonly faces: readonly FaceMeasures[];
  /** Mean brightness of the frame, or of the face where there is one: 0 to 255. */
  readonly brightness: number;
}

/** One face of a frame. */
export interface FaceMeasures {
  readonly centre: readonly [number, number];
  readonly width: number;
  /** Turned left or right, in radians; 0 looks into the camera. */
  readonly yaw: number;
  /** Turned up or down, in radians. */
  readonly pitch: number;
}

/** What to do. */
export type Advice =
  | 'look'
  | 'one-person'
  | 'closer'
  | 'further'
  | 'light'
  | 'straight'
  | 'still'
  | 'ready';

/** A second face counts from half the largest one's width on, as the functions have it. */
const SECOND_FACE = 0.5;
/** The functions want a face of 80 pixels: 0.17 of a 640-pixel frame is 109. */
const TOO_SMALL = 0.17;
/** A face that fills the frame loses forehead and chin. */
const TOO_LARGE = 0.75;
/** The functions refuse a mean brightness below 50; what is near that is dim. */
const TOO_DARK = 60;
/** About 20 degrees. */
const TURNED = 0.35;
/** How far a face may move between frames, as a share of its own width. */
const MOVED = 0.06;

/** What to say of a frame, knowing the one before. */
export function advise(now: Measures, before: Measures | undefined): Advice {
  const [face, second] = [...now.faces].sort((a, b) => b.width - a.width);
  if (face === undefined) {
    return now.brightness < TOO_DARK ? 'light' : 'look';
  }
  if (second !== undefined && second.width >= face.width * SECOND_FACE) {
    return 'one-person';
  }
  if (face.width < TOO_SMALL) {
    return 'closer';
  }
  if (face.width > TOO_LARGE) {
    return 'further';
  }
  if (now.brightness < TOO_DARK) {
    return 'light';
  }
  if (Math.abs(face.yaw) > TURNED || Math.abs(face.pitch) > TURNED) {
    return 'straight';
  }
  const last = before?.faces[0];
  if (last === undefined) {
    return 'still';
  }
  const moved = Math.hypot(face.centre[0] - last.centre[0], face.centre[1] - last.centre[1]);
  return moved > face.width * MOVED ? 'still' : 'ready';
}

/** How long all must have been well before a picture is taken by itself, in milliseconds. */
export const STEADY = 1000;

/** Since when all is well. Time is an argument. */
export class Steadiness {
  private since: number | undefined;

  /** Takes the advice of a frame; true when all has been well for {@link STEADY}. */
  steady(advice: Advice, now: number): boolean {
    if (advice !== 'ready') {
      this.since = undefined;
      return false;
    }
    this.since ??= now;
    return now - this.since >= STEADY;
  }
}

/** An advice that does not flicker: it changes when the new one has come three times in a row, or
 * when all is well. */
export class Calm {
  private shown: Advice = 'look';
  private next: Advice = 'look';
  private times = 0;

  /** The advice to show. */
  calmed(advice: Advice): Advice {
    this.times = advice === this.next ? this.times + 1 : 1;
    this.next = advice;
    if (this.times >= 3) {
      this.shown = advice;
    }
    return this.shown;
  }
}
