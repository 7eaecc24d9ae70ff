// Draws an experiment as SVG: on the server, without a browser, the same bytes each time.
import * as echarts from "echarts";

const SIZE = { width: 760, height: 340 };
const COLOURS = ["#0b5fa5", "#d1495b", "#3a7d44", "#8d6a9f"];
const TEXT = { color: "#333", fontFamily: "sans-serif" };

export function svgOf({ title, x, y, isLog = false, isStepped = false }, { lines, bars, groups }) {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  const category =
    lines === undefined ? { type: "category", data: bars.map(({ name }) => name) } : { type: "value" };
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    color: COLOURS,
    textStyle: TEXT,
    title: { text: title, left: 10, top: 8, textStyle: { ...TEXT, fontSize: 15 } },
    legend: { top: 34, left: 10, textStyle: TEXT },
    grid: { left: 64, right: 24, top: 70, bottom: 48 },
    xAxis: { ...category, name: x, nameLocation: "middle", nameGap: 28, axisLabel: TEXT },
    yAxis: { type: isLog ? "log" : "value", name: y, nameLocation: "middle", nameGap: 46, axisLabel: TEXT },
    series: lines?.map(lineOf(isStepped)) ?? groups.map((name, index) => barOf(name, bars, index)),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replaceAll(/zr\d+-/g, "s-")}\n`;
}

const lineOf =
  (isStepped) =>
  ({ name, points }) => ({
    name,
    type: "line",
    data: points,
    showSymbol: points.length < 12,
    ...(isStepped ? { step: "end" } : {}),
  });

function barOf(name, bars, index) {
  return {
    name,
    type: "bar",
    data: bars.map(({ values }) => values[index]),
    label: { show: true, position: "top" },
  };
}
