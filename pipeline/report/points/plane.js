/* A plane of points: pan, zoom, hover, and a confidence ellipse. */

const MARGIN = {left: 54, right: 12, top: 12, bottom: 42};
const REACH = {mouse: 14, pen: 18, touch: 28};  // pixels from the pointer to a point

class Plane {
  constructor(canvas, onPoint) {
    this.canvas = canvas;
    this.onPoint = onPoint;
    this.pointers = new Map();
    this.point = -1;
    new ResizeObserver(() => this.resized()).observe(canvas);
    canvas.addEventListener("wheel", (e) => {
      e.preventDefault();
      this.zoom(Math.exp(-0.0015 * e.deltaY * (e.deltaMode ? 20 : 1)), e.offsetX, e.offsetY);
    }, {passive: false});
    canvas.addEventListener("pointerdown", (e) => this.pressed(e));
    canvas.addEventListener("pointermove", (e) => this.moved(e));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (e) => this.pointers.delete(e.pointerId));
    }
    canvas.addEventListener("dblclick", () => this.fit());
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  /* x, y: axes; ellipse: {mean, covariance} of the pair, or null; paint(point): colour, or null. */
  show(x, y, ellipse, level, paint) {
    const moved = x !== this.x || y !== this.y;
    Object.assign(this, {x, y, ellipse, level, paint});
    if (moved) this.fit(); else this.draw();
  }

  resized() {
    const {clientWidth, clientHeight} = this.canvas, ratio = window.devicePixelRatio || 1;
    if (!clientWidth || !clientHeight) return;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    this.width = clientWidth;
    this.height = clientHeight;
    if (this.x) this.fit();
  }

  fit() {
    if (!this.x || !this.width) return;
    const wide = this.width - MARGIN.left - MARGIN.right, high = this.height - MARGIN.top - MARGIN.bottom;
    this.scale = [this.x, this.y].map((axis, k) =>
      (k ? high : wide) / (1.08 * (axis.high - axis.low) || 1));
    if (this.x.unit === this.y.unit) this.scale.fill(Math.min(...this.scale));
    this.whole = this.scale[0];
    this.centre = [this.x, this.y].map((axis) => (axis.low + axis.high) / 2);
    this.draw();
  }

  place(x, y) {
    const left = (MARGIN.left + this.width - MARGIN.right) / 2;
    const top = (MARGIN.top + this.height - MARGIN.bottom) / 2;
    return [left + (x - this.centre[0]) * this.scale[0], top - (y - this.centre[1]) * this.scale[1]];
  }

  value(left, top) {
    const [zeroLeft, zeroTop] = this.place(0, 0);
    return [(left - zeroLeft) / this.scale[0], (zeroTop - top) / this.scale[1]];
  }

  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const before = this.value(left, top);
    this.scale = this.scale.map((scale) => scale * factor);
    const after = this.value(left, top);
    this.centre = this.centre.map((c, k) => c + before[k] - after[k]);
    this.draw();
  }

  pan(right, down) {
    this.centre = [this.centre[0] - right / this.scale[0], this.centre[1] + down / this.scale[1]];
    this.draw();
  }

  pressed(e) {
    this.canvas.setPointerCapture(e.pointerId);
    this.pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    if (this.pointers.size === 1) this.pick(e.offsetX, e.offsetY, REACH[e.pointerType] || 14);
  }

  moved(e) {
    const here = [e.offsetX, e.offsetY], before = this.pointers.get(e.pointerId);
    if (!before) {
      if (e.pointerType !== "touch") this.pick(...here, REACH.mouse);
      return;
    }
    this.pointers.set(e.pointerId, here);
    const others = [...this.pointers].filter(([id]) => id !== e.pointerId);
    if (others.length) {
      const other = others[0][1], apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1;
      this.zoom(apart(here) / apart(before), ...other);
    } else {
      this.pan(here[0] - before[0], here[1] - before[1]);
    }
  }

  key(e) {
    const steps = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]};
    if (steps[e.key]) this.pan(...steps[e.key]);
    else if (e.key === "+" || e.key === "=") this.zoom(1.3);
    else if (e.key === "-") this.zoom(1 / 1.3);
    else if (e.key === "0") this.fit();
    else if (e.key === "Enter") this.pick(this.width / 2, this.height / 2, Infinity);
    else return;
    e.preventDefault();
  }

  pick(left, top, reach) {
    let nearest = -1, least = reach * reach;
    const [zeroLeft, zeroTop] = this.place(0, 0), xs = this.x.values, ys = this.y.values;
    for (let i = 0; i < xs.length; i++) {
      const dx = zeroLeft + xs[i] * this.scale[0] - left, dy = zeroTop - ys[i] * this.scale[1] - top;
      const squared = dx * dx + dy * dy;
      if (squared < least && this.paint(i)) { nearest = i; least = squared; }
    }
    if (nearest < 0 || nearest === this.point) return;
    this.point = nearest;
    this.onPoint(nearest);
    this.draw();
  }

  draw() {
    if (this.waiting || !this.x || !this.width) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.paintNow(); });
  }

  paintNow() {
    const pen = this.canvas.getContext("2d"), ratio = this.canvas.width / this.width;
    const style = getComputedStyle(document.documentElement);
    this.shades = Object.fromEntries(["ink", "muted", "line", "card"].map((name) =>
      [name, style.getPropertyValue(`--${name}`).trim()]));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    this.drawAxes(pen);
    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, MARGIN.top, this.width - MARGIN.left - MARGIN.right,
      this.height - MARGIN.top - MARGIN.bottom);
    pen.clip();
    this.drawPoints(pen);
    this.drawEllipse(pen);
    if (this.point >= 0) this.drawRing(pen);
    pen.restore();
  }

  drawPoints(pen) {
    const paths = new Map(), xs = this.x.values, ys = this.y.values;
    const closer = Math.min(2.5, Math.max(1, Math.sqrt(this.scale[0] / this.whole)));
    const size = closer * (xs.length > 5000 ? 1.7 : xs.length > 1500 ? 2.2 : 3);
    const [zeroLeft, zeroTop] = this.place(0, 0);
    for (let i = 0; i < xs.length; i++) {
      const colour = this.paint(i);
      const left = zeroLeft + xs[i] * this.scale[0], top = zeroTop - ys[i] * this.scale[1];
      if (!colour || !(left > 0 && left < this.width && top > 0 && top < this.height)) continue;
      if (!paths.has(colour)) paths.set(colour, new Path2D());
      const path = paths.get(colour);
      path.moveTo(left + size, top);
      path.arc(left, top, size, 0, 7);
    }
    pen.globalAlpha = 0.7;
    for (const [colour, path] of paths) {
      pen.fillStyle = colour;
      pen.fill(path);
    }
    pen.globalAlpha = 1;
  }

  drawRing(pen) {
    const [left, top] = this.place(this.x.values[this.point], this.y.values[this.point]);
    for (const [width, colour] of [[5, this.shades.card], [2, this.shades.ink]]) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.beginPath();
      pen.arc(left, top, 7, 0, 7);
      pen.stroke();
    }
  }

  drawEllipse(pen) {
    if (!this.ellipse) return;
    const {mean, covariance: [a, b, c]} = this.ellipse;
    const first = Math.sqrt(a), slope = b / first, rest = Math.sqrt(Math.max(0, c - slope * slope));
    pen.beginPath();
    for (let k = 0; k <= 120; k++) {
      const u = this.level * Math.cos(k * Math.PI / 60), v = this.level * Math.sin(k * Math.PI / 60);
      pen.lineTo(...this.place(mean[0] + first * u, mean[1] + slope * u + rest * v));
    }
    pen.lineWidth = 1.6;
    pen.strokeStyle = this.shades.ink;
    pen.stroke();
  }

  drawAxes(pen) {
    const right = this.width - MARGIN.right, low = this.height - MARGIN.bottom;
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    const [xs, ys] = [this.value(MARGIN.left, 0)[0], this.value(right, 0)[0]];
    const [bottom, top] = [this.value(0, low)[1], this.value(0, MARGIN.top)[1]];
    pen.textAlign = "center";
    for (const [tick, text] of ticks(xs, ys, (right - MARGIN.left) / 80)) {
      const left = Math.round(this.place(tick, 0)[0]) + 0.5;
      this.line(pen, left, MARGIN.top, left, low);
      pen.fillText(text, left, low + 16);
    }
    pen.fillStyle = this.shades.ink;
    pen.fillText(titled(this.x), (MARGIN.left + right) / 2, low + 34);
    pen.textAlign = "right";
    for (const [tick, text] of ticks(bottom, top, (low - MARGIN.top) / 60)) {
      const height = Math.round(this.place(0, tick)[1]) + 0.5;
      this.line(pen, MARGIN.left, height, right, height);
      pen.fillText(text, MARGIN.left - 6, height + 4);
    }
    pen.save();
    pen.translate(14, (MARGIN.top + low) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillStyle = this.shades.ink;
    pen.fillText(titled(this.y), 0, 0);
    pen.restore();
  }

  line(pen, x0, y0, x1, y1) {
    pen.strokeStyle = this.shades.line;
    pen.fillStyle = this.shades.muted;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }
}

function titled(axis) {
  return axis.unit ? `${axis.name}  [${axis.unit}]` : axis.name;
}

function ticks(low, high, most) {
  const rough = (high - low) / Math.max(2, most), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const digits = Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    found.push([k * step, (k * step).toFixed(digits).replace("-", "−").replace(/^−(0\.?0*)$/, "$1")]);
  }
  return found;
}
