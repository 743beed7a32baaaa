/* Controls, key of colours, and the point that is shown. */

const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#5B5EA6", "#1d2733", "#882255"];
const DARK = ["#4ea8de", "#f0803c", "#2fbf94", "#e08fc0", "#f0b429", "#8fd3f5", "#c2a14d", "#9698e0", "#e4e8ed", "#d0689b"];
const OTHER = {light: "#c3cad2", dark: "#4a5560"};
const SCALES = {
  light: ["#440154", "#472f7d", "#39568c", "#2a788e", "#1fa088", "#4fc46a", "#a5db36", "#f3d81a"],
  dark: ["#7a5fd0", "#6a7fd6", "#4a9bce", "#36b0b4", "#3fc48b", "#78d35a", "#b9df3c", "#fde725"],
};
const SHADES = 48;
const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  return made;
}

class Page {
  constructor(data) {
    this.data = data;
    this.hidden = new Set();
    this.sprite = new Image();
    this.sprite.onload = () => this.plane.point >= 0 && this.describe(this.plane.point);
    if (data.sprite.file) this.sprite.src = data.sprite.file;
    this.colours = [{name: "one colour"}, ...data.labels, ...data.axes];
    const chosen = new URLSearchParams(location.hash.slice(1));
    fill(byId("x"), data.axes, chosen.get("x"), 0);
    fill(byId("y"), data.axes, chosen.get("y"), Math.min(1, data.axes.length - 1));
    fill(byId("colour"), this.colours, chosen.get("colour"), 0);
    byId("level").value = chosen.get("level") || data.level;
    byId("summary").textContent = data.count < data.total
      ? `${data.count.toLocaleString("en")} of ${data.total.toLocaleString("en")} vectors, in runs evenly spaced over the store.`
      : `${data.count.toLocaleString("en")} vectors.`;
    this.plane = new Plane(byId("canvas"), (point) => this.describe(point));
    for (const id of ["x", "y", "level"]) byId(id).addEventListener("input", () => this.update());
    byId("colour").addEventListener("input", () => { this.hidden.clear(); this.update(); });
    byId("controls").addEventListener("submit", (e) => e.preventDefault());
    byId("closer").onclick = () => this.plane.zoom(1.4);
    byId("farther").onclick = () => this.plane.zoom(1 / 1.4);
    byId("whole").onclick = () => this.plane.fit();
    darkScheme.addEventListener("change", () => this.update());
    this.update();
  }

  update() {
    const {axes, mean, covariance} = this.data, x = +byId("x").value, y = +byId("y").value;
    const level = +byId("level").value, colour = this.colours[byId("colour").value];
    byId("level-value").textContent = `${level.toFixed(1)} σ`;
    const pair = [covariance[x][x], covariance[x][y], covariance[y][y]];
    const known = x !== y && [...pair, mean[x], mean[y]].every((v) => v !== null) && pair[0] > 0;
    const ellipse = known ? {mean: [mean[x], mean[y]], covariance: pair} : null;
    this.paint = this.painter(colour);
    this.plane.show(axes[x], axes[y], ellipse, level, this.paint);
    this.count(axes[x], axes[y], ellipse, level);
    this.explain(colour);
    const state = {x: axes[x].name, y: axes[y].name, colour: colour.name, level};
    history.replaceState(null, "", `#${new URLSearchParams(state)}`);
    if (this.plane.point >= 0) this.describe(this.plane.point);
  }

  palette() { return darkScheme.matches ? DARK : LIGHT; }

  scale() { return darkScheme.matches ? SCALES.dark : SCALES.light; }

  other() { return darkScheme.matches ? OTHER.dark : OTHER.light; }

  /* The colour of a point, by its number; null where it is hidden. */
  painter(column) {
    const palette = this.palette(), other = this.other(), {hidden} = this;
    if (column.values) {
      const [low, high] = column.shaded, step = SHADES / (high - low || 1), scale = this.scale();
      const shades = Array.from({length: SHADES}, (_, k) => shade(scale, (k + 0.5) / SHADES));
      return (i) => Number.isNaN(column.values[i]) ? other
        : shades[Math.max(0, Math.min(SHADES - 1, Math.floor((column.values[i] - low) * step)))];
    }
    if (!column.codes) return () => palette[0];
    this.rank = ranked(column, palette.length);
    return (i) => {
      const code = column.codes[i];
      return hidden.has(code) ? null : this.rank.has(code) ? palette[this.rank.get(code)] : other;
    };
  }

  count(x, y, ellipse, level) {
    const share = byId("share");
    if (!ellipse) { share.textContent = ""; return; }
    const [a, b, c] = ellipse.covariance, determinant = a * c - b * b;
    let inside = 0, all = 0;
    for (let i = 0; i < this.data.count; i++) {
      if (Number.isNaN(x.values[i] + y.values[i]) || !this.paint(i)) continue;
      const u = x.values[i] - ellipse.mean[0], v = y.values[i] - ellipse.mean[1];
      all += 1;
      inside += (c * u * u - 2 * b * u * v + a * v * v) / determinant <= level * level;
    }
    const expected = 100 * (1 - Math.exp(-level * level / 2));
    share.textContent = determinant > 0 && all
      ? `Inside the ellipse: ${inside.toLocaleString("en")} of ${all.toLocaleString("en")} points, ${(100 * inside / all).toFixed(1)} %. A normal distribution has ${expected.toFixed(1)} %.`
      : "";
  }

  explain(column) {
    const legend = byId("legend");
    legend.replaceChildren();
    if (column.values) {
      const stops = this.scale().join(", "), ends = element("div", undefined, {className: "ends"});
      const bar = element("div", undefined, {className: "scale"});
      bar.style.background = `linear-gradient(to right, ${stops})`;
      column.shaded.forEach((end, k) =>
        ends.append(element("span", `${"≤≥"[k]} ${shownNumber(end, column)}`)));
      legend.append(element("h2", titled(column)), bar, ends);
    } else if (column.codes) {
      legend.append(element("h2", column.name.replaceAll("_", " ")));
      for (const [code, number] of [...counts(column)].sort((a, b) => a[0] - b[0])) {
        legend.append(this.entry(column, code, number));
      }
    }
  }

  entry(column, code, number) {
    const button = element("button", undefined, {type: "button"}), swatch = element("i");
    const name = code === MISSING_CATEGORY ? "missing" : column.categories[code];
    swatch.style.background = this.rank.has(code) ? this.palette()[this.rank.get(code)] : this.other();
    button.append(swatch, element("span", name), element("b", number.toLocaleString("en")));
    button.setAttribute("aria-pressed", String(!this.hidden.has(code)));
    button.title = "Show or hide these points";
    button.onclick = () => {
      if (!this.hidden.delete(code)) this.hidden.add(code);
      this.update();
    };
    return button;
  }

  describe(point) {
    const {data} = this, shown = [data.axes[byId("x").value], data.axes[byId("y").value]];
    const others = data.axes.filter((axis) => !shown.includes(axis) && axis.unit !== "latent units");
    const labels = data.labels.filter((label) => label.kind !== "attribute");
    byId("name").textContent = data.names[point];
    byId("values").replaceChildren(...[...shown, ...others, ...labels].flatMap((column) => [
      element("dt", column.name.replaceAll("_", " ")), element("dd", shownValue(column, point))]));
    byId("attributes").textContent = data.labels
      .filter((label) => label.kind === "attribute" && label.codes[point] === 0)
      .map((label) => label.name.replaceAll("_", " ")).join(" · ");
    this.photograph(data.places[point]);
  }

  photograph(place) {
    const {side, across} = this.data.sprite, canvas = byId("photograph");
    canvas.hidden = place === MISSING_NUMBER || !this.sprite.naturalWidth;
    if (canvas.hidden) return;
    canvas.width = canvas.height = side;
    canvas.getContext("2d").drawImage(this.sprite, side * (place % across), side * Math.floor(place / across),
      side, side, 0, 0, side, side);
  }
}

function fill(select, columns, wanted, usual) {
  columns.forEach((column, k) => select.append(element("option", column.name.replaceAll("_", " "), {value: k})));
  const found = columns.findIndex((column) => column.name === wanted);
  select.value = found < 0 ? usual : found;
}

function counts(column) {
  const found = new Map();
  for (const code of column.codes) found.set(code, (found.get(code) || 0) + 1);
  return found;
}

/* The most frequent categories, each with the number of its colour. */
function ranked(column, most) {
  const codes = [...counts(column)].filter(([code]) => code !== MISSING_CATEGORY);
  const frequent = codes.sort((a, b) => b[1] - a[1]).slice(0, most).map(([code]) => code);
  return new Map(frequent.sort((a, b) => a - b).map((code, k) => [code, k]));
}

function shade(scale, share) {
  const at = share * (scale.length - 1), k = Math.min(scale.length - 2, Math.floor(at)), rest = at - k;
  const parts = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const [from, to] = [parts(scale[k]), parts(scale[k + 1])];
  return `rgb(${from.map((part, i) => Math.round(part + rest * (to[i] - part))).join(" ")})`;
}

readData(byId("data").textContent).then(
  (data) => { window.zpoints = new Page(data); },
  (error) => { byId("summary").textContent = `The points cannot be read (${error.message}). Open the page in a newer browser.`; },
);
