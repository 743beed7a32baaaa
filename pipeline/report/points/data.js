/* The data of the page: compressed JSON, then columns of whole numbers (write.py: packed). */

const MISSING_NUMBER = 65535, MISSING_CATEGORY = 255, STEPS = 65534;

async function readData(base64) {
  const packed = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await new Response(stream).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  data.count = data.names.length;
  let at = 4 + length;
  const take = (kind) => {
    const column = new kind(bytes, at, data.count);
    at += column.byteLength;
    return column;
  };
  data.places = take(Uint16Array);
  const wide = data.labels.filter((label) => !label.categories);
  for (const column of [...data.axes, ...wide]) column.codes = take(Uint16Array);
  for (const column of data.labels) if (column.categories) column.codes = take(Uint8Array);
  for (const column of [...data.axes, ...wide]) column.values = numbers(column);
  return data;
}

function numbers(column) {
  const step = (column.high - column.low) / STEPS;
  return Float64Array.from(column.codes, (code) =>
    code === MISSING_NUMBER ? NaN : column.low + step * code);
}

function shownNumber(value, column) {
  if (!Number.isFinite(value)) return "missing";
  if (column.kind === "date") return new Date(864e5 * value).toISOString().slice(0, 10);
  const size = Math.max(Math.abs(column.low), Math.abs(column.high));
  const digits = Number.isInteger(column.low) && Number.isInteger(column.high) && size > 99 ? 0
    : size < 0.1 ? 5 : 2;
  return value.toFixed(digits).replace("-", "−");
}

function shownValue(column, point) {
  if (!column.categories) return shownNumber(column.values[point], column);
  const code = column.codes[point];
  return code === MISSING_CATEGORY ? "missing" : column.categories[code];
}
