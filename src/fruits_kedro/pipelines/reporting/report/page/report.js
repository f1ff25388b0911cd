"use strict";
(() => {
  const read = (id) => {
    const holder = document.getElementById(id);
    return holder ? JSON.parse(holder.textContent) : null;
  };
  const by = (id) => document.getElementById(id);
  const percent = (share) => (100 * share).toFixed(share > 0.999 && share < 1 ? 2 : 1) + " %";
  const svg = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // --- tables ------------------------------------------------------------------------------------
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b));
  for (const button of document.querySelectorAll("table.sortable th button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const rising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const body = head.closest("table").tBodies[0];
      const column = head.cellIndex;
      const rows = [...body.rows].sort((a, b) => compare(value(a, column), value(b, column)));
      body.append(...(rising ? rows : rows.reverse()));
    });
  }

  // --- map ---------------------------------------------------------------------------------------
  const SHAPES = 6;
  const hue = (label) => (label * 137.508) % 360;
  const fill = (label) =>
    `hsl(${hue(label)} ${dark.matches ? 62 : 68}% ${(dark.matches ? 66 : 40) + 6 * ((label % 3) - 1)}%)`;
  const shapePath = (shape, x, y, r) => {
    const at = (points) => points.map(([a, b], n) => (n ? "L" : "M") + (x + a * r) + " " + (y + b * r)).join("") + "Z";
    switch (shape) {
      case 1: return at([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]);
      case 2: return at([[0, -1.2], [1.1, 0.9], [-1.1, 0.9]]);
      case 3: return at([[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]]);
      case 4: return at([[0, 1.2], [1.1, -0.9], [-1.1, -0.9]]);
      case 5: return at([[-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4],
        [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4]]);
      default: return `M${x + r} ${y}A${r} ${r} 0 1 1 ${x - r} ${y}A${r} ${r} 0 1 1 ${x + r} ${y}Z`;
    }
  };

  const drawMap = (map, sheets) => {
    const canvas = by("map-canvas");
    const pen = canvas.getContext("2d");
    const tip = by("map-tip");
    const status = by("map-status");
    const points = map.label.length;
    const chosen = new Set();
    const images = [];
    let view = "tsne", onlyWrong = false, current = -1, zoom = 1, centre = [0.5, 0.5], size = [0, 0];
    const wrong = (n) => map.prediction[n] >= 0 && map.prediction[n] !== map.label[n];
    const visible = (n) => (!chosen.size || chosen.has(map.label[n])) && (!onlyWrong || wrong(n));
    const scaled = {};
    for (const name of ["tsne", "pca"]) {
      scaled[name] = map[name].map((axis) => {
        const low = axis.reduce((a, b) => Math.min(a, b), Infinity);
        const span = axis.reduce((a, b) => Math.max(a, b), -Infinity) - low || 1;
        return axis.map((v) => (v - low) / span);
      });
    }
    const place = (n) => {
      const margin = 22;
      const [xs, ys] = scaled[view];
      return [
        size[0] / 2 + (xs[n] - centre[0]) * zoom * (size[0] - 2 * margin),
        size[1] / 2 - (ys[n] - centre[1]) * zoom * (size[1] - 2 * margin),
      ];
    };
    const radius = () => (points > 2000 ? 3.2 : 4.4) * Math.min(2, Math.sqrt(zoom)) * (size[0] < 500 ? 0.85 : 1);
    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      size = [canvas.clientWidth, canvas.clientHeight];
      canvas.width = size[0] * ratio;
      canvas.height = size[1] * ratio;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, ...size);
      const r = radius();
      const mark = (n, front) => {
        const [x, y] = place(n);
        pen.globalAlpha = front ? 0.85 : 0.1;
        pen.fillStyle = front ? fill(map.label[n]) : colour("--soft");
        const path = new Path2D(shapePath(map.label[n] % SHAPES, x, y, front ? r : r * 0.7));
        if (front && map.held[n]) {
          pen.lineWidth = 1.4;
          pen.strokeStyle = pen.fillStyle;
          pen.stroke(path);
          pen.globalAlpha = 0.3;
        }
        pen.fill(path);
      };
      for (let n = 0; n < points; n += 1) if (!visible(n)) mark(n, false);
      for (let n = 0; n < points; n += 1) if (visible(n)) mark(n, true);
      pen.globalAlpha = 1;
      pen.lineWidth = 1.3;
      pen.strokeStyle = colour("--bad");
      for (let n = 0; n < points; n += 1) {
        if (!wrong(n) || !visible(n)) continue;
        const [x, y] = place(n), s = r + 1.5;
        pen.beginPath();
        pen.arc(x, y, s + 2, 0, 7);
        pen.moveTo(x - s, y - s); pen.lineTo(x + s, y + s);
        pen.moveTo(x + s, y - s); pen.lineTo(x - s, y + s);
        pen.stroke();
      }
      if (current >= 0) {
        const [x, y] = place(current);
        pen.strokeStyle = colour("--focus");
        pen.lineWidth = 3;
        pen.beginPath();
        pen.arc(x, y, r + 6, 0, 7);
        pen.stroke();
      }
    };
    const sheet = (n, done) => {
      if (!images[n]) {
        images[n] = new Image();
        images[n].src = sheets.sheets[n];
      }
      if (images[n].complete && images[n].naturalWidth) done(images[n]);
      else images[n].addEventListener("load", () => done(images[n]), { once: true });
    };
    const describe = (n) => {
      const label = map.labels[map.label[n]];
      const lines = [label, map.held[n] ? "held out (" + map.splits[map.split[n]] + ")" : "train"];
      if (map.prediction[n] >= 0) {
        const name = map.labels[map.prediction[n]];
        lines.push(wrong(n)
          ? `✗ wrong: taken for ${name} (${percent(map.probability[n])})`
          : `✓ predicted ${name} (${percent(map.probability[n])})`);
      }
      return lines;
    };
    const show = (n) => {
      current = n;
      draw();
      tip.hidden = n < 0;
      if (n < 0) return;
      const lines = describe(n);
      const picture = tip.querySelector("canvas");
      const brush = picture.getContext("2d");
      const tile = map.tile[n];
      brush.clearRect(0, 0, picture.width, picture.height);
      picture.hidden = tile < 0;
      picture.dataset.drawn = "";
      if (tile >= 0) {
        const inSheet = tile % sheets.per_sheet, s = sheets.side;
        sheet(Math.floor(tile / sheets.per_sheet), (image) => {
          if (current !== n) return;
          const x = (inSheet % sheets.columns) * s, y = Math.floor(inSheet / sheets.columns) * s;
          brush.imageSmoothingQuality = "high";
          brush.drawImage(image, x, y, s, s, 0, 0, picture.width, picture.height);
          picture.dataset.drawn = String(tile);
        });
      }
      picture.setAttribute("aria-label", "Photograph of " + lines[0]);
      tip.querySelector("strong").textContent = lines[0];
      tip.querySelector("span").textContent = lines.slice(1).join(" · ") + (tile < 0 ? " · no picture kept" : "");
      tip.querySelector(".path").textContent = map.path[n];
      status.textContent = lines.join(", ") + ", " + map.path[n];
      const [x, y] = place(n);
      const box = [tip.offsetWidth, tip.offsetHeight];
      const left = x + 16 + box[0] < size[0] ? x + 16 : x - 16 - box[0];
      tip.style.left = Math.max(2, Math.min(left, size[0] - box[0] - 2)) + "px";
      tip.style.top = Math.max(2, Math.min(y - box[1] / 2, size[1] - box[1] - 2)) + "px";
    };
    const nearest = (x, y, within) => {
      let best = -1, least = within * within;
      for (let n = 0; n < points; n += 1) {
        if (!visible(n)) continue;
        const [px, py] = place(n);
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < least) [best, least] = [n, distance];
      }
      return best;
    };
    const step = (dx, dy) => {
      const from = current >= 0 ? place(current) : [size[0] / 2, size[1] / 2];
      let best = -1, least = Infinity;
      for (let n = 0; n < points; n += 1) {
        if (n === current || !visible(n)) continue;
        const [x, y] = place(n);
        const along = (x - from[0]) * dx + (y - from[1]) * dy;
        const across = Math.abs((x - from[0]) * dy + (y - from[1]) * dx);
        if (along <= 0.5 || x < 0 || y < 0 || x > size[0] || y > size[1]) continue;
        const cost = along + 2.5 * across;
        if (cost < least) [best, least] = [n, cost];
      }
      if (best >= 0) show(best);
    };
    const zoomTo = (factor) => {
      zoom = Math.max(1, Math.min(24, zoom * factor));
      if (current >= 0) centre = [scaled[view][0][current], scaled[view][1][current]];
      if (zoom === 1) centre = [0.5, 0.5];
      canvas.style.touchAction = zoom > 1 ? "none" : "pan-y";
      show(current);
    };
    let dragged = null;
    canvas.addEventListener("pointerdown", (event) => {
      dragged = zoom > 1 ? [event.clientX, event.clientY, ...centre] : null;
      show(nearest(event.offsetX, event.offsetY, 24));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (dragged && event.buttons) {
        centre = [
          dragged[2] - (event.clientX - dragged[0]) / (zoom * (size[0] - 44)),
          dragged[3] + (event.clientY - dragged[1]) / (zoom * (size[1] - 44)),
        ];
        show(current);
        return;
      }
      const found = nearest(event.offsetX, event.offsetY, 14);
      if (found !== current) show(found);
    });
    canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(-1); });
    canvas.addEventListener("focus", () => {
      if (current < 0 && canvas.matches(":focus-visible")) show(nearest(size[0] / 2, size[1] / 2, Infinity));
    });
    canvas.addEventListener("blur", () => show(-1));
    const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    canvas.addEventListener("keydown", (event) => {
      if (ARROWS[event.key]) step(...ARROWS[event.key]);
      else if (event.key === "Escape") show(-1);
      else if (event.key === "+") zoomTo(1.6);
      else if (event.key === "-") zoomTo(1 / 1.6);
      else if (event.key === "Enter" && current >= 0) toggle(map.label[current]);
      else return;
      event.preventDefault();
    });

    const legend = by("map-legend");
    const counts = map.labels.map(() => 0);
    for (const label of map.label) counts[label] += 1;
    const buttons = new Map();
    map.labels.forEach((name, label) => {
      if (!counts[label]) return;
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      const icon = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
      icon.append(svg("path", { d: shapePath(label % SHAPES, 8, 8, 5.2) }));
      const text = document.createElement("span");
      text.textContent = name;
      const count = document.createElement("b");
      count.textContent = String(counts[label]);
      button.append(icon, text, count);
      button.addEventListener("click", () => toggle(label));
      buttons.set(label, button);
      legend.append(button);
    });
    const paint = () => {
      for (const [label, button] of buttons) {
        button.querySelector("path").setAttribute("fill", fill(label));
        button.setAttribute("aria-pressed", String(chosen.has(label)));
      }
      by("map-all").disabled = !chosen.size;
    };
    const refresh = () => {
      paint();
      let shown = 0;
      for (let n = 0; n < points; n += 1) shown += visible(n);
      by("map-count").textContent = `${shown} of ${points} photographs shown`;
      show(current >= 0 && visible(current) ? current : -1);
    };
    const toggle = (label) => {
      if (!chosen.delete(label)) chosen.add(label);
      refresh();
    };
    by("map-all").addEventListener("click", () => { chosen.clear(); refresh(); });
    by("map-find").addEventListener("input", (event) => {
      const wanted = event.target.value.toLowerCase();
      for (const [label, button] of buttons) button.hidden = !map.labels[label].toLowerCase().includes(wanted);
    });
    by("map-wrong").addEventListener("change", (event) => { onlyWrong = event.target.checked; refresh(); });
    for (const button of document.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => {
        view = button.dataset.view;
        for (const other of document.querySelectorAll("[data-view]")) {
          other.setAttribute("aria-pressed", String(other === button));
        }
        zoom = 1; centre = [0.5, 0.5];
        refresh();
      });
    }
    by("map-in").addEventListener("click", () => zoomTo(1.6));
    by("map-out").addEventListener("click", () => zoomTo(1 / 1.6));
    new ResizeObserver(draw).observe(canvas);
    dark.addEventListener("change", () => { paint(); draw(); });
    refresh();
  };

  // --- confusion matrix --------------------------------------------------------------------------
  const drawMatrix = (matrix) => {
    const box = by("matrix");
    const readout = by("matrix-readout");
    const filter = by("matrix-filter");
    const counts = new Map(matrix.cells.map(([row, column, n]) => [row * matrix.labels.length + column, n]));
    const count = (row, column) => counts.get(row * matrix.labels.length + column) || 0;
    let shown = [], chosen = null, side = 0, pane = null, marks = [];

    const tell = () => {
      const [row, column] = chosen.map((n) => shown[n]);
      const n = count(row, column), all = matrix.support[row];
      const names = [matrix.labels[row], matrix.labels[column]];
      readout.textContent = row === column
        ? `${names[0]}: ${n} of ${all} right${all ? ` (${percent(n / all)})` : ""}`
        : `${names[0]} taken for ${names[1]}: ${n} of ${all}${all ? ` (${percent(n / all)})` : ""}`;
    };
    const choose = (row, column) => {
      chosen = [Math.max(0, Math.min(shown.length - 1, row)), Math.max(0, Math.min(shown.length - 1, column))];
      for (const mark of marks) mark.classList.remove("on");
      marks = [box.querySelector(`.left text[data-n="${chosen[0]}"]`), box.querySelector(`.top text[data-n="${chosen[1]}"]`)];
      for (const mark of marks) mark.classList.add("on");
      const frame = pane.querySelector(".chosen");
      frame.setAttribute("x", chosen[1] * side + 1);
      frame.setAttribute("y", chosen[0] * side + 1);
      frame.removeAttribute("visibility");
      tell();
    };
    const short = (name) => (name.length > 18 ? name.slice(0, 17) + "…" : name);
    const draw = () => {
      const wrongOnly = filter.checked;
      const failing = new Set(matrix.cells.filter(([a, b]) => a !== b).flatMap(([a, b]) => [a, b]));
      shown = matrix.labels.map((_, n) => n).filter((n) => !wrongOnly || failing.has(n));
      by("matrix-count").textContent = `${shown.length} of ${matrix.labels.length} labels`;
      const places = new Map(shown.map((label, n) => [label, n]));
      side = shown.length <= 24 ? 30 : shown.length <= 60 ? 22 : 15;
      const wide = shown.length * side, left = 128, top = 118;
      pane = svg("svg", { width: wide, height: wide, viewBox: `0 0 ${wide} ${wide}`, "aria-hidden": "true" });
      if (wide) {
        const grid = svg("path", { class: "cell", d: shown.map((_, n) =>
          `M0 ${n * side}H${wide}M${n * side} 0V${wide}`).join("") });
        pane.append(svg("rect", { class: "cell", width: wide, height: wide }), grid);
      }
      for (const [row, column, n] of matrix.cells) {
        if (!places.has(row) || !places.has(column)) continue;
        const share = n / (matrix.support[row] || 1);
        const x = places.get(column) * side, y = places.get(row) * side;
        const inner = side * (side >= 20 ? 0.94 : 0.4 + 0.52 * Math.sqrt(share));
        const gap = (side - inner) / 2;
        pane.append(svg("rect", { x: x + gap, y: y + gap, width: inner, height: inner, rx: side >= 20 ? 2 : 1,
          class: row === column ? "right" : "wrong", opacity: side >= 20 ? 0.16 + 0.5 * share : 0.45 + 0.55 * share }));
        if (side >= 20) pane.append(svg("text", { x: x + side / 2, y: y + side / 2 + 4, class: "count" }, n < 1000 ? n : Math.round(n / 1000) + "k"));
      }
      pane.append(svg("rect", { class: "chosen", width: side - 2, height: side - 2, visibility: "hidden" }));
      const names = svg("svg", { class: "left", width: left, height: wide, "aria-hidden": "true" });
      const heads = svg("svg", { class: "top", width: wide, height: top, "aria-hidden": "true" });
      shown.forEach((label, n) => {
        const middle = n * side + side / 2;
        names.append(svg("text", { x: left - 6, y: middle + 4, "text-anchor": "end", "data-n": n }, short(matrix.labels[label])));
        heads.append(svg("text", { transform: `translate(${middle + 4} ${top - 6}) rotate(-90)`, "data-n": n }, short(matrix.labels[label])));
      });
      const corner = document.createElement("div");
      corner.className = "corner";
      corner.textContent = "label ↓ prediction →";
      box.replaceChildren(corner, heads, names, pane);
      chosen = null;
      marks = [];
      readout.textContent = shown.length
        ? "Point at a cell, tap it, or use the arrow keys."
        : "Every test photograph got its label.";
      const point = (event) => {
        const area = pane.getBoundingClientRect();
        choose(Math.floor((event.clientY - area.top) / side), Math.floor((event.clientX - area.left) / side));
      };
      for (const kind of ["pointermove", "pointerdown"]) pane.addEventListener(kind, point);
    };
    const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    box.addEventListener("keydown", (event) => {
      if (!KEYS[event.key] || !shown.length) return;
      event.preventDefault();
      const [down, right] = KEYS[event.key];
      if (chosen) choose(chosen[0] + down, chosen[1] + right);
      else choose(0, 0);
      pane.querySelector(".chosen").scrollIntoView({ block: "nearest", inline: "nearest" });
      // The sticky names would cover what was scrolled to the edge.
      if (chosen[0] * side < box.scrollTop) box.scrollTop = chosen[0] * side;
      if (chosen[1] * side < box.scrollLeft) box.scrollLeft = chosen[1] * side;
    });
    filter.addEventListener("change", draw);
    draw();
  };

  const data = read("data");
  if (data.map) drawMap(data.map, read("sheets"));
  if (data.matrix) drawMatrix(data.matrix);
  document.documentElement.dataset.ready = "yes";
})();
