/// The part of the report's script that shows values under the pointer and zooms; all of it by keyboard, too.
let chartScript = #"""
    // Axes

    function ticks(lower, upper, count, isLogarithmic) {
      if (isLogarithmic && upper / lower > 8) {
        const factors = upper / lower > 200 ? [1] : [1, 2, 5], found = [];
        for (let power = Math.floor(Math.log10(lower)); power <= Math.log10(upper); power++)
          for (const factor of factors) found.push(factor * 10 ** power);
        return found.filter((value) => value >= lower && value <= upper);
      }
      const rough = (upper - lower) / count, power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999);
      const found = [];
      for (let n = Math.ceil(lower / step - 1e-9); n * step <= upper + step * 1e-9; n++) found.push(n * step);
      return found;
    }

    function text(value, isPercent, range) {
      if (!Number.isFinite(value)) return "–";
      const shown = isPercent ? value * 100 : value, unit = isPercent ? " %" : "";
      if (range === undefined) return Number(shown.toPrecision(isPercent ? 4 : 5)).toLocaleString("en",
        { maximumSignificantDigits: 6 }) + unit;
      const decimals = clamp(1 - Math.floor(Math.log10(range * (isPercent ? 100 : 1))), 0, 7);
      return (shown !== 0 && Math.abs(shown) < 1e-4 ? shown.toExponential(1)
        : shown.toLocaleString("en", { maximumFractionDigits: decimals })) + unit;
    }

    class Chart {
      constructor(plot) {
        const data = plot.dataset, numbers = (text) => text.split(" ").map(Number);
        this.plot = plot;
        this.group = data.group;
        this.svg = plot.querySelector("svg");
        [this.start, this.end] = numbers(data.x);
        [this.bottom, this.top] = numbers(data.y);
        this.scale = data.scale;
        this.isPercent = "percent" in data;
        this.series = all(this.svg, "g").map((curve) => ({
          name: curve.dataset.name, color: curve.getAttribute("class"),
          x: curve.dataset.x ? numbers(curve.dataset.x) : [], y: curve.dataset.y ? numbers(curve.dataset.y) : [] }));
        this.stops = [...new Set(this.series.flatMap((series) => series.x))].sort((a, b) => a - b);
        this.parts = { rows: plot.querySelector(".rows"), columns: plot.querySelector(".columns"),
          grid: plot.querySelector(".grid") };
        this.whole = { rows: this.parts.rows.innerHTML, columns: this.parts.columns.innerHTML,
          grid: this.parts.grid.getAttribute("d") };
        for (const name of ["cursor", "band"]) this[name] = plot.appendChild(document.createElement("i"));
        this.tip = plot.appendChild(document.createElement("output"));
        this.cursor.className = "cursor"; this.band.className = "band"; this.tip.className = "tip";
        this.hide();
      }

      get view() { return views.get(this.group) ?? [this.start, this.end]; }

      /// How far up a value lies, 0 to 1.
      height(value) {
        return this.scale === "logarithmic" ? Math.log(value / this.bottom) / Math.log(this.top / this.bottom)
          : (value - this.bottom) / (this.top - this.bottom);
      }
      value(height) {
        return this.scale === "logarithmic" ? this.bottom * (this.top / this.bottom) ** height
          : this.bottom + height * (this.top - this.bottom);
      }

      /// Draws the part of the run that the view has.
      draw() {
        const [lower, upper] = this.view, width = this.end - this.start;
        let floor = 0, ceiling = 1;
        const isWhole = !views.has(this.group);
        this.plot.classList.toggle("zoomed", !isWhole);
        if (!isWhole && this.scale !== "stacked") {
          const heights = this.series.flatMap((series) => series.y.filter((value, n) => Number.isFinite(value)
            && (series.x[n + 1] ?? series.x[n]) >= lower && (series.x[n - 1] ?? series.x[n]) <= upper)
            .map((value) => clamp(this.height(value), 0, 1)));
          if (heights.length) {
            [floor, ceiling] = [Math.min(...heights), Math.max(...heights)];
            const margin = Math.max((ceiling - floor) * 0.08, 0.004);
            [floor, ceiling] = [Math.max(floor - margin, 0), Math.min(ceiling + margin, 1)];
          }
        }
        const left = (lower - this.start) / width * side, across = (upper - lower) / width * side;
        this.svg.setAttribute("viewBox", [left, (1 - ceiling) * side, across, (ceiling - floor) * side].join(" "));
        for (const sign of all(this.plot, ".sign")) {
          const place = (Number(sign.dataset.at) - lower) / (upper - lower);
          sign.style.left = place * 100 + "%";
          sign.hidden = place < -0.001 || place > 1.001;
        }
        if (isWhole) {
          this.parts.rows.innerHTML = this.whole.rows;
          this.parts.columns.innerHTML = this.whole.columns;
          this.parts.grid.setAttribute("d", this.whole.grid);
          return;
        }
        const low = this.value(floor), high = this.value(ceiling);
        const rows = ticks(low, high, 5, this.scale === "logarithmic");
        const columns = ticks(lower, upper, clamp(this.plot.clientWidth / 70, 2, 8), false);
        const label = (value, style, shown) => {
          const span = document.createElement("span");
          span.setAttribute("style", style);
          span.textContent = shown;
          return span;
        };
        this.parts.rows.replaceChildren(...rows.map((value) => label(value,
          `top:${(ceiling - this.height(value)) / (ceiling - floor) * 100}%`,
          text(value, this.isPercent, high - low))));
        this.parts.columns.replaceChildren(...columns.map((value) => label(value,
          `left:${(value - lower) / (upper - lower) * 100}%`, text(value, false, upper - lower))));
        const lines = rows.map((value) => `M0 ${(1 - this.height(value)) * side}h${side}`);
        this.parts.grid.setAttribute("d", lines.join(""));
      }

      /// The stop nearest to a value of the horizontal axis, by its place among them.
      nearest(value) {
        let best = 0;
        this.stops.forEach((stop, n) => {
          if (Math.abs(stop - value) < Math.abs(this.stops[best] - value)) best = n;
        });
        return best;
      }

      /// Shows a line at a stop, and with `values` what the curves are there.
      point(at, values) {
        const [lower, upper] = this.view, place = (at - lower) / (upper - lower);
        if (!(place >= 0 && place <= 1)) return this.hide();
        this.cursor.hidden = false;
        this.cursor.style.left = place * 100 + "%";
        this.tip.hidden = !values;
        if (!values) return;
        const line = (content, color) => {
          const row = document.createElement("span");
          row.className = color ? "key " + color : "place";
          row.textContent = content;
          return row;
        };
        const rows = this.series.map((series) => {
          let best = -1;
          series.x.forEach((x, n) => {
            if (best < 0 || Math.abs(x - at) < Math.abs(series.x[best] - at)) best = n;
          });
          const is = text(series.y[best], this.isPercent);
          const where = series.x[best] === at ? "" : ` (${this.plot.dataset.horizontal} ${text(series.x[best])})`;
          return best < 0 ? null : line(`${series.name} ${is}${where}`, series.color);
        });
        this.tip.replaceChildren(line(`${this.plot.dataset.horizontal} ${text(at)}`), ...rows.filter(Boolean));
        this.tip.classList.toggle("before", place > 0.5);
        this.tip.style.left = place > 0.5 ? "" : `calc(${place * 100}% + 10px)`;
        this.tip.style.right = place > 0.5 ? `calc(${(1 - place) * 100}% + 10px)` : "";
      }

      hide() { this.cursor.hidden = this.tip.hidden = this.band.hidden = true; }
    }

    // What is zoomed, by group: charts over the same epochs go together.

    const views = new Map(), known = new WeakMap();
    const chartOf = (plot) => plot && (known.get(plot) ?? known.set(plot, new Chart(plot)).get(plot));
    const charts = (group) => all(document, ".plot").map(chartOf).filter((chart) => !group || chart.group === group);

    function zoom(chart, lower, upper) {
      const least = (chart.end - chart.start) / 500;
      [lower, upper] = [Math.max(lower, chart.start), Math.min(upper, chart.end)];
      if (upper - lower < least) return;
      if (upper - lower > (chart.end - chart.start) * 0.999) views.delete(chart.group);
      else views.set(chart.group, [lower, upper]);
      redraw(chart.group);
    }

    function redraw(group) {
      for (const chart of charts(group)) { chart.draw(); chart.hide(); }
      for (const button of all(document, "[data-zoom=whole], [data-zoom=out]"))
        button.disabled = !views.has(button.dataset.group);
    }

    function scale(chart, factor, around) {
      const [lower, upper] = chart.view;
      const middle = around !== undefined && around >= lower && around <= upper ? around : (lower + upper) / 2;
      let [from, to] = [middle - (middle - lower) * factor, middle + (upper - middle) * factor];
      zoom(chart, from, to);
    }

    let current = null;  // the chart that is pointed at, and the stop: what arrows move
    function point(chart, n) {
      const at = chart.stops[clamp(n, 0, chart.stops.length - 1)];
      if (at === undefined) return;
      const [lower, upper] = chart.view;
      if (at < lower) zoom(chart, at, at + upper - lower);
      if (at > upper) zoom(chart, at - upper + lower, at);
      current = { chart, n: chart.stops.indexOf(at) };
      for (const other of charts(chart.group)) other.point(at, other === chart);
    }
    function leave() {
      if (!current) return;
      for (const chart of charts(current.chart.group)) chart.hide();
      current = null;
    }

    const placeIn = (chart, event) => {
      const box = chart.svg.getBoundingClientRect(), [lower, upper] = chart.view;
      return lower + clamp((event.clientX - box.left) / box.width, 0, 1) * (upper - lower);
    };
    const plotOf = (event) => event.target.closest?.(".plot");
    let drag = null;

    document.addEventListener("pointerdown", (event) => {
      const chart = chartOf(plotOf(event));
      if (!chart) return leave();
      if (event.button !== 0 || event.pointerType === "touch") return;
      drag = { chart, x: event.clientX, at: placeIn(chart, event) };
    });
    document.addEventListener("pointermove", (event) => {
      const chart = drag?.chart ?? chartOf(plotOf(event));
      if (!chart) return document.activeElement?.matches(".plot:focus-visible") ? undefined : leave();
      point(chart, chart.nearest(placeIn(chart, event)));
      if (!drag || Math.abs(event.clientX - drag.x) < 4) return;
      const box = chart.svg.getBoundingClientRect(), ends = [drag.x, event.clientX].map(
        (x) => clamp((x - box.left) / box.width, 0, 1) * 100).sort((a, b) => a - b);
      chart.band.hidden = false;
      chart.band.style.left = ends[0] + "%";
      chart.band.style.width = ends[1] - ends[0] + "%";
      event.preventDefault();
    });
    document.addEventListener("pointerup", (event) => {
      if (drag && Math.abs(event.clientX - drag.x) >= 4) {
        const ends = [drag.at, placeIn(drag.chart, event)].sort((a, b) => a - b);
        zoom(drag.chart, ...ends);
      }
      if (drag) drag.chart.band.hidden = true;
      drag = null;
    });
    document.addEventListener("dblclick", (event) => {
      const chart = chartOf(plotOf(event));
      if (chart) zoom(chart, chart.start, chart.end);
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-zoom]"), chart = button && charts(button.dataset.group)[0];
      if (!chart) return;
      if (button.dataset.zoom === "whole") zoom(chart, chart.start, chart.end);
      else scale(chart, button.dataset.zoom === "in" ? 0.5 : 2);
    });
    document.addEventListener("keydown", (event) => {
      const chart = chartOf(event.target.matches?.(".plot") ? event.target : null);
      if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
      const here = current?.chart === chart ? current.n : chart.nearest(chart.view[1]);
      const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
      if (event.key in moves) {
        const [lower, upper] = chart.view, inView = chart.stops.filter((stop) => stop >= lower && stop <= upper);
        const edge = moves[event.key] < 0 ? inView[0] : inView.at(-1);
        point(chart, Number.isFinite(moves[event.key]) ? here + (current ? moves[event.key] : 0) : chart.nearest(edge));
      } else if (event.key === "+" || event.key === "=") scale(chart, 0.5, chart.stops[current?.n]);
      else if (event.key === "-") scale(chart, 2, chart.stops[current?.n]);
      else if (event.key === "0" || event.key === "Escape") { zoom(chart, chart.start, chart.end); leave(); }
      else return;
      event.preventDefault();
    });
    document.addEventListener("focusout", leave);
    """#
