// My fruits: photographs and what was said of them, in this browser (IndexedDB), and as a zip whose
// folders are labels, which `kedro run` takes as it is.

const SESSION_MS = 30 * 60 * 1000; // a pause that begins a new session
let opened;

/** The database; opened again after a failure, since a person may have allowed it meanwhile. */
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('fruits', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('photographs', {keyPath: 'key', autoIncrement: true});
    request.onsuccess = () => {
      request.result.onclose = () => { opened = undefined; };
      resolve(request.result);
    };
    request.onblocked = request.onerror = () => reject(request.error ?? new Error('blocked'));
  });
  opened.catch(() => { opened = undefined; });
  return opened;
}

async function ask(mode, action) {
  const transaction = (await database()).transaction('photographs', mode);
  const request = action(transaction.objectStore('photographs'));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

export const all = () => ask('readonly', store => store.getAll());
export const save = entry => ask('readwrite', store => store.put(entry));
export const remove = key => ask('readwrite', store => store.delete(key));
export const removeAll = () => ask('readwrite', store => store.clear());

/** The session and number of a photograph taken now: all of one sitting belong together. */
export async function place(now) {
  const last = (await ask('readonly', store => store.openCursor(null, 'prev')))?.value;
  if (last && now - new Date(last.when) < SESSION_MS) return {session: last.session, number: last.number + 1};
  return {session: `r${now.toISOString().replace(/\D/g, '').slice(0, 14)}`, number: 1};
}

/** A zip of `Label/<session>_<number>.jpg` and corrections.json, of what a person corrected. */
export async function corrections() {
  const files = [], notes = [];
  for (const {photograph, key, ...entry} of await all()) {
    if (!entry.truth && !entry.isNew) continue;
    const file = entry.truth ? `${entry.truth}/${entry.session}_${entry.number}.jpg` : null;
    if (file) files.push([file, new Uint8Array(await photograph.arrayBuffer())]);
    notes.push({file, ...entry});
  }
  files.push(['corrections.json', new TextEncoder().encode(JSON.stringify(notes, null, 1))]);
  return zip(files);
}

const CRC = Uint32Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

const crc = bytes => ~bytes.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), ~0) >>> 0;

/** Little-endian numbers: [value, bytes] each. */
function pack(...numbers) {
  const bytes = numbers.flatMap(([value, size]) => Array.from({length: size}, (_, n) => Math.floor(value / 256 ** n) & 255));
  return Uint8Array.from(bytes);
}

/** An archive of [path, bytes], stored as they are (JPEGs do not get smaller), names in UTF-8. */
function zip(files) {
  const parts = [], directory = [];
  let at = 0;
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path);
    const common = [[20, 2], [0x800, 2], [0, 2], [0, 2], [33, 2], [crc(bytes), 4], [bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]];
    const local = pack([0x04034b50, 4], ...common);
    parts.push(local, name, bytes);
    directory.push(pack([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name);
    at += local.length + name.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = pack([0x06054b50, 4], [0, 4], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], {type: 'application/zip'});
}
