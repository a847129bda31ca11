// `descriptor-128`: the engine's own descriptor, computed in the page. Loaded only where the stack
// compares face data of this model.

import * as faceapi from '@vladmandic/face-api';

import { type FaceData, faceData } from '../client/faceData';
import { similarity, type XY } from './similarity';

/** Where the eyes' centres, the nose's tip and the mouth's corners lie in the chip that the network
 * was trained on, in pixels of 150. */
const TEMPLATE: readonly XY[] = [
  [47.4, 46.1],
  [100.6, 46.1],
  [74.0, 76.6],
  [50.4, 103.0],
  [97.6, 103.0],
];

const CHIP = 150;

const DETECTOR = new faceapi.TinyFaceDetectorOptions({ inputSize: 416, scoreThreshold: 0.4 });

/** Describes faces. */
export class Describer {
  private constructor() {}

  /** Loads WebAssembly and models from our own origin. */
  static async load(): Promise<Describer> {
    // The package's types do not name all of what its build brings.
    const tf = faceapi.tf as unknown as {
      setWasmPaths(path: string): void;
      setBackend(name: string): Promise<boolean>;
      ready(): Promise<void>;
    };
    tf.setWasmPaths('/vendor/wasm/');
    await tf.setBackend('wasm');
    await tf.ready();
    const { tinyFaceDetector, faceLandmark68Net, faceRecognitionNet } = faceapi.nets;
    await Promise.all(
      [tinyFaceDetector, faceLandmark68Net, faceRecognitionNet].map((net) =>
        net.loadFromUri('/vendor/models'),
      ),
    );
    return new Describer();
  }

  /** The largest face's descriptor; none where no face is found. */
  async describe(picture: HTMLCanvasElement): Promise<FaceData | undefined> {
    const all = await faceapi.detectAllFaces(picture, DETECTOR).withFaceLandmarks();
    const [face] = all.sort((a, b) => b.detection.box.width - a.detection.box.width);
    if (face === undefined) {
      return undefined;
    }
    const points = five(face.landmarks.positions);
    // The mean of a chip's descriptor and its mirror image's, as the engine has it.
    const [one, mirrored] = await Promise.all([
      faceapi.computeFaceDescriptor(chip(picture, points, false)),
      faceapi.computeFaceDescriptor(chip(picture, points, true)),
    ]);
    const other = mirrored as Float32Array;
    const mean = (one as Float32Array).map((value, at) => (value + (other[at] ?? 0)) / 2);
    return faceData('descriptor-128', mean);
  }
}

/** Eyes' centres, nose tip and mouth corners of the 68 landmarks. */
function five(landmarks: readonly { readonly x: number; readonly y: number }[]): XY[] {
  const mean = (from: number, to: number): XY => {
    const part = landmarks.slice(from, to);
    const sum = part.reduce<XY>(([x, y], point) => [x + point.x, y + point.y], [0, 0]);
    return [sum[0] / part.length, sum[1] / part.length];
  };
  return [mean(36, 42), mean(42, 48), mean(30, 31), mean(48, 49), mean(54, 55)];
}

function chip(picture: HTMLCanvasElement, points: readonly XY[], mirrored: boolean): HTMLCanvasElement {
  const [a, b, x, y] = similarity(points, TEMPLATE);
  const canvas = document.createElement('canvas');
  canvas.width = CHIP;
  canvas.height = CHIP;
  const context = canvas.getContext('2d');
  if (context === null) {
    throw new Error('there is no canvas to draw on');
  }
  context.imageSmoothingQuality = 'high';
  if (mirrored) {
    context.setTransform(-1, 0, 0, 1, CHIP, 0);
  }
  context.transform(a, b, -b, a, x, y);
  context.drawImage(picture, 0, 0);
  return canvas;
}
