/** A sample as it is written; `stale` is the mark with which Prometheus ends a series. */
export interface WrittenSample {
  readonly at: number;
  readonly value: number | 'stale';
}

export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly WrittenSample[];
}

/** Of all NaNs the ones that Prometheus tells apart. */
const STALE_BITS = 0x7ff0_0000_0000_0002n;
const NAN_BITS = 0x7ff8_0000_0000_0001n;
const LONGEST_LITERAL = 60;

/** Gives samples of any time, staleness marks among them, to a Prometheus that was started with `remoteWrite`. */
export async function remoteWrite(prometheusUrl: string, series: readonly WrittenSeries[]): Promise<void> {
  const answer = await fetch(`${prometheusUrl}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
    body: snappy(Buffer.concat(series.map((one) => message(1, timeSeries(one))))),
  });
  if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
}

function timeSeries({ labels, samples }: WrittenSeries): Buffer {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([
    ...sorted.map(([name, value]) => message(1, Buffer.concat([message(1, Buffer.from(name)), message(2, Buffer.from(value))]))),
    ...samples.map(({ at, value }) => message(2, Buffer.concat([Buffer.from([0x09]), double(value), Buffer.from([0x10]), varint(at)]))),
  ]);
}

/** A field of the kind "so many bytes". */
function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);
}

function double(value: number | 'stale'): Buffer {
  const bytes = Buffer.alloc(8);
  if (value === 'stale') bytes.writeBigUInt64LE(STALE_BITS);
  else if (Number.isNaN(value)) bytes.writeBigUInt64LE(NAN_BITS);
  else bytes.writeDoubleLE(value);
  return bytes;
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(number);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Snappy without any compression: nothing but short literals. */
function snappy(content: Buffer): Buffer {
  const parts = [varint(content.length)];
  for (let offset = 0; offset < content.length; offset += LONGEST_LITERAL) {
    const literal = content.subarray(offset, offset + LONGEST_LITERAL);
    parts.push(Buffer.from([(literal.length - 1) << 2]), literal);
  }
  return Buffer.concat(parts);
}
