/// The style sheet of the report: system fonts, one palette for light and one for dark surroundings.
let reportStyleSheet = """
    :root { color-scheme: light dark; --page: #fbfbfa; --card: #ffffff; --ink: #1c1f23; --soft: #646b75;
      --rule: #e4e5e8;
      --c1: #2f6fd0; --c2: #e07a1f; --c3: #2a9d6f; --c4: #9a5bd0; --c5: #c9476b; --sign: #b23a48; }
    @media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1c1f25; --ink: #e6e8eb; --soft: #98a0ab;
      --rule: #30353d; --c1: #6ea3f2; --c2: #f2a65a; --c3: #58c79b; --c4: #bd8ff0; --c5: #ee7f9b; --sign: #f08a92; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1240px; padding: 2.5rem 1.5rem 4rem; background: var(--page); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      font-variant-numeric: tabular-nums; }
    h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
    h2 { margin: 2.5rem 0 0.8rem; font-size: 1.15rem; font-weight: 620; }
    h3 { margin: 0; font-size: 0.95rem; font-weight: 600; }
    .lead { margin: 0.35rem 0 0; color: var(--soft); }
    .status { display: inline-block; margin-left: 0.6rem; padding: 0.1rem 0.6rem; border: 1px solid var(--rule);
      border-radius: 1rem;
      font-size: 0.8rem; font-weight: 500; color: var(--soft); vertical-align: middle; letter-spacing: 0; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 0.9rem;
      margin: 1.6rem 0; }
    .tile, figure, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
    .tile { padding: 0.8rem 1rem; }
    .tile b { display: block; font-size: 1.5rem; line-height: 1.25; font-weight: 620; }
    .tile span { font-size: 0.82rem; color: var(--soft); }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 0.9rem; }
    figure { margin: 0; padding: 0.9rem 1rem 0.5rem; }
    figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.2rem 1rem;
      margin-bottom: 0.5rem; }
    figure > svg { display: block; width: 100%; height: auto; }
    .legend { display: flex; flex-wrap: wrap; gap: 0.1rem 0.9rem; font-size: 0.82rem; color: var(--soft); }
    .key::before { content: ""; display: inline-block; width: 0.9em; height: 0.28em; margin-right: 0.4em;
      border-radius: 2px;
      vertical-align: middle; background: var(--color); }
    .mark svg { width: 0.8em; height: 0.8em; margin-right: 0.35em; vertical-align: -0.05em; }
    .empty { color: var(--soft); text-align: center; padding: 4rem 0; margin: 0; }
    .c1 { --color: var(--c1); } .c2 { --color: var(--c2); } .c3 { --color: var(--c3); } .c4 { --color: var(--c4);
      } .c5 { --color: var(--c5); }
    svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--soft); }
    .end { text-anchor: end; } .middle { text-anchor: middle; }
    .grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
    .curve { fill: none; stroke: var(--color); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
    .dot { fill: var(--color); stroke: var(--card); stroke-width: 1; }
    .area { fill: var(--color); fill-opacity: 0.8; stroke: var(--card); stroke-width: 0.5; }
    .sign { fill: var(--sign); } .marker line { stroke: var(--sign); stroke-dasharray: 2 4; stroke-opacity: 0.7; }
    table { width: 100%; border-collapse: collapse; }
    .card { overflow-x: auto; padding: 0.3rem 1rem; }
    th, td { padding: 0.45rem 1.6rem 0.45rem 0; text-align: left; vertical-align: top;
      border-bottom: 1px solid var(--rule); }
    tr:last-child > * { border-bottom: 0; }
    th { font-weight: 500; color: var(--soft); white-space: nowrap; }
    .facts th { width: 13rem; }
    .number { text-align: right; }
    .confusion { overflow-x: auto; } .confusion table { width: auto; }
    .confusion th, .confusion td { padding: 0.2rem 0.5rem; white-space: nowrap; }
    code, pre { font: 0.86rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    code { overflow-wrap: anywhere; }
    pre { margin: 0.6rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
    """
