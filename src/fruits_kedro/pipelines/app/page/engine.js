// The model, in a classic worker: LiteRT loads its runtime with importScripts, which module workers
// refuse. Takes {id, source, crop, keep}, gives {id, probabilities, score, brightest, studio, …}.
'use strict';
Object.defineProperty(self.navigator, 'gpu', {value: undefined}); // LiteRT would ask for a device,
console.warn = () => {}; // and warn that there is none
self.Module = {locateFile: file => `runtime/${file}`, printErr: () => {}};
importScripts('pixels.js');

const KEPT_SIDE = 1024; // pixels of the longer side of what is kept
let LiteRT, model, side, scaled;

/** The bytes of a file, with progress for whoever waits. */
async function download(path, bytes) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const reader = response.body.getReader(), content = new Uint8Array(bytes);
  for (let at = 0; ;) {
    const {done, value} = await reader.read();
    if (done) return content;
    content.set(value, at);
    at += value.length;
    postMessage({progress: at / bytes});
  }
}

const loaded = new Promise((resolve, reject) => {
  self.start = async ({file, bytes, scaled_decoding}) => {
    try {
      scaled = scaled_decoding;
      LiteRT = await import('./runtime/litert.js');
      const runtime = LiteRT.loadLiteRt('runtime/litert_wasm_compat_internal.js');
      const [content] = await Promise.all([download(file, bytes), runtime]);
      model = await LiteRT.loadAndCompile(content, {accelerator: 'wasm'});
      side = model.getInputDetails()[0].shape[1];
      await run(new Uint8Array(side * side * 3)); // the first run is the slow one
      postMessage({ready: true});
      resolve();
    } catch (error) {
      postMessage({failed: String(error)});
      reject(error);
    }
  };
});

async function run(pixels) {
  const image = new LiteRT.Tensor(pixels, [1, side, side, 3]), out = await model.run({image});
  const probabilities = [...out.probabilities.toTypedArray()];
  const score = out.outlier_score ? out.outlier_score.toTypedArray()[0] : null;
  image.delete();
  Object.values(out).forEach(tensor => tensor.delete());
  return {probabilities, score};
}

/** What is kept of a photograph: a JPEG without metadata. */
function asJpeg(bitmap, [left, top, width, height]) {
  const scale = Math.min(1, KEPT_SIDE / Math.max(width, height)), fit = length => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(fit(width), fit(height)), context = canvas.getContext('2d', {alpha: false});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, left, top, width, height, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({type: 'image/jpeg', quality: 0.95});
}

async function answer({id, source, crop, keep}) {
  await loaded;
  const start = performance.now();
  const bitmap = source instanceof Blob ? await createImageBitmap(source) : source;
  const part = partOf(bitmap.width, bitmap.height, crop), pixels = pixelsOf(bitmap, part, side, scaled);
  const decoded = performance.now(), result = await run(pixels);
  const times = {decode: decoded - start, network: performance.now() - decoded};
  const photograph = keep ? await asJpeg(bitmap, part) : null;
  bitmap.close();
  const brightest = pixels.reduce((a, b) => Math.max(a, b), 0), studio = hasUniformBorder(pixels, side);
  return {id, ...result, brightest, studio, photograph, ...times};
}

onmessage = ({data}) => {
  if (data.start) start(data.start);
  else answer(data).then(postMessage, error => postMessage({id: data.id, error: String(error)}));
};
