// Face data of a frame.

import { type FaceData, meshData, type Model } from '../client';
import { watcher } from './CameraView';

/** The largest face's data; none where no face is found. */
export async function measure(model: Model, canvas: HTMLCanvasElement): Promise<FaceData | undefined> {
  if (model === 'mesh-468') {
    const { mesh } = await (await watcher()).look(canvas);
    return mesh && meshData(mesh);
  }
  const { describer } = await import('../vision/describer');
  return (await describer()).describe(canvas);
}
