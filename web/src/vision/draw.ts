// The mesh over the mirrored video.

import type { Point } from './watcher';

/** Draws a mesh into a canvas that lies over the video; the style gives the colour. */
export function drawMesh(
  canvas: HTMLCanvasElement,
  frame: { readonly width: number; readonly height: number },
  mesh: readonly Point[] | undefined,
  triangles: readonly number[],
): void {
  if (canvas.width !== frame.width || canvas.height !== frame.height) {
    canvas.width = frame.width;
    canvas.height = frame.height;
  }
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  context.clearRect(0, 0, canvas.width, canvas.height);
  canvas.dataset['points'] = String(mesh?.length ?? 0);
  if (mesh === undefined) {
    return;
  }
  const line = new Path2D();
  for (let at = 0; at + 2 < triangles.length; at += 3) {
    const corners = [0, 1, 2].map((corner) => mesh[triangles[at + corner] ?? 0]);
    corners.forEach((point, corner) => {
      if (point !== undefined) {
        line[corner === 0 ? 'moveTo' : 'lineTo'](point[0], point[1]);
      }
    });
    line.closePath();
  }
  context.lineWidth = Math.max(0.6, frame.width / 1200);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.stroke(line);
}
