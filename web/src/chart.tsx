// SPDX-License-Identifier: Apache-2.0
// Charts over time, with deploys and incidents marked on them.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Values } from "./figures";
import { clock, fixed } from "./format";
import { setRange } from "./location";
import type { Heat, IncidentMark, Mark } from "./types";

export interface Line {
  label: string;
  values: Values;
  /** A custom property of the style sheet. */
  color: string;
  fill?: boolean;
}

export interface Marks {
  deploys: Mark[];
  incidents: IncidentMark[];
}

interface Props {
  title: string;
  times: number[];
  step: number;
  lines: Line[];
  marks: Marks;
  format: (value: number | null | undefined) => string;
  unit?: "ms" | undefined;
  height?: number;
  /** No other range is picked by dragging. */
  isFixed?: boolean;
}

const scheme = matchMedia("(prefers-color-scheme: dark)");

/* Of the scheme: each is looked up once. */
const colors = new Map<string, string>();
scheme.addEventListener("change", () => colors.clear());

function color(name: string, alpha = 1): string {
  let value = colors.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colors.set(name, value);
  }
  if (alpha === 1) return value;
  const hex = /^#([0-9a-f]{6})$/i.exec(value);
  if (hex === null) return value;
  return `${value}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
}

const HEIGHT = 150;
const FONT = '12px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';

/** Where marks are drawn, in pixels of a context that is `ratio` times as fine. */
interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  ratio: number;
  xOf: (time: number) => number;
}

/** Incidents as bands behind the figures. */
function drawIncidents(ctx: CanvasRenderingContext2D, plot: Plot, incidents: IncidentMark[]): void {
  const right = plot.left + plot.width;
  const at = (time: number) => Math.min(right, Math.max(plot.left, plot.xOf(time)));
  ctx.fillStyle = color("--part-query-0", 0.12);
  for (const incident of incidents) {
    const from = at(incident.from);
    const to = incident.to === null ? right : at(incident.to);
    ctx.fillRect(from, plot.top, Math.max(2, to - from), plot.height);
  }
}

/** Deploys as thin lines with their names. */
function drawDeploys(ctx: CanvasRenderingContext2D, plot: Plot, deploys: Mark[]): void {
  const { ratio } = plot;
  const right = plot.left + plot.width;
  ctx.strokeStyle = color("--muted");
  ctx.fillStyle = color("--muted");
  ctx.lineWidth = ratio;
  ctx.font = FONT.replace("12", String(11 * ratio));
  ctx.textBaseline = "top";
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  for (const deploy of deploys) {
    const x = plot.xOf(deploy.at);
    if (x <= plot.left || x > right) continue;
    ctx.beginPath();
    ctx.moveTo(x, plot.top);
    ctx.lineTo(x, plot.top + plot.height);
    ctx.stroke();
    // Before it, where the figures were as they should be; not beyond the edge.
    const hasRoom = x - plot.left > ctx.measureText(deploy.name).width + 8 * ratio;
    ctx.textAlign = hasRoom ? "right" : "left";
    ctx.fillText(deploy.name, x + (hasRoom ? -4 : 4) * ratio, plot.top + 2);
  }
}

function drawMarks(u: uPlot, marks: Marks): void {
  const xOf = (time: number) => u.valToPos(time, "x", true);
  const plot = { ...u.bbox, ratio: devicePixelRatio, xOf };
  u.ctx.save();
  drawIncidents(u.ctx, plot, marks.incidents);
  drawDeploys(u.ctx, plot, marks.deploys);
  u.ctx.restore();
}

const two = (n: number) => String(n).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Longer ranges have days at their axis. */
const SHOWS_DAYS = 3 * 86_400;
const lengthOf = ({ times, step }: Pick<Props, "times" | "step">) => times.length * step;

/** The time of day, or the day where a range is long. */
function timeText(time: number, range: number): string {
  const d = new Date(time * 1000);
  if (range > SHOWS_DAYS) return `${MONTHS[d.getMonth()]} ${d.getDate()}`;
  return `${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** A figure at an axis: with as many digits as tell it from the next one, `step` away. */
function axisText(value: number, step: number, unit: Props["unit"]): string {
  if (value === 0) return "0";
  const inSeconds = unit === "ms" && value >= 1000;
  const shown = inSeconds ? value / 1000 : value;
  const by = inSeconds ? step / 1000 : step;
  const digits = [0, 1, 2].find((n) => Math.abs(by * 10 ** n - Math.round(by * 10 ** n)) < 1e-6) ?? 3;
  const text = fixed(shown, digits);
  return unit === undefined ? text : `${text} ${inSeconds ? "s" : unit}`;
}

function axes(unit: Props["unit"], range: number): uPlot.Axis[] {
  const look = {
    stroke: color("--muted"),
    font: FONT,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...look,
      grid: { show: false },
      space: 70,
      size: 26,
      values: (_u: uPlot, splits: number[]) => splits.map((time) => timeText(time, range)),
    },
    {
      ...look,
      size: 58,
      space: 34,
      values: (_u: uPlot, splits: number[], _axis: number, _space: number, step: number) =>
        splits.map((v) => axisText(v, step, unit)),
    },
  ];
}

function options(props: Props, width: number, hover: (at: number | null) => void): uPlot.Options {
  const range = lengthOf(props);
  return {
    width,
    height: props.height ?? HEIGHT,
    padding: [8, 14, 0, 0],
    cursor: {
      sync: { key: "time" },
      drag: { x: !props.isFixed, y: false, setScale: false },
      points: { size: 6 },
    },
    legend: { show: false },
    scales: {
      x: { range: (_u, first, last) => [first - props.step / 2, last + props.step / 2] },
      y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: axes(props.unit, range),
    series: [
      {},
      ...props.lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: 1.5,
        fill: line.fill ? color(line.color, 0.12) : undefined!,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [(u) => hover(u.cursor.idx ?? null)],
      drawClear: [(u) => drawMarks(u, props.marks)],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          const from = Math.floor(u.posToVal(u.select.left, "x"));
          const to = Math.ceil(u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          setRange({ from: String(from), to: String(Math.max(to, from + 2 * props.step)) });
        },
      ],
    },
  };
}

/** A point stands in the middle of the time that it is of. */
const dataOf = (props: Props): uPlot.AlignedData => [
  props.times.map((time) => time + props.step / 2),
  ...props.lines.map((line) => line.values),
];

const last = (values: Values) => values.filter((v) => v !== null).at(-1) ?? null;
const highest = (values: Values) => values.reduce<number>((m, v) => Math.max(m, v ?? 0), 0);

export function TimeChart(props: Props) {
  const isEmpty = props.lines.every((line) => line.values.every((value) => value === null));
  if (isEmpty) {
    return (
      <figure class="chart">
        <figcaption>{props.title}</figcaption>
        <p class="muted">Nothing in this time.</p>
      </figure>
    );
  }
  return <Drawn {...props} />;
}

function Drawn(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const current = useRef(props);
  const drawn = useRef<Line[] | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const height = props.height ?? HEIGHT;
  current.current = props;
  const shape = [
    ...props.lines.map((line) => line.label),
    props.step,
    lengthOf(props) > SHOWS_DAYS,
    JSON.stringify(props.marks),
  ].join("|");

  useLayoutEffect(() => { // with the rest of the page, not a frame later
    const make = () => {
      chart.current?.destroy();
      const { current: now } = current;
      drawn.current = now.lines;
      chart.current = new uPlot(
        options(now, box.current!.clientWidth, setAt),
        dataOf(now),
        box.current!,
      );
    };
    make();
    const resize = new ResizeObserver(() => {
      const width = box.current?.clientWidth ?? 0;
      if (width > 0 && chart.current !== null && chart.current.width !== width) {
        chart.current.setSize({ width, height });
      }
    });
    resize.observe(box.current!);
    scheme.addEventListener("change", make);
    return () => {
      resize.disconnect();
      scheme.removeEventListener("change", make);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shape]);

  useLayoutEffect(() => {
    if (drawn.current !== props.lines) chart.current?.setData(dataOf(props));
    drawn.current = props.lines;
  }, [props.times, props.lines]);

  const summary = props.lines
    .map((l) => `${l.label} ${props.format(last(l.values))}, at most ${props.format(highest(l.values))}`)
    .join("; ");
  return (
    <figure class="chart">
      <figcaption>
        {props.title}
        <span class="keys">
          {at !== null && props.times[at] !== undefined && <span>{clock(props.times[at])}</span>}
          {props.lines.map((line) => (
            <span key={line.label}>
              {props.lines.length > 1 && (
                <span class="swatch" style={{ background: `var(${line.color})` }} aria-hidden="true" />
              )}
              {props.lines.length > 1 && `${line.label} `}
              <b>{props.format(at === null ? last(line.values) : line.values[at])}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} style={{ height }} role="img" aria-label={`${props.title}: ${summary}`} />
    </figure>
  );
}

/** A small chart for a table's row. */
export function Spark({ values, label }: { values: Values; label: string }) {
  const top = highest(values);
  const width = 120;
  const height = 24;
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const points = values.flatMap((v, i) => {
    if (v === null) return [];
    const y = height - 1 - (top > 0 ? (v / top) * (height - 3) : 0);
    return [`${(i * step).toFixed(1)},${y.toFixed(1)}`];
  });
  if (points.length === 0) return <span class="muted">–</span>;
  const [left] = points[0]!.split(",");
  const [right] = points.at(-1)!.split(",");
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <polygon points={`${left},${height} ${points.join(" ")} ${right},${height}`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}

function edgeText(ms: number): string {
  return ms >= 1000 ? `${+(ms / 1000).toPrecision(2)} s` : `${+ms.toPrecision(2)} ms`;
}

/** How long requests took, all of them: time to the right, duration upwards, a stronger colour is more. */
export function HeatMap({
  heat,
  times,
  step,
  marks,
  what,
}: {
  heat: Heat;
  times: number[];
  step: number;
  marks: Marks;
  what: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const rows = heat.edges_ms.length;

  useLayoutEffect(() => {
    if (canvas.current === null) return;
    const draw = () => drawHeat(canvas.current!, heat, times, step, marks);
    const resize = new ResizeObserver(draw);
    resize.observe(canvas.current); // draws it for the first time, too
    scheme.addEventListener("change", draw);
    return () => {
      resize.disconnect();
      scheme.removeEventListener("change", draw);
    };
  }, [heat, times, marks]);

  if (rows === 0) return <p class="muted">Nothing in this time.</p>;
  return (
    <figure class="chart">
      <figcaption>
        Latency of all {what}{" "}
        <small>each column is a stretch of time, each cell how many took so long: stronger is more</small>
      </figcaption>
      <canvas
        ref={canvas}
        class="heat"
        role="img"
        aria-label={`Latency of all ${what} over time, from ${edgeText(heat.edges_ms[0]!)} to ${edgeText(heat.edges_ms[rows - 1]!)}`}
      />
    </figure>
  );
}

const HEAT_LEFT = 58;
const HEAT_TOP = 8;
const HEAT_BOTTOM = 24;

const MINUTE = 60;
const DAY = 86_400;
const TIME_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 180, 360, 720].map((n) => n * MINUTE);

/** Times of day that people say, at most `most` of them between these two. */
function roundTimes(from: number, to: number, most: number): number[] {
  const by =
    TIME_STEPS.find((seconds) => (to - from) / seconds <= most) ??
    Math.ceil((to - from) / DAY / most) * DAY;
  const zone = new Date(from * 1000).getTimezoneOffset() * MINUTE;
  const times = [];
  for (let at = Math.ceil((from - zone) / by) * by + zone; at < to; at += by) {
    if (at - from > by / 4 && to - at > by / 8) times.push(at);
  }
  return times;
}

function drawHeat(canvas: HTMLCanvasElement, heat: Heat, times: number[], step: number, marks: Marks): void {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const ctx = canvas.getContext("2d")!;
  ctx.scale(ratio, ratio);
  ctx.clearRect(0, 0, width, height);
  const rows = heat.edges_ms.length;
  const columns = times.length;
  const w = (width - HEAT_LEFT) / columns;
  const h = (height - HEAT_TOP - HEAT_BOTTOM) / rows;
  const y = (row: number) => height - HEAT_BOTTOM - (row + 1) * h;
  const rgb = color("--heat");
  heat.counts.forEach((counts, i) => {
    if (counts === null) return;
    const most = Math.max(1, ...counts);
    counts.forEach((n, row) => {
      if (n === 0) return;
      ctx.fillStyle = `rgb(${rgb} / ${0.1 + 0.9 * Math.sqrt(n / most)})`;
      ctx.fillRect(HEAT_LEFT + i * w, y(row), Math.max(1, w - (w > 4 ? 1 : 0)), Math.max(1, h - 1));
    });
  });
  ctx.fillStyle = color("--muted");
  ctx.font = FONT;
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  const every = Math.ceil(rows / Math.max(1, Math.floor((height - HEAT_TOP - HEAT_BOTTOM) / 26)));
  for (let row = 0; row < rows; row += every) {
    ctx.fillText(edgeText(heat.edges_ms[row]!), HEAT_LEFT - 8, y(row) + h);
  }
  const first = times[0]!;
  const plot: Plot = {
    left: HEAT_LEFT,
    top: HEAT_TOP,
    width: width - HEAT_LEFT,
    height: height - HEAT_TOP - HEAT_BOTTOM,
    ratio: 1,
    xOf: (time) => HEAT_LEFT + ((time - first) / step) * w,
  };
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const time of roundTimes(first, first + columns * step, Math.max(2, Math.floor(width / 110)))) {
    ctx.fillText(timeText(time, columns * step), plot.xOf(time), height - HEAT_BOTTOM + 6);
  }
  drawDeploys(ctx, plot, marks.deploys);
}
