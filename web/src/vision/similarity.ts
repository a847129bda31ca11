// Turning a face upright, without what draws it.

/** A point in a plane. */
export type XY = readonly [number, number];

/** The similarity transform that takes points to the template with the least squared error: a, b, x
 * and y of `(x', y') = (a·x − b·y + x, b·x + a·y + y)`. */
export function similarity(points: readonly XY[], template: readonly XY[]): [number, number, number, number] {
  const count = points.length;
  const centre = (all: readonly XY[]): XY => [
    all.reduce((sum, [x]) => sum + x, 0) / count,
    all.reduce((sum, [, y]) => sum + y, 0) / count,
  ];
  const [px, py] = centre(points);
  const [tx, ty] = centre(template);
  let [dot, cross, size] = [0, 0, 0];
  points.forEach(([x, y], at) => {
    const [u, v] = template[at] ?? [0, 0];
    dot += (x - px) * (u - tx) + (y - py) * (v - ty);
    cross += (x - px) * (v - ty) - (y - py) * (u - tx);
    size += (x - px) ** 2 + (y - py) ** 2;
  });
  const [a, b] = [dot / size, cross / size];
  return [a, b, tx - a * px + b * py, ty - b * px - a * py];
}
