"use strict";
// The page without this script has every table; this sorts and filters, and draws curves and maps.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MOST_LINES = 12; // more cannot be told apart
  const MOST_MAPS = 12;
  const MOST_CELLS = 60; // of a map, epochs side by side
  const $ = (id) => document.getElementById(id);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (hue) => css(hue < 0 ? "--ink" : `--c${hue}`);
  const PALETTE = 8;
  const plots = new Set(); // they take their colours from the theme

  function node(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // The theme: what the system prefers, until the button is pressed.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  function theme() {
    const now = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = now;
    $("theme").textContent = now === "dark" ? "Light theme" : "Dark theme";
    plots.forEach((plot) => plot.redraw(false));
  }
  dark.addEventListener("change", theme);
  $("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    theme();
  });

  const shown = (value) =>
    value === null || value === undefined ? "" : String(Number(value.toPrecision(4)));

  // Each line keeps its own colour, unless another that is drawn has it already.
  function coloured(lines) {
    const taken = new Map();
    return lines.map((line) => {
      let hue = line.hue;
      if (hue >= 0) {
        const free = [...Array(PALETTE).keys()].map((i) => (line.hue + i) % PALETTE);
        hue = free.find((each) => !taken.has(each)) ?? line.hue;
      }
      const before = taken.get(hue) ?? 0;
      taken.set(hue, before + 1);
      return { ...line, hue, dash: [[], [6, 4], [2, 3]][Math.min(before, 2)] };
    });
  }

  // A chart of lines {label, x, mean, half, hue} with its legend.
  // Hidden lines stay hidden by their labels when others are drawn.
  function chart(place, about) {
    let plot = null;
    const hidden = new Set();

    function draw(lines, options) {
      plots.delete(plot);
      plot?.destroy();
      plot = null;
      place.replaceChildren();
      if (!lines.length) {
        place.append(node("p", { class: "empty" }, "Nothing to draw: no row shown has this."));
        return;
      }
      const told = coloured(lines);
      const x = [...new Set(told.flatMap((line) => line.x))].sort((a, b) => a - b)
        .filter((value) => !options.logX || value > 0);
      const columns = [x];
      const series = [{ label: options.x }];
      const bands = [];
      const good = (value) => (value === null || (options.logY && !(value > 0)) ? null : value);
      const means = [];
      told.forEach((line) => {
        const at = new Map(line.x.map((value, i) => [value, i]));
        const pick = (value) => x.map((each) => {
          const i = at.get(each);
          return i === undefined ? undefined : good(value(i));
        });
        const show = !hidden.has(line.label);
        means.push(columns.length);
        columns.push(pick((i) => line.mean[i]));
        series.push({
          label: line.label, show, stroke: () => colour(line.hue), width: 1.75, dash: line.dash,
          points: { show: line.x.length === 1 || options.points, fill: () => css("--paper") },
        });
        if (line.half) {
          const above = columns.length;
          const edge = { show, stroke: "transparent", width: 0, points: { show: false } };
          columns.push(pick((i) => (line.half[i] === null ? null : line.mean[i] + line.half[i])));
          // A lower edge below zero has no logarithm: the band then reaches down to the line.
          columns.push(pick((i) => {
            if (line.half[i] === null) return null;
            const low = line.mean[i] - line.half[i];
            return options.logY && low <= 0 ? line.mean[i] : low;
          }));
          series.push({ ...edge }, { ...edge });
          const tint = () => `${colour(line.hue)}33`;
          bands.push({ series: [above, above + 1], fill: tint });
        }
      });

      const area = node("div", {
        class: "plot", tabindex: "0", role: "application",
        "aria-label": `${about}: ${options.y} against ${options.x}. Left and right arrows read values.`,
      });
      const readout = node("p", { class: "readout" }, "Hover, or focus the chart and use arrow keys.");
      const legend = node("div", { class: "legend", role: "group", "aria-label": "Lines" });
      place.append(area, readout, legend);

      const values = told.map((line, i) => {
        const { hue, dash } = line;
        const swatch = drawn("svg", { width: 22, height: 10, "aria-hidden": "true" },
          drawn("line", {
            x1: 0, x2: 22, y1: 5, y2: 5, "stroke-width": 3, "stroke-dasharray": dash.join(" "),
            style: `stroke: var(${hue < 0 ? "--ink" : `--c${hue}`})`,
          }));
        const value = node("span", { class: "value" });
        const button = node("button", { type: "button", "aria-pressed": String(!hidden.has(line.label)) },
          swatch, line.label, value);
        button.addEventListener("click", () => {
          if (!hidden.delete(line.label)) hidden.add(line.label);
          const show = !hidden.has(line.label);
          button.setAttribute("aria-pressed", String(show));
          const last = line.half ? means[i] + 2 : means[i];
          for (let s = means[i]; s <= last; s++) plot.setSeries(s, { show });
        });
        legend.append(button);
        return value;
      });

      function read(u) {
        const i = u.cursor.idx;
        if (i === null || i === undefined) return;
        told.forEach((line, l) => {
          const mean = columns[means[l]][i];
          const half = line.half && columns[means[l] + 1][i];
          const band = typeof half === "number" ? ` ± ${shown(half - mean)}` : "";
          values[l].textContent = typeof mean === "number" ? shown(mean) + band : "";
        });
        readout.textContent = `${options.x} ${shown(x[i])}`;
      }

      const axis = {
        stroke: () => css("--soft"), grid: { stroke: () => css("--line"), width: 1 },
        ticks: { stroke: () => css("--line"), width: 1 }, font: "12px system-ui, sans-serif",
        labelFont: "13px system-ui, sans-serif",
      };
      const size = () => ({ width: Math.max(area.clientWidth, 240), height: 340 });
      plot = new uPlot({
        ...size(), series, bands,
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 7 } },
        scales: {
          x: {
            time: false, distr: options.logX ? 3 : 1,
            ...(x.length === 1 ? { range: [x[0] / 2, x[0] * 2 || 1] } : {}),
          },
          y: { distr: options.logY ? 3 : 1, ...(options.range ? { range: options.range } : {}) },
        },
        axes: [
          { ...axis, label: options.x },
          { ...axis, label: options.y, size: 64, values: (u, ticks) => ticks.map((t) => shown(t)) },
        ],
        hooks: { setCursor: [read] },
      }, columns, area);

      plots.add(plot);

      let at = 0;
      area.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        readout.setAttribute("aria-live", "polite");
        at = Math.min(x.length - 1, Math.max(0, (plot.cursor.idx ?? at) + step));
        plot.setCursor({ left: plot.valToPos(x[at], "x"), top: 10 });
        const spoken = told.filter((line) => !hidden.has(line.label))
          .map((line) => `${line.label} ${values[told.indexOf(line)].textContent}`);
        readout.textContent = `${options.x} ${shown(x[at])}: ${spoken.join("; ")}`;
      });
      area.dataset.ready = "true";
      resize = () => plot?.setSize(size());
    }

    let resize = () => {};
    addEventListener("resize", () => resize());
    return { draw };
  }

  theme();
  if ($("table")) runs();
  if ($("attacked")) attacks();

  function runs() {
    const body = $("table").tBodies[0];
    const heads = [...$("table").tHead.rows[0].cells];
    const rows = [...body.rows].map((row) => ({
      row,
      group: data.groups[Number(row.dataset.id)],
      text: `${row.textContent} ${row.cells[0].title}`.toLowerCase(),
      source: row.dataset.source,
    }));
    let visible = rows;
    const lines = chart($("chart"), "Curves");

    const key = (row, i) => {
      const { key: number } = row.cells[i].dataset;
      return number === undefined ? row.cells[i].textContent : Number(number);
    };
    function compare(a, b) {
      const missing = (value) => value === "";
      if (missing(a) || missing(b)) return missing(a) - missing(b); // last, either way
      if (typeof a === "number" && typeof b === "number") return a - b;
      return String(a).localeCompare(String(b), "en", { numeric: true });
    }
    heads.forEach((head, i) => head.firstElementChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => {
        const [x, y] = [key(a.row, i), key(b.row, i)];
        const order = compare(x, y);
        return x === "" || y === "" || !down ? order : -order;
      });
      body.append(...rows.map((each) => each.row));
      filter();
    }));

    function filter() {
      const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      const source = $("source")?.value ?? "";
      visible = rows.filter((each) =>
        (!source || each.source === source) && words.every((word) => each.text.includes(word)));
      const kept = new Set(visible);
      rows.forEach((each) => { each.row.hidden = !kept.has(each); });
      $("count").textContent = `${visible.length} of ${rows.length} rows`;
      choices();
    }

    // Quantities that any visible row has; the one that was chosen stays if it can.
    function choices() {
      const had = new Set();
      visible.forEach((each) => Object.keys(each.group.curves).forEach((m) => had.add(Number(m))));
      const names = data.metrics.filter((_, i) => had.has(i));
      // A run may have measured its test score after the last epoch alone, which is no curve.
      const long = names.filter((n) => visible.some(({ group }) =>
        (group.curves[data.metrics.indexOf(n)]?.[1].length ?? 0) > 1));
      const usual = long.find((n) => /^test .*\(%\)$/.test(n)) ??
        long.find((n) => /^validation .*\(%\)$/.test(n)) ??
        long.find((n) => n.startsWith("validation")) ?? long[0];
      fill($("metric"), names, usual);
      const maps = [...new Set(names.filter((n) => /, layer \d+$/.test(n))
        .map((n) => n.replace(/, layer \d+$/, "")))];
      fill($("statistic"), maps, maps.find((n) => n === "alignment, cosine"));
      $("alignment").hidden = !maps.length;
      $("to-alignment").hidden = !maps.length;
      curves();
      heat();
    }

    function fill(select, names, usual) {
      const before = select.value;
      select.replaceChildren(...names.map((name) => node("option", {}, name)));
      select.value = names.includes(before) ? before : usual ?? names[0] ?? "";
    }

    const several = new Set(rows.map((each) => each.source)).size > 1;
    const named = (group) => several && !$("source")?.value
      ? `${group.label} (${group.source})` : group.label;

    function curves() {
      const metric = data.metrics.indexOf($("metric").value);
      const able = visible.filter((each) => each.group.curves[metric]);
      const told = able.slice(0, MOST_LINES).map(({ group }) => {
        const [epochs, mean, half] = group.curves[metric];
        return { label: named(group), x: group.epochs[epochs], mean, half, hue: group.hue };
      });
      lines.draw(told, {
        x: "epoch", y: $("metric").value, logX: $("log-x").checked, logY: $("log-y").checked,
      });
      if (able.length > MOST_LINES) {
        $("chart").append(node("p", { class: "readout" },
          `The first ${MOST_LINES} of ${able.length} rows are drawn; sort or filter the table to see others.`));
      }
    }

    // Scales of the maps: least and most, and the colours there and halfway.
    const ORANGE = [213, 94, 0], BLUE = [0, 114, 178], GREY = [222, 222, 222];
    function scale(name, values) {
      if (/cosine|agreement/.test(name)) {
        return name.includes("agreement") ? [0, 1, ORANGE, GREY, BLUE] : [-1, 1, ORANGE, GREY, BLUE];
      }
      if (name.includes("angle")) return [0, 180, BLUE, GREY, ORANGE];
      const finite = values.filter((v) => v !== null);
      return [Math.min(0, ...finite), Math.max(...finite, 1e-9), [240, 240, 240], [120, 180, 215], BLUE];
    }
    function shade([least, most, low, middle, high], value) {
      const part = Math.min(1, Math.max(0, (value - least) / (most - least)));
      const [from, to, t] = part < .5 ? [low, middle, 2 * part] : [middle, high, 2 * part - 1];
      return `rgb(${from.map((c, i) => Math.round(c + t * (to[i] - c))).join(",")})`;
    }

    function heat() {
      const name = $("statistic").value;
      const maps = visible.map(({ group }) => ({ group, layers: layersOf(group, name) }))
        .filter((each) => each.layers.length);
      const drawnMaps = maps.slice(0, MOST_MAPS);
      const values = drawnMaps.flatMap((each) => each.layers.flatMap(([, , mean]) => mean));
      const range = scale(name, values);
      $("scale").replaceChildren(...(values.length ? [legend(range, name)] : []));
      $("heat").replaceChildren(...drawnMaps.map((each) => map(named(each.group), each.layers, name, range)));
      if (maps.length > MOST_MAPS) {
        $("heat").append(node("p", { class: "readout" },
          `The first ${MOST_MAPS} of ${maps.length} rows are shown.`));
      }
    }

    function layersOf(group, name) {
      const found = [];
      data.metrics.forEach((metric, i) => {
        const match = metric.startsWith(`${name}, layer `) && group.curves[i];
        if (match && match[1].some((value) => value !== null)) {
          found.push([metric.slice(name.length + 2), group.epochs[match[0]], match[1]]);
        }
      });
      return found;
    }

    function legend(range, name) {
      const [least, most] = range;
      const steps = [...Array(41).keys()].map((i) => i / 40);
      const texts = [[least, "start", 0], [(least + most) / 2, "middle", 160], [most, "end", 320]];
      return drawn("svg", { viewBox: "0 0 320 30", role: "img", "aria-label": `Colours from ${least} to ${most}: ${name}` },
        ...steps.map((t, i) => drawn("rect", {
          x: i * 320 / 41, y: 0, width: 320 / 41 + .5, height: 12,
          fill: shade(range, least + t * (most - least)),
        })),
        ...texts.map(([value, anchor, x]) =>
          drawn("text", { x, y: 26, "text-anchor": anchor }, shown(value))));
    }

    function map(label, layers, name, range) {
      const epochs = layers[0][1];
      const kept = epochs.length <= MOST_CELLS ? epochs.map((_, i) => i)
        : [...Array(MOST_CELLS).keys()].map((i) => Math.round(i * (epochs.length - 1) / (MOST_CELLS - 1)));
      const [left, width, height] = [60, Math.max($("heat").clientWidth, 200), 18];
      const cell = (width - left) / kept.length;
      const parts = layers.flatMap(([layer, x, mean], l) => {
        const y = (layers.length - 1 - l) * height; // the first layer lowest, as networks are drawn
        const cells = kept.filter((i) => mean[i] !== null && mean[i] !== undefined).map((i) => {
          const column = kept.indexOf(i);
          return drawn("rect", {
            x: (left + column * cell).toFixed(2), y, width: (cell + .3).toFixed(2), height: height - 1,
            fill: shade(range, mean[i]),
          }, drawn("title", {}, `${layer}, epoch ${x[i]}: ${shown(mean[i])}`));
        });
        return [drawn("text", { x: 0, y: y + 13 }, layer), ...cells];
      });
      const bottom = layers.length * height + 14;
      const ends = layers.map(([layer, , mean]) => `${layer} ${shown(mean.at(-1))}`).join(", ");
      return node("figure", { class: "heat" }, node("figcaption", {}, label),
        drawn("svg", {
          viewBox: `0 0 ${width} ${bottom + 4}`, role: "img",
          "aria-label": `${name} of ${label}, by layer and epoch; in the last epoch: ${ends}`,
        }, ...parts,
        drawn("text", { x: left, y: bottom }, `epoch ${epochs[0]}`),
        drawn("text", { x: width, y: bottom, "text-anchor": "end" }, String(epochs.at(-1)))));
    }

    $("filter").addEventListener("input", filter);
    $("source")?.addEventListener("change", filter);
    ["metric", "log-x", "log-y"].forEach((id) => $(id).addEventListener("change", curves));
    $("statistic").addEventListener("change", heat);
    let wide = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth !== wide) heat();
      wide = innerWidth;
    });
    filter();
  }

  function attacks() {
    const lines = chart($("attack-chart"), "Accuracy under attack");
    function draw() {
      const { lines: told } = data.attacks[Number($("attacked").value)];
      lines.draw(told.map((line, i) => ({ ...line, label: line.name, hue: i % PALETTE })),
        { x: "eps, part of each feature's range", y: "accuracy (%)", points: true, range: [0, 100] });
    }
    $("attacked").addEventListener("change", draw);
    draw();
  }
})();
