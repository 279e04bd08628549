/// The script of the report: shows values under the pointer, zooms charts, and brings a page up to date while the run
/// goes on.
///
/// A page from a folder may not fetch anything. So it loads itself into a hidden frame, which hands its sections over
/// as a message; those that differ take the place of the old ones, so that what a reader has scrolled and zoomed to
/// stays. Without scripts everything is there but this.
let reportScript = """
    (() => {
    \(feedScript)
    \(chartScript)
    \(liveScript)
    })();
    """

/// What both parts use; the page within the hidden frame ends here.
private let feedScript = #"""
    "use strict";
    const side = 10000, period = 4000;
    const all = (root, query) => [...root.querySelectorAll(query)];
    const clamp = (value, lower, upper) => Math.min(Math.max(value, lower), upper);

    if (location.hash === "#feed" && parent !== window) {
      parent.postMessage({ report: document.querySelector("main").innerHTML, title: document.title }, "*");
      return;
    }
    document.documentElement.classList.add("scripted");
    """#

/// Brings the page up to date.
private let liveScript = #"""
    // A page that is left open

    const isLive = () => document.querySelector("[data-live]") !== null;
    const inTouch = "a[href], button, [tabindex]";

    function show(html, title) {
      const fresh = new DOMParser().parseFromString(`<main>${html}</main>`, "text/html").querySelector("main");
      const main = document.querySelector("main"), old = new Map(all(main, "section").map((part) => [part.id, part]));
      const focused = document.activeElement, home = focused?.closest("section");
      const place = home && all(home, inTouch).indexOf(focused);
      const pointed = current && { group: current.chart.group, at: current.chart.stops[current.n],
        place: all(document, ".plot").indexOf(current.chart.plot) };
      const ends = new Map([...views.keys()].map((group) => [group, charts(group)[0]?.end]));
      document.title = title;
      const parts = all(fresh, "section").map((part) => {
        const before = old.get(part.id);
        if (before && texts.get(before) === part.outerHTML) return before;
        texts.set(part, part.outerHTML);
        const scrolls = before ? all(before, ".scroll").map((area) => area.scrollLeft) : [];
        return Object.assign(document.adoptNode(part), { scrolls });
      });
      parts.forEach((part, n) => {
        const before = main.children[n];
        if (before === part) return;
        if (before && before.id === part.id) before.replaceWith(part); else main.insertBefore(part, before ?? null);
      });
      while (main.children.length > parts.length) main.lastElementChild.remove();
      for (const part of parts)
        all(part, ".scroll").forEach((area, n) => { area.scrollLeft = part.scrolls?.[n] ?? area.scrollLeft; });
      for (const [group, [lower, upper]] of [...views]) {
        const chart = charts(group)[0];
        // A view that went to the end goes on with it.
        if (chart) views.set(group, [lower, upper >= ends.get(group) ? chart.end : upper]); else views.delete(group);
        redraw(group);
      }
      if (home && !home.isConnected && place >= 0) {
        const again = document.getElementById(home.id);
        if (again) all(again, inTouch)[place]?.focus({ preventScroll: true });
      }
      current = null;
      if (pointed) {
        const chart = chartOf(all(document, ".plot")[pointed.place]);
        if (chart?.group === pointed.group) point(chart, chart.nearest(pointed.at));
      }
      tell();
    }
    const texts = new WeakMap(all(document, "main > section").map((part) => [part, part.outerHTML]));

    /// Says how old the page's figures are, in the reader's time.
    function tell() {
      const written = document.querySelector("time");
      if (!written) return;
      const age = Math.max(0, (Date.now() - Date.parse(written.dateTime)) / 1000);
      const ago = age < 90 ? "" : age < 5400 ? `, ${Math.round(age / 60)} minutes ago`
        : `, ${Math.round(age / 3600)} hours ago`;
      written.textContent = new Date(written.dateTime).toLocaleTimeString() + (isLive() ? ago : "");
    }

    let frame = null, patience = 0;
    function done() {
      clearTimeout(patience);
      frame?.remove();
      frame = null;
    }
    function refresh() {
      if (frame || document.hidden || !isLive() || drag) return;
      const address = new URL(location.href);
      address.searchParams.set("at", Date.now());
      address.hash = "feed";
      frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "the same page anew";
      frame.src = address.href;
      document.body.append(frame);
      patience = setTimeout(done, 10000);
    }
    addEventListener("message", (event) => {
      if (!frame || event.source !== frame.contentWindow || typeof event.data?.report !== "string") return;
      done();
      show(event.data.report, event.data.title);
    });
    addEventListener("beforeprint", leave);
    document.addEventListener("visibilitychange", refresh);
    tell();
    if (/^(file|https?):$/.test(location.protocol)) setInterval(refresh, period);
    """#
