// Face data: numbers that describe a face, computed here, instead of a picture.

import { LENGTH } from './names';
import type { Model } from './outputs';

/** Face data as the protocol carries them. */
export interface FaceData {
  readonly model: Model;
  readonly values: readonly number[];
}

/** Face data of a model, rounded to six digits: more than the models' own noise leaves. */
export function faceData(model: Model, values: Iterable<number>): FaceData {
  const rounded = Array.from(values, (value) => Number(value.toFixed(6)));
  if (rounded.length !== LENGTH[model] || !rounded.every(Number.isFinite)) {
    throw new Error(`expected ${LENGTH[model]} finite numbers for ${model}, found ${rounded.length}`);
  }
  return { model, values: rounded };
}

/** A mesh's points as `mesh-468` has them: centred, and of unit size, so that neither the camera's
 * resolution nor the place in the picture is told. */
export function meshData(points: readonly (readonly number[])[]): FaceData {
  const mesh = points.slice(0, 468);
  const centre = [0, 1, 2].map(
    (axis) => mesh.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / mesh.length,
  );
  const centred = mesh.flatMap((point) => centre.map((middle, axis) => (point[axis] ?? 0) - middle));
  const size = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
  if (!(size > 0)) {
    throw new Error('expected a mesh, found a point');
  }
  return faceData('mesh-468', centred.map((value) => value / size));
}
