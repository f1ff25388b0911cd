// Keeps the app on the device, so that it works offline. Files are kept by their sha256: an update
// fetches only what changed, and no version ever mixes files of two.
'use strict';
const FILES = {/* path: [sha256, bytes], written by build_app */};
const CACHE = `fruits ${registration.scope}`;
const url = path => new URL(path, registration.scope).href;
const key = path => url(`${path}?sha256=${FILES[path][0]}`);
const total = Object.values(FILES).reduce((sum, [, bytes]) => sum + bytes, 0);

async function tell(message) {
  for (const client of await clients.matchAll({includeUncontrolled: true})) client.postMessage(message);
}

async function download(path, onBytes) {
  const response = await fetch(new Request(url(path), {cache: 'no-cache'}));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const [sha256, size] = FILES[path], reader = response.body.getReader(), chunks = [];
  for (let got = 0; ;) {
    const {done, value} = await reader.read();
    if (done) break;
    chunks.push(value);
    onBytes((got += value.length), size);
  }
  const content = await new Blob(chunks).arrayBuffer();
  const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', content))];
  if (digest.map(b => b.toString(16).padStart(2, '0')).join('') !== sha256) throw new Error(`${path} is of another version`);
  return new Response(content, {headers: {'content-type': response.headers.get('content-type') ?? ''}});
}

/** Fetch what is not kept yet. */
async function complete() {
  const cache = await caches.open(CACHE);
  let before = 0;
  for (const [path, [, bytes]] of Object.entries(FILES)) {
    if (!(await cache.match(key(path)))) {
      let told = 0;
      const onBytes = got => {
        const share = (before + got) / total;
        if (share - told > 0.01) tell({progress: (told = share)});
      };
      await cache.put(key(path), await download(path, onBytes));
    }
    before += bytes;
  }
}

async function removeOld() {
  const cache = await caches.open(CACHE), kept = new Set(Object.keys(FILES).map(key));
  for (const request of await cache.keys()) if (!kept.has(request.url)) await cache.delete(request);
  await clients.claim();
}

async function respond(request) {
  const {origin, pathname} = new URL(request.url), base = new URL(registration.scope).pathname;
  const path = pathname.slice(base.length) || 'index.html';
  const isOurs = origin === location.origin && pathname.startsWith(base) && Object.hasOwn(FILES, path);
  const kept = isOurs ? await (await caches.open(CACHE)).match(key(path)).catch(() => undefined) : undefined;
  return kept ?? fetch(request);
}

addEventListener('install', event => event.waitUntil(complete()));
addEventListener('activate', event => event.waitUntil(removeOld()));
addEventListener('fetch', event => { if (event.request.method === 'GET') event.respondWith(respond(event.request)); });
addEventListener('message', event => {
  if (event.data === 'take over') skipWaiting();
  if (event.data === 'complete?') event.waitUntil(complete().then(() => event.ports[0].postMessage(true), () => event.ports[0].postMessage(false)));
});
