// From a decoded photograph to the pixels the model was trained on: Pillow's bicubic, bit for bit.
// A canvas never resizes here: browsers differ from each other by up to 94 of 255 grey levels.
'use strict';

const BITS = 22; // of the fixed-point weights, as in Pillow
const BAND = 256; // rows read at once: iOS limits the size of a canvas. A multiple of 8.
const SCALES = [8, 4, 2];
const BORDER_TOLERANCE = 24; // of 255, within which pixels of the border have one colour
const BORDER_SHARE = 0.6; // of the border that has one colour in a studio

function cubic(x) {
  x = Math.abs(x);
  if (x < 1) return ((-0.5 + 2) * x - (-0.5 + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** The input pixels and fixed-point weights of each output pixel. */
function taps(from, to) {
  const scale = from / to, wide = Math.max(scale, 1), support = 2 * wide, step = 1 / wide;
  return Array.from({length: to}, (_, n) => {
    const centre = (n + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = Array.from({length: last - first}, (_, i) => cubic((i + first - centre + 0.5) * step));
    const sum = weights.reduce((a, b) => a + b, 0);
    const fixed = w => Math.trunc((w / sum) * (1 << BITS) + (w < 0 ? -0.5 : 0.5));
    return {first, weights: Int32Array.from(weights, fixed)};
  });
}

function clip(value) {
  value >>= BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** One pass over RGBA of a width and height: one of them becomes `side`. */
function resample(rgba, width, height, side, isAcross) {
  const from = isAcross ? width : height, others = isAcross ? height : width;
  const [along, other, out] = isAcross ? [4, width * 4, side * 4] : [width * 4, 4, 4];
  const result = new Uint8Array(side * others * 4), half = 1 << (BITS - 1);
  taps(from, side).forEach(({first, weights}, n) => {
    for (let o = 0; o < others; o++) {
      let r = half, g = half, b = half, p = o * other + first * along;
      for (let i = 0; i < weights.length; i++, p += along) {
        const w = weights[i];
        r += rgba[p] * w; g += rgba[p + 1] * w; b += rgba[p + 2] * w;
      }
      const q = o * out + n * along;
      result[q] = clip(r); result[q + 1] = clip(g); result[q + 2] = clip(b);
    }
  });
  return result;
}

/** RGBA as a square of `side` pixels; Pillow 13 begins with the height of tall pictures. */
function toSquare(rgba, width, height, side) {
  const isTall = height > side && 2 * width < height + side;
  return isTall ? resample(resample(rgba, width, height, side, false), width, side, side, true)
    : resample(resample(rgba, width, height, side, true), side, height, side, false);
}

/** Means of squares of `scale` pixels, as Pillow's Image.reduce; at the edges of what is there. */
function reduceRows(rgba, width, rows, scale) {
  const wide = Math.ceil(width / scale), high = Math.ceil(rows / scale), out = new Uint8Array(wide * high * 4);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
    const bottom = Math.min(rows, (y + 1) * scale), right = Math.min(width, (x + 1) * scale);
    const n = (bottom - y * scale) * (right - x * scale), times = Math.trunc(2 ** 24 / n);
    let r = n >> 1, g = r, b = r;
    for (let v = y * scale; v < bottom; v++) for (let p = (v * width + x * scale) * 4, end = (v * width + right) * 4; p < end; p += 4) {
      r += rgba[p]; g += rgba[p + 1]; b += rgba[p + 2];
    }
    const q = (y * wide + x) * 4, mean = sum => Math.floor((sum * times) / 2 ** 24);
    out[q] = mean(r); out[q + 1] = mean(g); out[q + 2] = mean(b);
  }
  return out;
}

/**
 * Part of a bitmap as (side, side, 3) RGB on white.
 * @param bitmap anything a canvas can draw, upright
 * @param part [left, top, width, height]
 * @param scaled whether large photographs are first reduced by 2, 4 or 8, as the JPEG decoder of
 *   the training did
 */
function pixelsOf(bitmap, [left, top, width, height], side, scaled) {
  const times = Math.min(Math.floor(width / side), Math.floor(height / side));
  const scale = (scaled && SCALES.find(s => times >= s)) || 1;
  const wide = Math.ceil(width / scale), high = Math.ceil(height / scale);
  const small = new Uint8Array(wide * high * 4);
  const canvas = new OffscreenCanvas(width, Math.min(BAND, height));
  const context = canvas.getContext('2d', {alpha: false, willReadFrequently: true});
  for (let y = 0; y < height; y += BAND) {
    const rows = Math.min(BAND, height - y);
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, left, top + y, width, rows, 0, 0, width, rows);
    const {data} = context.getImageData(0, 0, width, rows);
    small.set(scale === 1 ? data : reduceRows(data, width, rows, scale), (y / scale) * wide * 4);
  }
  return toSquare(small, wide, high, side).filter((_, n) => n % 4 < 3);
}

/** The centre square of a picture, or all of it: [left, top, width, height]. */
function partOf(width, height, crop) {
  if (crop !== 'centre') return [0, 0, width, height];
  const side = Math.min(width, height);
  return [(width - side) >> 1, (height - side) >> 1, side, side];
}

/** Whether the border has one colour, as that of a studio. */
function hasUniformBorder(pixels, side) {
  const rim = Math.max(1, Math.round(side / 56)), border = [[], [], []];
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    if (Math.min(x, y, side - 1 - x, side - 1 - y) >= rim) continue;
    for (let c = 0; c < 3; c++) border[c].push(pixels[(y * side + x) * 3 + c]);
  }
  const middle = border.map(values => Uint8Array.from(values).sort()[values.length >> 1]);
  const alike = border[0].filter((_, n) => border.every((values, c) => Math.abs(values[n] - middle[c]) < BORDER_TOLERANCE));
  return alike.length >= BORDER_SHARE * border[0].length;
}
