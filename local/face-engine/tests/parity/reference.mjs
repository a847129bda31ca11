// What the JavaScript library makes of its own package's pictures, for the engine to be compared
// with: `node reference.mjs OUT` writes into the folder OUT
//   <picture>.rgb                 raw pixels, red, green, blue
//   <picture>-<size>.input        the detector's input as the library resized it (32-bit floats)
//   <picture>-<face>.landmarks    a face crop of 112 × 112 pixels (32-bit floats)
//   <picture>-<face>.descriptor   a face crop of 150 × 150 pixels (32-bit floats)
//   reference.json                the library's results for exactly these pixels
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import jpeg from 'jpeg-js';

const require = createRequire(import.meta.url);
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');

const { tf, nets } = faceapi;
const out = process.argv[2];
const library = dirname(require.resolve('@vladmandic/face-api/package.json'));

const wasmFolder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
wasm.setWasmPaths(join(wasmFolder, 'dist/'));
await tf.setBackend('wasm');
await tf.ready();
for (const net of [nets.tinyFaceDetector, nets.faceLandmark68Net, nets.faceRecognitionNet]) {
  await net.loadFromDisk(join(library, 'model'));
}

const floats = (name, tensor) => {
  const values = tensor.dataSync();
  writeFileSync(join(out, name), Buffer.from(values.buffer, values.byteOffset, values.byteLength));
};

// Every third pixel in both directions, so that neither side resizes by more than half.
const pixels = (file) => {
  const { width, height, data } = jpeg.decode(readFileSync(file), { useTArray: true, formatAsRGBA: false });
  const size = [Math.floor(height / 3), Math.floor(width / 3), 3];
  const small = new Uint8Array(size[0] * size[1] * 3);
  for (let y = 0; y < size[0]; y += 1) {
    for (let x = 0; x < size[1]; x += 1) {
      for (let c = 0; c < 3; c += 1) small[(y * size[1] + x) * 3 + c] = data[3 * (3 * y * width + 3 * x) + c];
    }
  }
  return { data: small, size };
};

// A box in units of the side of the padded square. The library rounds the size that the picture
// has inside the network's input to whole pixels when it scales boxes back; that is undone here.
const box = ({ relativeBox: { x, y, width, height } }, inputSize, size) => {
  const [v, u] = size.slice(0, 2).map((side) => Math.round((side * inputSize) / Math.max(...size)) / inputSize);
  return [x * u, y * v, width * u, height * v];
};

const reference = [];
const demo = join(library, 'demo');
for (const file of readdirSync(demo).filter((name) => name.endsWith('.jpg')).sort()) {
  const name = file.replace('.jpg', '');
  const { data, size } = pixels(join(demo, file));
  writeFileSync(join(out, `${name}.rgb`), data);
  const picture = tf.tensor3d(Float32Array.from(data), size);
  const entry = { name, height: size[0], width: size[1], detections: {}, faces: [] };
  for (const inputSize of [224, 416]) {
    const input = await faceapi.toNetInput(picture);
    floats(`${name}-${inputSize}.input`, input.toBatchTensor(inputSize, false));
    const options = new faceapi.TinyFaceDetectorOptions({ inputSize, scoreThreshold: 0.5 });
    const found = await faceapi.detectAllFaces(picture, options);
    entry.detections[inputSize] = found.map((face) => ({ score: face.score, box: box(face, inputSize, size) }));
    if (inputSize !== 416) continue;
    const crops = await faceapi.extractFaceTensors(picture, found);
    for (const [index, crop] of crops.entries()) {
      const forLandmarks = (await faceapi.toNetInput(crop)).toBatchTensor(112, true);
      const forDescriptor = (await faceapi.toNetInput(crop)).toBatchTensor(150, true);
      floats(`${name}-${index}.landmarks`, forLandmarks);
      floats(`${name}-${index}.descriptor`, forDescriptor);
      entry.faces.push({
        landmarks: Array.from((await nets.faceLandmark68Net.forward(forLandmarks)).dataSync()),
        descriptor: Array.from(await nets.faceRecognitionNet.computeFaceDescriptor(forDescriptor)),
      });
    }
  }
  reference.push(entry);
}
writeFileSync(join(out, 'reference.json'), JSON.stringify(reference));
