// The screens: camera, result, my fruits, what it knows. Labels, facts and names typed by people are
// only ever set as text.
import {WORDS, language, likelihood, say, speak} from './words.js';
import * as store from './store.js';

const $ = id => document.getElementById(id);
const about = await (await fetch('app.json')).json();
const {card, facts, sources, translations} = about;
const VIEWS = ['camera', 'result', 'fruits', 'known'];
const FACTS = ['family', 'taste', 'season', 'storage', 'biodiversity'];
const LIVE_MS = 500; // between two looks through the camera
const DARK = 16; // of 255: a frame without a brighter pixel shows nothing

/** An element with properties and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null));
  return element;
}

/** Text of labels and people, which may run from right to left. */
const isolated = (tag, textContent, properties = {}) => make(tag, {textContent, dir: 'auto', ...properties});
const button = (key, onclick, className = '') => make('button', {type: 'button', textContent: say(key), onclick, className});

// --- Names and facts ---------------------------------------------------------------------------
function fact(label, key) {
  const [text, source] = facts[label]?.[key] ?? [];
  return text && {text: translations[language]?.[label]?.[key] ?? text, source: sources[source] ?? source};
}

const nameOf = label => fact(label, 'common_name')?.text.split(',')[0] ?? label;

function factList(label) {
  const known = FACTS.map(key => [key, fact(label, key)]).filter(([, value]) => value);
  if (!known.length) return make('p', {className: 'mild', textContent: say('noFacts')});
  return make('dl', {}, ...known.map(([key, {text, source}]) => make('div', {className: key},
    make('dt', {textContent: say(key)}),
    make('dd', {}, isolated('span', text), isolated('small', say('source', {source}))))));
}

function speciesOf(label) {
  const species = fact(label, 'species');
  return species ? isolated('p', species.text, {className: 'latin', lang: 'la'}) : null;
}

// --- The engine --------------------------------------------------------------------------------
let engine = null, ready = false, engineFailed = false, engineStarted;
const started = new Promise(resolve => { engineStarted = resolve; });
const waiting = new Map();

function startEngine() {
  engine = new Worker('engine.js');
  engine.onerror = () => failEngine();
  engine.onmessage = ({data}) => {
    if (data.ready) becomeReady();
    else if (data.failed) failEngine(data.failed);
    else if (data.progress) showProgress(data.progress);
    else {
      const {resolve, reject} = waiting.get(data.id);
      waiting.delete(data.id);
      data.error ? reject(new Error(data.error)) : resolve(data);
    }
  };
  engine.postMessage({start: {...about.model, scaled_decoding: card.scaled_decoding}});
  engineStarted();
}

function becomeReady() {
  ready = true;
  $('progress').hidden = true;
  document.documentElement.dataset.ready = Math.round(performance.now());
  showState();
  $('shutter').disabled = !stream;
  look();
}

function failEngine(reason = '') {
  engineFailed = true;
  console.warn(reason);
  for (const {reject} of waiting.values()) reject(new Error('engine'));
  waiting.clear();
  $('progress').hidden = true;
  showState();
}

function showProgress(share) {
  if (!card) return;
  $('progress').hidden = ready || share >= 1;
  $('progress').value = share;
  if (!ready) $('state').textContent = say('loadingShare', {share: Math.floor(share * 100)});
}

let asked = 0;
/** Probabilities of a photograph (Blob or ImageBitmap), and what else the engine saw. */
async function classify(source, crop, keep = false) {
  await started;
  return new Promise((resolve, reject) => {
    const id = asked++;
    if (engineFailed) return reject(new Error('engine'));
    waiting.set(id, {resolve, reject});
    engine.postMessage({id, source, crop, keep}, source instanceof Blob ? [] : [source]);
  });
}

/** What may be said: sure of one name, unsure with candidates, or no fruit that is known. */
function judge({probabilities, score, studio}) {
  const ranked = probabilities.map((probability, n) => ({label: card.labels[n], probability, n}));
  ranked.sort((a, b) => b.probability - a.probability || b.n - a.n);
  const candidates = ranked.filter(({probability}) => probability >= about.candidate_floor).slice(0, about.candidates);
  const isOutlier = card.outlier_beyond !== null && score !== null && score > card.outlier_beyond;
  const isSure = card.sure_from !== null && ranked[0].probability >= card.sure_from;
  const withheld = isSure && about.calibrated_for === 'studio' && !studio;
  const verdict = isOutlier || (!isSure && !candidates.length) ? 'unknown' : isSure && !withheld ? 'sure' : 'unsure';
  return {verdict, withheld, said: ranked[0].label, probability: ranked[0].probability, score, candidates: candidates.map(({label, probability}) => ({label, probability}))};
}

// --- Camera ------------------------------------------------------------------------------------
let stream = null, opening = 0, cameraProblem = null, isLooking = false;
const CAMERA_PROBLEMS = {NotAllowedError: 'cameraRefused', SecurityError: 'cameraRefused', NotReadableError: 'cameraBusy', AbortError: 'cameraBusy'};

async function openCamera() {
  if (stream || !card || document.hidden) return;
  const turn = ++opening;
  try {
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException('', 'Insecure');
    const video = {facingMode: 'environment', width: {ideal: 1280}, height: {ideal: 960}};
    const found = await navigator.mediaDevices.getUserMedia({video, audio: false});
    if (turn !== opening) return found.getTracks().forEach(track => track.stop());
    stream = found;
    cameraProblem = null;
    stream.getVideoTracks()[0].onended = () => { closeCamera(); failCamera('cameraNone'); };
    $('video').srcObject = stream;
    $('finder').hidden = false;
    await $('video').play();
    $('shutter').disabled = !ready;
    showState();
    look();
  } catch (error) {
    if (turn !== opening) return;
    failCamera(error.name === 'Insecure' && !isSecureContext ? 'cameraInsecure' : CAMERA_PROBLEMS[error.name] ?? 'cameraNone');
  }
}

function failCamera(problem) {
  cameraProblem = problem;
  closeCamera();
  showState();
}

function closeCamera() {
  opening++;
  stream?.getTracks().forEach(track => { track.onended = null; track.stop(); });
  stream = null;
  $('finder').hidden = true;
  $('shutter').disabled = true;
  $('hint').textContent = '';
}

/** Name what the camera sees, while it is sure. */
async function look() {
  if (isLooking) return;
  isLooking = true;
  for (let dark = 0; stream && ready && !document.hidden;) {
    try {
      if ($('video').readyState >= 2) {
        const seen = await classify(await createImageBitmap($('video')), 'centre');
        const {verdict, said} = judge(seen);
        dark = seen.brightest < DARK ? dark + 1 : 0;
        cameraProblem = dark > 2 ? 'cameraBlack' : null;
        if (stream) {
          const hint = verdict === 'sure' && !dark ? nameOf(said) : '';
          if ($('hint').textContent !== hint) $('hint').textContent = hint;
          showState();
        }
      }
    } catch { /* a frame that was gone before it was read */ }
    await new Promise(resolve => setTimeout(resolve, LIVE_MS));
  }
  isLooking = false;
}

async function shoot() {
  if ($('video').readyState >= 2) show(await createImageBitmap($('video')), 'centre');
}

/** One sentence about the model, the photograph, or the camera, in this order: a camera that answers late hides nothing. */
function showState() {
  const key = !card ? 'noModel' : engineFailed ? 'noEngine' : !ready ? 'loading' : photographState ?? cameraProblem ?? (stream ? 'ready' : 'choose');
  const text = key === 'noModel' ? `${say(key)} ${language === 'en' ? about.reason : ''}` : say(key);
  if ($('state').dataset.key !== key || $('state').textContent !== text) $('state').textContent = text;
  $('state').dataset.key = key;
}

// --- Result ------------------------------------------------------------------------------------
let current = null, photographState = null;

function setPhotographState(state) {
  photographState = state;
  showState();
}

/** Name a photograph (a file, or a frame of the camera) and keep it. */
async function show(source, crop = card?.crop ?? 'squash') {
  if (!card || !source) return;
  go('camera');
  setPhotographState('looking');
  let answer;
  try {
    answer = await classify(source, crop, true);
  } catch {
    return setPhotographState('unreadable');
  }
  setPhotographState(null);
  const now = new Date();
  current = {...judge(answer), photograph: answer.photograph, when: now.toISOString(), truth: null, isNew: false, model: about.model.sha256};
  document.documentElement.dataset.milliseconds = Math.round(answer.decode + answer.network);
  try {
    Object.assign(current, await store.place(now));
    current.key = await store.save(current);
    navigator.storage?.persist?.();
  } catch (error) {
    notify(error?.name === 'QuotaExceededError' ? 'notKept' : 'notStored');
  }
  go('result');
}

const pictures = new Set();
function picture(entry, properties) {
  const src = URL.createObjectURL(entry.photograph);
  pictures.add(src);
  return make('img', {src, alt: say('yourPhotograph'), loading: 'lazy', ...properties});
}

function heading(text) {
  return isolated('h2', text, {tabIndex: -1});
}

function pill(text, isDoubt) {
  return make('p', {className: isDoubt ? 'pill doubt' : 'pill', textContent: text});
}

function renderResult() {
  const {verdict, said, probability, candidates, truth, isNew} = current, box = $('result');
  const label = truth ?? said, isNamed = truth !== null || (verdict === 'sure' && !isNew);
  const parts = [];
  if (isNew && truth === null) parts.push(make('div', {className: 'top'}, heading(say('newThing'))));
  else if (isNamed) {
    const how = truth === null ? pill(say('sure', {how: likelihood(probability)})) : pill(say('corrected', {name: nameOf(truth)}));
    parts.push(make('div', {className: 'top'}, heading(nameOf(label)), speciesOf(label), how), factList(label));
  } else if (verdict === 'unsure') {
    parts.push(make('div', {className: 'top'}, heading(say('notSure')), make('p', {className: 'mild', textContent: say('notSureHint')})), candidateList(candidates));
    if (card.sure_from === null) parts.push(make('p', {className: 'mild', textContent: say('noCalibration')}));
    if (current.withheld) parts.push(make('p', {className: 'mild', textContent: say('studioOnly')}));
  } else {
    const tips = make('ul', {className: 'tips'}, ...say('tips').map(textContent => make('li', {textContent})));
    const knows = make('p', {}, `${say('unknownKnows', {count: card.labels.length})} `, make('a', {href: '#known', textContent: say('known')}));
    parts.push(make('div', {className: 'top'}, heading(say('unknown')), make('p', {className: 'mild', textContent: say('unknownHint')})), tips, knows);
  }
  const fix = button(verdict === 'sure' ? 'somethingElse' : 'iKnow', () => fix.parentNode.replaceWith(correction(fix.parentNode)), 'second');
  parts.push(make('div', {className: 'row'}, current.key === undefined ? null : fix, button('nextPicture', () => go('camera'))));
  box.replaceChildren(make('div', {className: 'card wide'}, picture(current, {className: 'photo'}), make('div', {className: 'about'}, ...parts)));
  Object.assign(box.dataset, {label: said, verdict, probability});
}

function candidateList(candidates) {
  return make('div', {}, ...candidates.map(({label, probability}) => make('details', {},
    make('summary', {}, isolated('span', nameOf(label)), make('span', {className: 'mild', textContent: likelihood(probability)}),
      make('meter', {value: probability, max: 1, ariaHidden: 'true'})),
    speciesOf(label), factList(label))));
}

/** The form in which a person says what it is. */
function correction(buttons) {
  const NEW = 'new', names = card.labels.map((label, n) => [nameOf(label), n]).sort(([a], [b]) => a.localeCompare(b, language));
  const select = make('select', {required: true}, make('option', {value: '', textContent: say('pick')}),
    ...names.map(([textContent, value]) => make('option', {textContent, value, dir: 'auto'})), make('option', {value: NEW, textContent: say('somethingNew')}));
  const typed = make('input', {type: 'text', maxLength: 60, placeholder: say('newName'), ariaLabel: say('newName'), dir: 'auto'});
  const typedRow = make('div', {hidden: true}, typed);
  const keep = make('button', {textContent: say('keep'), disabled: true});
  select.onchange = () => { typedRow.hidden = select.value !== NEW; keep.disabled = !select.value; };
  const form = make('form', {}, make('label', {}, make('span', {textContent: say('whatIsIt')}), select), typedRow,
    make('div', {className: 'row'}, keep, button('cancel', () => form.replaceWith(buttons), 'second')));
  form.onsubmit = event => {
    event.preventDefault();
    if (select.value === NEW) correct(asFolder(typed.value), true);
    else if (select.value) correct(card.labels[select.value], false);
  };
  queueMicrotask(() => select.focus());
  return form;
}

/** A name as that of a folder; null where nothing is left of it. */
function asFolder(name) {
  const clean = name.normalize('NFC').replace(/[\p{C}/\\:*?"<>|]/gu, ' ').replace(/\s+/g, ' ').trim().replace(/^[._]+/, '').trim();
  return clean || null;
}

async function correct(truth, isNew) {
  const before = {...current};
  Object.assign(current, {truth, isNew});
  try {
    await store.save(current);
    notify('thanks', {name: truth ? nameOf(truth) : say('newThing')});
  } catch (error) {
    current = before;
    notify(error?.name === 'QuotaExceededError' ? 'notKept' : 'notStored');
  }
  renderResult();
  focusHeading('result');
  scrollTo(0, 0);
}

// --- My fruits, what it knows ------------------------------------------------------------------
async function renderFruits() {
  let entries;
  const title = heading(say('myFruits'));
  try {
    entries = (await store.all()).reverse();
  } catch {
    return $('fruits').replaceChildren(make('div', {className: 'card'}, title, make('p', {textContent: say('notStored')})));
  }
  const corrected = entries.filter(entry => entry.truth || entry.isNew).length;
  const share = button('share', shareCorrections), removeAll = button('deleteAll', () => askToDeleteAll(entries.length), 'danger');
  share.disabled = !corrected;
  $('fruits').replaceChildren(make('div', {className: 'card'}, title,
    entries.length ? make('ul', {className: 'things'}, ...entries.map(thing)) : make('p', {textContent: say('nothingYet')}),
    corrected ? make('p', {className: 'mild', textContent: say('shareHint', {count: corrected})}) : null,
    make('div', {className: 'row'}, ...(entries.length ? [share, removeAll] : [button('nextPicture', () => go('camera'))]))));
}

function thing(entry) {
  const {verdict, said, truth, isNew, when} = entry;
  const name = truth ? nameOf(truth) : isNew ? say('newThing') : verdict === 'unknown' ? say('unknown') : nameOf(said);
  const doubt = truth || isNew ? ' ✓' : verdict === 'unsure' ? ' ?' : '';
  const date = new Date(when).toLocaleString(navigator.languages.find(name => name.startsWith(language)) ?? language, {dateStyle: 'medium', timeStyle: 'short'});
  const open = make('a', {href: '#result', onclick: () => { current = entry; if (location.hash === '#result') route(); }},
    picture(entry, {alt: ''}), isolated('b', name + doubt), make('span', {className: 'mild', textContent: date}));
  const remove = button('deleteOne', () => removeOne(entry));
  remove.setAttribute('aria-label', `${say('deleteOne')}: ${name}, ${date}`);
  return make('li', {className: 'thing'}, open, remove);
}

async function removeOne(entry) {
  await store.remove(entry.key);
  if (current?.key === entry.key) current = null;
  await renderFruits();
  focusHeading('fruits');
  notify('deleted', {}, 'undo', async () => { await store.save(entry); renderFruits(); });
}

function askToDeleteAll(count) {
  const dialog = $('sure');
  dialog.querySelector('p').textContent = say('deleteAllAsk', {count});
  for (const choice of dialog.querySelectorAll('button')) choice.onclick = () => dialog.close(choice.value);
  dialog.returnValue = '';
  dialog.onclose = async () => {
    if (dialog.returnValue !== 'yes') return;
    await store.removeAll();
    current = null;
    await renderFruits();
    focusHeading('fruits');
  };
  dialog.showModal();
}

async function shareCorrections() {
  try {
    const file = new File([await store.corrections()], 'fruits-corrections.zip', {type: 'application/zip'});
    if (navigator.canShare?.({files: [file]}) && matchMedia('(pointer: coarse)').matches) return await navigator.share({files: [file]});
    const href = URL.createObjectURL(file);
    make('a', {href, download: file.name}).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  } catch (error) {
    if (error.name !== 'AbortError') notify('notShared');
  }
}

function renderKnown() {
  const labels = card?.labels ?? Object.keys(facts), {accuracy, model} = about;
  const names = [...labels].sort((a, b) => nameOf(a).localeCompare(nameOf(b), language));
  const paragraphs = [];
  if (card && accuracy) {
    const outOf = share => Math.round(share * 100);
    paragraphs.push(say('accuracyRight', {rows: accuracy.rows, share: outOf(accuracy.accuracy)}));
    if (accuracy.right_if_sure !== null) paragraphs.push(say('accuracySure', {share: outOf(accuracy.right_if_sure)}));
    paragraphs.push(say('accuracyLike', {split: accuracy.split}));
  }
  if (card) {
    if (card.sure_from === null) paragraphs.push(say('noCalibration'));
    paragraphs.push(say('model', {id: model.sha256.slice(0, 12), size: (model.bytes / 1e6).toFixed(1), precision: card.precision}));
  }
  $('known').replaceChildren(make('div', {className: 'card'}, heading(say('known')),
    make('div', {}, ...names.map(label => make('details', {}, make('summary', {}, isolated('span', nameOf(label))), speciesOf(label), factList(label)))),
    ...paragraphs.map(textContent => make('p', {className: 'mild', textContent})), button('back', () => go('camera'))));
}

// --- Screens -----------------------------------------------------------------------------------
const RENDER = {camera: () => {}, result: renderResult, fruits: renderFruits, known: renderKnown};

function go(view) {
  if (location.hash.slice(1) === view || (view === 'camera' && !location.hash)) route();
  else location.hash = view;
}

const viewOf = hash => VIEWS.includes(hash) && (hash !== 'result' || current) ? hash : 'camera';
let shown = null;

async function route() {
  const view = viewOf(location.hash.slice(1)), isNew = view !== shown;
  for (const name of VIEWS) $(name).hidden = name !== view;
  if (isNew) {
    $('notice').replaceChildren(...(view === 'result' ? $('notice').childNodes : []));
    for (const url of pictures) URL.revokeObjectURL(url);
    pictures.clear();
  }
  if (view !== 'camera') photographState = null;
  view === 'camera' ? openCamera() : closeCamera();
  if (view === 'camera') showState();
  await RENDER[view]();
  if (isNew && shown) { focusHeading(view); scrollTo(0, 0); }
  shown = view;
}

const focusHeading = view => $(view).querySelector('h2')?.focus({preventScroll: true});

function notify(key, values = {}, action = null, onAction = null) {
  const act = action && button(action, () => { $('notice').replaceChildren(); onAction(); });
  $('notice').replaceChildren(make('span', {textContent: say(key, values)}), ...(act ? [act] : []));
}

function speakTo(name) {
  speak(name);
  document.documentElement.lang = name;
  document.title = say('title');
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll('[data-say-label]')) element.setAttribute('aria-label', say(element.dataset.sayLabel));
  if (isOffline !== null) $('offline').textContent = say(isOffline ? 'offline' : 'offlineNot');
}

// --- Offline -----------------------------------------------------------------------------------
let isOffline = null;

/** Keep the app on the device; ends once its files are there, or cannot be. */
async function keepApp() {
  if (!('serviceWorker' in navigator)) return;
  const worker = navigator.serviceWorker;
  worker.addEventListener('message', ({data}) => { if (data.progress) showProgress(data.progress); });
  worker.startMessages();
  const registration = await worker.register('sw.js');
  registration.addEventListener('updatefound', () => offerUpdate(registration.installing));
  if (registration.waiting) offerUpdate(registration.waiting);
  if (!worker.controller && registration.installing) await settled(registration.installing);
  checkOffline(registration);
}

const settled = worker => new Promise(resolve => {
  worker.addEventListener('statechange', () => { if (['activated', 'redundant'].includes(worker.state)) resolve(); });
});

function offerUpdate(worker) {
  const offer = () => {
    if (worker.state !== 'installed' || !navigator.serviceWorker.controller) return;
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {once: true});
    notify('newVersion', {}, 'update', () => worker.postMessage('take over'));
  };
  worker.addEventListener('statechange', offer);
  offer();
}

async function checkOffline(registration) {
  const worker = registration.active;
  if (!worker) isOffline = false;
  else {
    const {port1, port2} = new MessageChannel();
    const answer = new Promise(resolve => { port1.onmessage = ({data}) => resolve(data); });
    worker.postMessage('complete?', [port2]);
    isOffline = await answer;
  }
  $('offline').textContent = say(isOffline ? 'offline' : 'offlineNot');
  document.documentElement.dataset.offline = isOffline;
}

// --- Start -------------------------------------------------------------------------------------
$('language').append(...Object.entries(WORDS).map(([value, words]) => make('option', {value, textContent: words.language, lang: value})));
$('language').value = language;
$('language').onchange = event => { speakTo(event.target.value); showState(); RENDER[shown](); };
$('shutter').onclick = shoot;
$('file').onchange = ({target}) => { const [file] = target.files; if (file) show(file); target.value = ''; };
$('controls').hidden = !card;
$('drop').hidden = !card;
document.addEventListener('visibilitychange', () => document.hidden ? closeCamera() : shown === 'camera' && openCamera());
document.addEventListener('dragover', event => { event.preventDefault(); document.body.classList.add('dragging'); });
document.addEventListener('dragleave', () => document.body.classList.remove('dragging'));
document.addEventListener('drop', event => { event.preventDefault(); document.body.classList.remove('dragging'); show(event.dataTransfer.files[0]); });
document.addEventListener('paste', event => show(event.clipboardData.files[0]));
addEventListener('hashchange', route);
window.fruits = {classify, judge, about, corrections: store.corrections};

speakTo(language);
route();
keepApp().catch(() => {}).finally(() => card && startEngine());
