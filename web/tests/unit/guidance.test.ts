import { describe, expect, it } from 'vitest';

import { advise, Calm, type FaceMeasures, type Measures, Steadiness } from '../../src/vision/guidance';

const face: FaceMeasures = { centre: [0.5, 0.4], width: 0.3, yaw: 0, pitch: 0 };
const frame = (...faces: Partial<FaceMeasures>[]): Measures => ({
  faces: faces.map((one) => ({ ...face, ...one })),
  brightness: 120,
});

describe('the advice', () => {
  it('is to look into the camera where nobody is there', () => {
    expect(advise(frame(), undefined)).toBe('look');
    expect(advise({ faces: [], brightness: 10 }, undefined)).toBe('light');
  });

  it('names what is wrong with the face', () => {
    expect(advise(frame({ width: 0.1 }), undefined)).toBe('closer');
    expect(advise(frame({ width: 0.9 }), undefined)).toBe('further');
    expect(advise({ ...frame({}), brightness: 30 }, undefined)).toBe('light');
    expect(advise(frame({ yaw: -0.6 }), undefined)).toBe('straight');
    expect(advise(frame({ pitch: 0.6 }), undefined)).toBe('straight');
  });

  it('counts a second face that is near as the functions do, and no passer-by', () => {
    expect(advise(frame({}, { width: 0.15 }), frame({}))).toBe('one-person');
    expect(advise(frame({ width: 0.15 }, {}), frame({}))).toBe('one-person');
    expect(advise(frame({}, { width: 0.14 }), frame({}))).toBe('ready');
  });

  it('is to hold still while the face moves', () => {
    expect(advise(frame({}), undefined)).toBe('still');
    expect(advise(frame({}), frame({ centre: [0.45, 0.4] }))).toBe('still');
    expect(advise(frame({}), frame({ centre: [0.49, 0.4] }))).toBe('ready');
  });
});

describe('a steady second', () => {
  it('begins anew whenever something is wrong', () => {
    const steadiness = new Steadiness();
    expect(steadiness.steady('ready', 0)).toBe(false);
    expect(steadiness.steady('ready', 999)).toBe(false);
    expect(steadiness.steady('still', 999)).toBe(false);
    expect(steadiness.steady('ready', 1100)).toBe(false);
    expect(steadiness.steady('ready', 2099)).toBe(false);
    expect(steadiness.steady('ready', 2100)).toBe(true);
  });
});

describe('what is shown', () => {
  it('does not flicker', () => {
    const calm = new Calm();
    const shown = ['ready', 'still', 'ready', 'ready', 'ready', 'still', 'ready'] as const;
    expect(shown.map((advice) => calm.calmed(advice))).toEqual([
      'look',
      'look',
      'look',
      'look',
      'ready',
      'ready',
      'ready',
    ]);
  });
});
