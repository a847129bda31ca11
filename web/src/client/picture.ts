// A picture on its way: small enough to be the answer itself, or uploaded.

import { MAX_ANSWER, MAX_UPLOAD } from './names';

/** A JPEG, ready to be sent. */
export interface Picture {
  readonly jpeg: Blob;
}

/** A canvas as the page has them, visible or not. */
type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** The JPEG qualities that are tried, best first. A face is still a face at the last. */
const QUALITIES = [0.92, 0.85, 0.75];

/** The longest side of a picture, in pixels: a document's portrait is a small part of it. */
const LONGEST_SIDE = 2400;

/** Makes a JPEG that fits into an answer where that is possible without harm, and otherwise the best
 * one for the upload. */
export async function encode(canvas: Canvas): Promise<Picture> {
  let first: Blob | undefined;
  for (const quality of QUALITIES) {
    const jpeg = await toJpeg(canvas, quality);
    if (fitsAnswer(jpeg)) {
      return { jpeg };
    }
    first ??= jpeg;
    // What is far too large stays too large, and the upload wants the best.
    if (answerLength(jpeg) > MAX_ANSWER * 2) {
      break;
    }
  }
  if (first === undefined || first.size > MAX_UPLOAD) {
    throw new Error('the picture cannot be made small enough');
  }
  return { jpeg: first };
}

/** Reads a picture file: turned upright as its EXIF says, scaled below the limits. */
export async function fromFile(file: Blob): Promise<{ canvas: HTMLCanvasElement; picture: Picture }> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext('2d');
    if (context === null) {
      throw new Error('there is no canvas to draw on');
    }
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return { canvas, picture: await encode(canvas) };
  } finally {
    bitmap.close();
  }
}

/** Whether a JPEG can be the answer itself. */
export const fitsAnswer = (jpeg: Blob): boolean => answerLength(jpeg) <= MAX_ANSWER;

const PREFIX = 'data:image/jpeg;base64,';

const answerLength = (jpeg: Blob): number => PREFIX.length + Math.ceil(jpeg.size / 3) * 4;

/** The answer that is the picture itself. */
export async function inline(jpeg: Blob): Promise<string> {
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  let binary = '';
  // In parts: a function takes only so many arguments.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return PREFIX + btoa(binary);
}

async function toJpeg(canvas: Canvas, quality: number): Promise<Blob> {
  if (canvas instanceof HTMLCanvasElement) {
    return new Promise((resolve, reject) => {
      const done = (blob: Blob | null) =>
        blob ? resolve(blob) : reject(new Error('the picture cannot be encoded'));
      canvas.toBlob(done, 'image/jpeg', quality);
    });
  }
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}
