import { describe, expect, it } from 'vitest';

import { faceData, meshData } from '../../src/client/faceData';
import { similarity } from '../../src/vision/similarity';

describe('face data', () => {
  it('have as many finite numbers as their model', () => {
    expect(faceData('descriptor-128', new Float32Array(128)).values).toHaveLength(128);
    expect(() => faceData('descriptor-128', new Float32Array(127))).toThrowError('128');
    expect(() => faceData('descriptor-128', Array(128).fill(Number.NaN))).toThrowError('128');
  });

  it('of a mesh tell neither the place in the picture nor its size', () => {
    const mesh = Array.from({ length: 478 }, (_, at) => [Math.sin(at), Math.cos(at * 2), at / 500]);
    const moved = mesh.map((point) => point.map((value) => value * 320 + 100));
    const [one, other] = [meshData(mesh).values, meshData(moved).values];
    expect(one).toHaveLength(1404);
    one.forEach((value, at) => expect(value).toBeCloseTo(other[at] ?? Number.NaN, 5));
    expect(() => meshData(Array.from({ length: 468 }, () => [1, 1, 1]))).toThrowError('a point');
  });
});

describe('the similarity transform', () => {
  it('finds scale, rotation and place', () => {
    const template = [
      [47, 46],
      [100, 46],
      [74, 76],
    ] as const;
    // Turned by 90 degrees, halved and moved.
    const points = template.map(([x, y]) => [-y / 2 + 10, x / 2 + 20] as const);
    const [a, b, x, y] = similarity(points, template);
    points.forEach(([px, py], at) => {
      expect(a * px - b * py + x).toBeCloseTo(template[at]?.[0] ?? Number.NaN);
      expect(b * px + a * py + y).toBeCloseTo(template[at]?.[1] ?? Number.NaN);
    });
  });
});
