"use strict";
// Draws what the data say: every figure is worked out before, in Java. Texts are set as text, never as HTML.
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const charts = [];

  // --- small helpers

  function element(parent, tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    parent.append(made);
    return made;
  }

  function number(value) {
    if (!Number.isInteger(value) && Math.abs(value) < 1000) return String(Number(value.toPrecision(3)));
    value = Math.round(value);
    return Math.abs(value) < 10000 ? String(value) : value.toLocaleString("en");
  }

  function bytes(value) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
    return number(value) + " " + units[unit];
  }

  // --- colours: one for each key on the whole page, in the order in which keys come; marks differ too

  const slots = new Map();
  const marks = ["circle", "triangle", "rect", "rectRot", "star", "crossRot", "rectRounded", "cross"];

  function property(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  function slot(key) {
    if (!slots.has(key)) slots.set(key, slots.size);
    return slots.get(key);
  }

  function colour(series, index) {
    if (series.marks === "limit") return property("--text");
    if (series.step === undefined) {
      const all = property("--slots").split(" ");
      return all[index % all.length];
    }
    const ramp = property("--ramp").split(" ");
    const at = series.step * (ramp.length - 1);
    const below = Math.min(Math.floor(at), ramp.length - 2);
    return mix(ramp[below], ramp[below + 1], at - below);
  }

  function mix(from, to, share) {
    const part = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
    return "rgb(" + [0, 1, 2].map(i => Math.round(part(from, i) * (1 - share) + part(to, i) * share)).join(",") + ")";
  }

  // --- axes

  /** Marks of a logarithmic axis: 1, 2, 5 of each decade, or tens alone where that is too many; few and even ones in a narrow range. */
  function logTicks(min, max) {
    if (max / min < 8) return evenTicks(min, max);
    const ticks = [];
    for (let decade = Math.floor(Math.log10(min)); decade <= Math.ceil(Math.log10(max)); decade++) {
      for (const step of [1, 2, 5]) ticks.push(Number((step * 10 ** decade).toPrecision(1)));
    }
    const inside = ticks.filter(t => t >= min * 0.999 && t <= max * 1.001);
    return inside.length <= 10 ? inside : inside.filter(t => Number.isInteger(Math.round(Math.log10(t) * 1e6) / 1e6));
  }

  function evenTicks(min, max) {
    const rough = (max - min) / 6;
    const decade = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(s => s * decade).find(s => s >= rough);
    const ticks = [];
    for (let i = Math.ceil(min / step); i * step <= max * 1.0001; i++) ticks.push(Number((i * step).toPrecision(6)));
    return ticks;
  }

  function byteTicks(min, max) {
    const from = Math.ceil(Math.log2(min) - 0.01), to = Math.floor(Math.log2(max) + 0.01);
    const step = Math.max(1, Math.ceil((to - from) / 7));
    const ticks = [];
    for (let power = Math.ceil(from / step) * step; power <= to; power += step) ticks.push(2 ** power);
    return ticks;
  }

  function axis(spec, bars) {
    const scale = {
      type: spec.scale === "log" ? "logarithmic" : spec.scale,
      title: { display: spec.title !== "", text: spec.title, color: () => property("--text") },
      grid: { color: () => property("--grid") },
      border: { color: () => property("--edge") },
      ticks: { color: () => property("--quiet"), maxRotation: 0, autoSkip: !bars },
    };
    if (spec.scale === "category") {
      scale.labels = spec.labels;
      scale.offset = true;
      return scale;
    }
    scale.ticks.callback = spec.bytes ? bytes : number;
    if (spec.scale === "linear") scale.beginAtZero = spec.zero;
    else scale.afterBuildTicks = made => {
      made.ticks = (spec.bytes ? byteTicks : logTicks)(made.min, made.max).map(value => ({ value }));
    };
    return scale;
  }

  /** A logarithmic axis a little wider than what is on it, rather than up to the next decade. */
  function fit(scale, spec, values) {
    if (spec.scale !== "log" || values.length === 0) return;
    const min = Math.min(...values), max = Math.max(...values);
    const margin = Math.max(1.05, (max / min) ** 0.04);
    scale.min = min / margin;
    scale.max = max * margin;
  }

  // --- charts

  /** Level limits cross the whole plot, wherever the categories are. */
  const levels = {
    id: "levels",
    beforeDatasetsDraw(chart) {
      const area = chart.chartArea, context = chart.ctx;
      chart.data.datasets.forEach((dataset, i) => {
        if (dataset.level === undefined || !chart.isDatasetVisible(i)) return;
        const y = chart.scales.y.getPixelForValue(dataset.level);
        context.save();
        context.strokeStyle = property("--text");
        context.lineWidth = 1.5;
        context.setLineDash([6, 4]);
        context.beginPath();
        context.moveTo(area.left, y);
        context.lineTo(area.right, y);
        context.stroke();
        context.restore();
      });
    },
  };

  function place(chart, value, bars) {
    const x = chart.x.scale === "category" ? chart.x.labels[value[0]] : value[0];
    // Bars lie on their sides, so that their names can be read.
    return bars ? { y: x, x: value[1], tip: value[2] } : { x, y: value[1], tip: value[2] };
  }

  function datasets(chart, variant, chosen) {
    const bars = chart.style === "bars";
    const named = (chart.filters || []).indexOf("N");
    return variant.series.map((series, position) => {
      const limit = series.marks === "limit";
      const line = limit || series.marks !== "points";
      const points = series.points.filter(p => !p[3] || chosen.every((c, i) => c === "" || p[3][i] === c));
      const index = limit || series.step !== undefined ? 0 : series.colour === undefined ? position : slot(series.colour);
      const paint = () => colour(series, index);
      const radius = limit ? 0 : line ? 3.5 : named < 0 ? 3 : points.map(p => 2.5 + 0.45 * Math.log2(Number(p[3][named])));
      const made = {
        label: series.name, data: points.map(p => place(chart, p, bars)), showLine: line, borderColor: paint,
        backgroundColor: series.marks === "points" ? () => paint() + "99" : paint, borderWidth: bars ? 0 : limit ? 1.5 : 2, borderDash: limit ? [6, 4] : index >= 8 ? [3, 3] : [],
        pointStyle: limit ? "line" : bars ? "rect" : marks[index % marks.length], pointRadius: radius,
        pointHoverRadius: limit ? 0 : 6, pointHitRadius: 6, order: limit ? 1 : 0,
      };
      if (bars) Object.assign(made, { maxBarThickness: 16, categoryPercentage: 0.75, barPercentage: 0.9 });
      if (limit && chart.x.scale === "category") Object.assign(made, { level: series.points[0][1], showLine: false });
      return made;
    });
  }

  function draw(parent, spec) {
    const bars = spec.style === "bars";
    element(parent, "h4", "", spec.title);
    if (spec.note) element(parent, "p", "note", spec.note);
    const choices = element(parent, "div", "choices");
    let variant = spec.variants[spec.start];
    const chosen = (spec.filters || []).map(() => "");
    const box = element(parent, "div", "canvas" + (spec.filters && spec.filters.length > 2 ? " tall" : ""));
    if (bars) box.style.height = 5 + variant.series.length * spec.x.labels.length * 1.1 + spec.x.labels.length * 0.6 + "rem";
    const canvas = element(box, "canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", spec.title);
    const x = axis(spec.x, bars), y = axis(spec.y, false);
    // Axes stay as they are when another variant is looked at or points are left out, so that pictures compare.
    const values = i => spec.variants.flatMap(v => v.series.flatMap(s => s.points.map(p => p[i])));
    fit(x, spec.x, values(0));
    fit(y, spec.y, values(1));
    if (spec.y.scale === "linear") y.suggestedMax = Math.max(...values(1)) * 1.02;
    const chart = new Chart(canvas, {
      type: bars ? "bar" : "scatter",
      data: { datasets: datasets(spec, variant, chosen) },
      plugins: [levels],
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, indexAxis: bars ? "y" : "x",
        interaction: { mode: "nearest", intersect: true, axis: "xy" },
        scales: bars ? { y: x, x: y } : { x, y },
        plugins: {
          legend: { position: "bottom", labels: { color: () => property("--text"), usePointStyle: true, boxWidth: 22, boxHeight: 7 } },
          tooltip: {
            displayColors: false,
            callbacks: { title: () => "", label: item => item.raw.tip.split("\n") },
          },
        },
      },
    });
    charts.push(chart);
    const redraw = () => {
      chart.data.datasets = datasets(spec, variant, chosen);
      chart.update();
    };
    if (spec.variants.length > 1) {
      select(choices, spec.choice, spec.variants.map(v => v.name), spec.start, at => { variant = spec.variants[at]; redraw(); });
    }
    (spec.filters || []).forEach((name, i) => {
      const tags = [...new Set(variant.series.flatMap(s => s.points.map(p => p[3] && p[3][i])).filter(Boolean))];
      if (tags.length < 2) return;
      tags.sort((a, b) => parseFloat(a) - parseFloat(b) || (a < b ? -1 : 1));
      select(choices, name, ["all", ...tags], 0, at => { chosen[i] = at === 0 ? "" : tags[at - 1]; redraw(); });
    });
    if (!choices.firstChild) choices.remove();
  }

  function select(parent, name, options, start, changed) {
    const label = element(parent, "label", "", name);
    const list = element(label, "select");
    options.forEach(o => element(list, "option", "", o));
    list.selectedIndex = start;
    list.addEventListener("change", () => changed(list.selectedIndex));
  }

  // --- tables

  function heat(parent, spec) {
    element(parent, "h4", "", spec.title);
    if (spec.note) element(parent, "p", "note", spec.note);
    const table = element(element(parent, "div", "scroll"), "table", "heat");
    const head = element(element(table, "thead"), "tr");
    element(head, "th", "", spec.corner);
    spec.columns.forEach(c => element(head, "th", "", c).scope = "col");
    const body = element(table, "tbody");
    for (const row of spec.rows) {
      const line = element(body, "tr");
      element(line, "th", "", row.name).scope = "row";
      for (const cell of row.cells) {
        const made = element(line, "td", "", cell ? cell.text : "");
        if (!cell) continue;
        made.title = cell.tip;
        made.style.background = shade(spec.scale, cell.value);
      }
    }
  }

  /** Strongest at a factor of 3 either way, or at the whole share. */
  function shade(scale, value) {
    const strength = scale === "share" ? value : Math.log(value) / Math.log(3);
    const percent = Math.round(Math.min(1, Math.abs(strength)) * 75);
    return "color-mix(in srgb, var(" + (strength < 0 ? "--down" : "--up") + ") " + percent + "%, var(--surface))";
  }

  function facts(parent, spec) {
    element(parent, "h4", "", spec.title);
    const list = element(parent, "dl");
    for (const [name, value] of spec.pairs) {
      element(list, "dt", "", name);
      element(list, "dd", "", value);
    }
  }

  const FIRST_ROWS = 60;

  function table(parent, spec) {
    element(parent, "h4", "", spec.title);
    if (spec.note) element(parent, "p", "note", spec.note);
    const search = spec.all ? element(parent, "input", "search") : null;
    const count = spec.all ? element(parent, "p", "note") : null;
    const made = element(element(parent, "div", "scroll"), "table");
    const numeric = spec.columns.map((c, i) => spec.rows.some(r => typeof r[i] === "number"));
    // What has no header is a list of names and values.
    if (spec.columns.some(c => c !== "")) {
      const head = element(element(made, "thead"), "tr");
      spec.columns.forEach((name, i) => {
        const th = element(head, "th", numeric[i] ? "number" : "");
        th.scope = "col";
        const button = element(th, "button", "", name);
        button.type = "button";
        button.addEventListener("click", () => sort(i));
      });
    }
    const body = element(made, "tbody");
    const more = element(parent, "button", "more");
    more.type = "button";
    let sorted = spec.rows, all = false, by = -1, down = false;

    function sort(column) {
      down = by === column && !down;
      by = column;
      made.querySelectorAll("th").forEach((th, i) => {
        if (i === column) th.setAttribute("aria-sort", down ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
      });
      sorted = [...spec.rows].sort((a, b) => order(a[column], b[column]) * (down ? -1 : 1));
      fill();
    }

    function fill() {
      const words = search ? search.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
      const fitting = sorted.filter(row => {
        const text = words.length ? row.map(shown).join(" ").toLowerCase() : "";
        return words.every(w => text.includes(w));
      });
      body.replaceChildren();
      for (const row of all ? fitting : fitting.slice(0, FIRST_ROWS)) {
        const line = element(body, "tr");
        row.forEach((value, i) => {
          const text = shown(value);
          element(line, "td", numeric[i] ? "number" : text.length > 60 ? "long" : "", text);
        });
      }
      if (count) count.textContent = fitting.length + " of " + spec.rows.length + " rows";
      more.hidden = all || fitting.length <= FIRST_ROWS;
      more.textContent = "Show all " + fitting.length + " rows";
    }

    more.addEventListener("click", () => { all = true; fill(); });
    if (search) {
      search.type = "search";
      search.placeholder = "Words that a row must have, such as: culebra 4096x4096 cold";
      search.setAttribute("aria-label", "Filter rows");
      search.addEventListener("input", fill);
    }
    fill();
  }

  function shown(value) {
    if (value === null) return "";
    if (typeof value === "number") return number(value);
    if (typeof value === "boolean") return value ? "yes" : "no";
    return value;
  }

  function order(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
    return a - b;
  }

  // --- the page

  function parts(parent, list) {
    const grid = element(parent, "div", "parts");
    const single = list.filter(p => p.kind !== "note").length === 1;
    for (const part of list) {
      const wide = part.kind === "note" || part.all || part.kind === "table" && part.columns.length > 5 || single;
      const box = element(grid, part.kind === "note" ? "p" : "div", "part " + part.kind + (wide ? " wide" : ""));
      if (part.kind === "note") box.textContent = part.text;
      else if (part.kind === "chart") draw(box, part);
      else if (part.kind === "heat") heat(box, part);
      else if (part.kind === "facts") facts(box, part);
      else table(box, part);
    }
  }

  function link(list, id, text) {
    const a = element(element(list, "li"), "a", "", text);
    a.href = "#" + id;
  }

  function page() {
    const main = document.getElementById("main"), contents = document.getElementById("contents");
    document.getElementById("files").textContent = "From " + data.files.join(", ");
    for (const machine of data.machines) {
      element(contents, "strong", "", machine.title);
      const links = element(contents, "ul");
      const section = element(main, "section");
      section.id = machine.id;
      element(section, "h2", "", machine.title);
      const tiles = element(section, "div", "tiles");
      for (const tile of machine.tiles) {
        const box = element(tiles, "div", "tile" + (tile.good === undefined ? "" : tile.good ? " good" : " bad"));
        element(box, "div", "label", tile.label);
        element(box, "div", "value", tile.value);
        if (tile.note) element(box, "div", "small", tile.note);
      }
      parts(section, machine.about);
      for (const one of machine.sections) {
        link(links, one.id, one.title);
        const inner = element(section, "section");
        inner.id = one.id;
        element(inner, "h3", "", one.title);
        if (one.intro) element(inner, "p", "intro", one.intro);
        parts(inner, one.parts);
      }
    }
  }

  function repaint() {
    charts.forEach(chart => chart.update("none"));
  }

  function theme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    repaint();
  }

  /** Points that lie within their plots; for whoever tests this page. */
  function told() {
    let drawn = 0, lost = 0;
    for (const chart of charts) {
      const area = chart.chartArea;
      chart.data.datasets.forEach((dataset, i) => chart.getDatasetMeta(i).data.forEach(point => {
        const inside = point.x >= area.left - 1 && point.x <= area.right + 1 && point.y >= area.top - 1 && point.y <= area.bottom + 1;
        if (inside) drawn++;
        else lost++;
      }));
    }
    Object.assign(root.dataset, { charts: charts.length, points: drawn, lost });
  }

  Chart.defaults.font.family = "system-ui, sans-serif";
  page();
  document.getElementById("theme").addEventListener("click", theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  // Paper is white.
  let before;
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; repaint(); charts.forEach(c => c.resize()); });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    repaint();
  });
  told();
})();
