/// The style sheet of the report: system fonts, one palette for light and one for dark surroundings. Every text has a
/// contrast of at least 4.5 with what is behind it.
let reportStyleSheet = """
    :root { color-scheme: light dark; --page: #f6f6f4; --card: #ffffff; --ink: #1b1e23; --soft: #5a616b;
      --rule: #e2e3e7; --good: #1d7048; --busy: #1f5fbf; --right: #8ed2b1; --wrong: #f09a9a;
      --c1: #2563c9; --c2: #d9701a; --c3: #23926a; --c4: #8f4fcb; --c5: #c43d66; --c6: #0e7c8c;
      --c7: #8a6d1f; --c8: #5b626e; --sign: #b23a48; }
    @media (prefers-color-scheme: dark) { :root { --page: #111316; --card: #1a1d22; --ink: #e8eaed; --soft: #a3aab5;
      --rule: #30343c; --good: #6fd6a3; --busy: #85b3fb; --right: #1f6c4d; --wrong: #8f303b;
      --c1: #6ea3f2; --c2: #f2a65a; --c3: #58c79b; --c4: #bd8ff0; --c5: #ee7f9b; --c6: #58c4d6;
      --c7: #cdb45a; --c8: #a9b0bb; --sign: #f08a92; } }
    @media print { :root { color-scheme: light; --page: #ffffff; --card: #ffffff; --ink: #1b1e23; --soft: #5a616b;
      --rule: #d6d8dd; --good: #1d7048; --busy: #1f5fbf; --right: #8ed2b1; --wrong: #f09a9a;
      --c1: #2563c9; --c2: #d9701a; --c3: #23926a; --c4: #8f4fcb; --c5: #c43d66; --c6: #0e7c8c;
      --c7: #8a6d1f; --c8: #5b626e; --sign: #b23a48; } }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
      font-variant-numeric: tabular-nums; }
    main { margin: 0 auto; max-width: 1312px; padding: 2.2rem 1.5rem 3.5rem; }
    section { margin-top: 2.2rem; } section:first-child { margin-top: 0; }
    h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em;
      overflow-wrap: anywhere; }
    h2 { margin: 0; font-size: 1.15rem; font-weight: 640; }
    h3 { margin: 0; font-size: 0.95rem; font-weight: 620; }
    .title { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
      gap: 0.3rem 1.2rem; margin-bottom: 0.8rem; }
    .note { margin: 0; font-size: 0.84rem; color: var(--soft); }
    .lead { margin: 0.35rem 0 0; color: var(--soft); }
    .status { display: inline-block; margin-left: 0.7rem; padding: 0.12rem 0.65rem; border: 1px solid;
      border-radius: 1rem; font-size: 0.8rem; font-weight: 560; color: var(--good); vertical-align: middle;
      letter-spacing: 0; }
    .status[data-live] { color: var(--busy); }
    .status[data-live]::before { content: ""; display: inline-block; width: 0.5em; height: 0.5em; margin-right: 0.45em;
      border-radius: 50%; background: currentColor; vertical-align: 0.1em; animation: pulse 1.6s infinite alternate; }
    @keyframes pulse { to { opacity: 0.25; } }
    @media (prefers-reduced-motion: reduce) { .status::before { animation: none !important; } }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 0.8rem;
      margin: 1.4rem 0 0; }
    .tile, figure, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
    .tile { padding: 0.75rem 0.95rem; }
    .tile b { display: block; font-size: 1.45rem; line-height: 1.25; font-weight: 640; overflow-wrap: anywhere; }
    .tile span { display: block; margin-top: 0.1rem; font-size: 0.82rem; line-height: 1.35; color: var(--soft); }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(370px, 100%), 1fr)); gap: 0.8rem; }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 0.8rem; }
    figure { margin: 0; padding: 0.8rem 0.95rem; min-width: 0; }
    figcaption { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
      gap: 0.15rem 1rem; margin-bottom: 0.6rem; }
    .legend { display: flex; flex-wrap: wrap; gap: 0 0.85rem; font-size: 0.82rem; color: var(--soft); }
    .key::before { content: ""; display: inline-block; width: 0.85em; height: 0.3em; margin-right: 0.4em;
      border-radius: 2px; vertical-align: middle; background: var(--color); }
    .symbol { width: 0.75em; height: 0.75em; vertical-align: -0.05em; fill: var(--sign); }
    .mark .symbol { margin-right: 0.35em; }
    .empty { margin: 0; padding: 4.5rem 0; color: var(--soft); text-align: center; }
    .c1 { --color: var(--c1); } .c2 { --color: var(--c2); } .c3 { --color: var(--c3); } .c4 { --color: var(--c4); }
    .c5 { --color: var(--c5); } .c6 { --color: var(--c6); } .c7 { --color: var(--c7); } .c8 { --color: var(--c8); }
    .key.dashed::before { background: repeating-linear-gradient(90deg, var(--color) 0 4px, transparent 4px 7px); }

    .chart { container-type: inline-size; display: flex; flex-direction: column; justify-content: space-between; }
    .plot { position: relative; height: 13rem; margin: 1.4rem 0.9rem 2.3rem 3.3rem; touch-action: pan-y; }
    .plot > svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
    .plot.zoomed > svg { overflow: hidden; }
    .plot:focus { outline: none; } .plot:focus-visible { outline: 2px solid var(--busy); outline-offset: 4px; }
    .plot path, .plot polyline { vector-effect: non-scaling-stroke; }
    .scripted .plot { cursor: crosshair; user-select: none; -webkit-user-select: none; }
    .rows, .columns, .unit, .across { font-size: 12px; line-height: 1; color: var(--soft); white-space: nowrap; }
    .rows span { position: absolute; right: calc(100% + 7px); transform: translateY(-50%); }
    .columns span { position: absolute; top: calc(100% + 9px); transform: translateX(-50%); }
    .columns span::before { content: ""; position: absolute; left: 50%; top: -8px; height: 5px;
      border-left: 1px solid var(--soft); }
    @container (max-width: 330px) { .columns span:nth-child(2n) { visibility: hidden; } }
    .unit { position: absolute; left: -3.2rem; bottom: calc(100% + 10px); }
    .across { position: absolute; right: 0; top: calc(100% + 26px); }
    .grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
    .curve { fill: none; stroke: var(--color); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
    .dots { stroke: var(--color); stroke-width: 6; stroke-linecap: round; }
    .dashed .curve { stroke-dasharray: 7 5; stroke-linecap: butt; }
    .spread { fill: var(--color); fill-opacity: 0.16; }
    .area { fill: var(--color); fill-opacity: 0.85; }
    .decision { stroke: var(--sign); stroke-dasharray: 2 4; stroke-opacity: 0.8; }
    .sign { position: absolute; bottom: calc(100% + 1px); width: 12px; margin-left: -6px; line-height: 0; }
    .sign .symbol { width: 11px; height: 11px; } .sign.beside { margin-left: -18px; }
    .cursor { position: absolute; top: 0; bottom: 0; width: 0; border-left: 1px solid var(--soft);
      pointer-events: none; }
    .band { position: absolute; top: 0; bottom: 0; background: var(--busy); opacity: 0.16; pointer-events: none; }
    .tip { position: absolute; top: 6px; z-index: 1; display: grid; padding: 0.3rem 0.6rem; border-radius: 6px;
      border: 1px solid var(--rule); background: var(--card); color: var(--ink); font-size: 12px; line-height: 1.55;
      white-space: nowrap; pointer-events: none; box-shadow: 0 2px 8px rgb(0 0 0 / 0.14); }
    .tip .place { color: var(--soft); }
    .tools { display: none; gap: 0.4rem; align-items: center; } .scripted .tools { display: flex; flex-wrap: wrap; }
    button { padding: 0.16rem 0.7rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--card);
      color: var(--ink); font: inherit; font-size: 0.82rem; cursor: pointer; }
    button:hover:enabled { border-color: var(--soft); }
    button:disabled { color: var(--soft); cursor: default; }
    button:focus-visible, .scroll:focus-visible { outline: 2px solid var(--busy); outline-offset: 2px; }

    table { width: 100%; border-collapse: collapse; }
    .card { padding: 0.25rem 1rem; } .scroll { overflow-x: auto; }
    th, td { padding: 0.42rem 1.5rem 0.42rem 0; text-align: left; vertical-align: top;
      border-bottom: 1px solid var(--rule); }
    tr > :last-child { padding-right: 0; } tr:last-child > * { border-bottom: 0; }
    th { font-weight: 500; color: var(--soft); }
    .facts th { width: 13rem; } .facts td { overflow-wrap: anywhere; }
    .number { text-align: right; white-space: nowrap; }
    .matrix { max-width: 40rem; border-collapse: separate; border-spacing: 2px; font-size: 0.84rem; line-height: 1.3; }
    .matrix th, .matrix td { padding: 0.42rem 0.2rem; min-width: 2.15rem; border: 0; text-align: center;
      white-space: nowrap; }
    .matrix td { border-radius: 4px; background: var(--page); }
    .matrix tr > th:first-child { min-width: 0; padding-right: 0.5rem; text-align: right; }
    .matrix .corner { text-align: left; }
    .heat { display: block; width: 100%; max-width: 30rem; image-rendering: pixelated; border-radius: 4px; }
    .rates { font-size: 0.88rem; } .rates th, .rates td { padding-top: 0.26rem; padding-bottom: 0.26rem; }
    .images { display: flex; flex-wrap: wrap; gap: 0.4rem; }
    .images img { width: 3.5rem; border-radius: 3px; image-rendering: pixelated; }
    .images.few img { width: 5rem; }
    .mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem 0.8rem;
      margin: 0; padding: 0; list-style: none; font-size: 0.84rem; line-height: 1.4; }
    .mistakes img { display: block; width: 6.2rem; height: 6.2rem; margin-bottom: 0.3rem; border-radius: 4px;
      object-fit: contain; background: #282828; image-rendering: pixelated; }
    .mistakes span { display: block; overflow-wrap: anywhere; } .mistakes .name { color: var(--soft); }
    .sheet { display: block; max-width: 100%; border-radius: 4px; image-rendering: pixelated; }
    .settings th, .runs th { white-space: nowrap; } .settings td, .runs td { white-space: nowrap; }
    .runs td:nth-child(5) { white-space: normal; min-width: 18rem; }
    .runs td:nth-child(6) { white-space: normal; min-width: 20rem; } .card + .note { margin-top: 0.6rem; }
    th .key, td .key { color: var(--ink); } a { color: var(--busy); }
    .shared { margin: 0 0 0.8rem; font-size: 0.88rem; } .pair + .pair { margin-top: 0.8rem; }
    code, pre { font: 0.86rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    code { overflow-wrap: anywhere; }
    pre { margin: 0.7rem 0; white-space: pre-wrap; overflow-wrap: anywhere; columns: 20rem; column-gap: 2rem; }
    .tall { max-height: 25rem; overflow-y: auto; }

    @media (max-width: 560px) {
      main { padding: 1.3rem 1rem 2.5rem; } h1 { font-size: 1.5rem; }
      section { margin-top: 1.8rem; } .tiles { grid-template-columns: 1fr 1fr; gap: 0.6rem; }
      figure { padding: 0.7rem 0.75rem; } .card { padding: 0.2rem 0.8rem; } .tile { padding: 0.6rem 0.75rem; }
      .tile b { font-size: 1.25rem; } .plot { height: 11rem; }
      .rates th, .rates td { padding-right: 0.7rem; }
      .matrix { border-spacing: 1px; font-size: 0.7rem; }
      .matrix th, .matrix td { min-width: 1.55rem; padding: 0.3rem 0.05rem; }
      .matrix tr > th:first-child { padding-right: 0.3rem; }
      .facts tr, .facts th, .facts td { display: block; width: auto; }
      .facts th { padding-bottom: 0; border: 0; } .facts td { padding-top: 0; }
      .images img { width: 2.9rem; }
      .mistakes { grid-template-columns: 1fr 1fr; }
      .decisions tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--rule); }
      .decisions tr:first-child { display: none; } .decisions tr:last-child { border: 0; }
      .decisions td { display: inline; padding: 0 0.4rem 0 0; border: 0; }
      .decisions td:last-child { display: block; color: var(--soft); font-size: 0.9em; }
      .decisions td:nth-child(1)::before { content: "step "; } .decisions td:nth-child(2)::before { content: "epoch "; }
    }
    @media print {
      @page { margin: 13mm; }
      body { font-size: 11px; } main { max-width: none; padding: 0; } section { margin-top: 1.3rem; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      .charts { grid-template-columns: 1fr 1fr; } .plot { height: 7.6rem; outline: none !important; }
      .pair { grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
      figure, .tile, tr, .title { break-inside: avoid; } h2, .title { break-after: avoid; }
      .tools, .cursor, .tip { display: none !important; } .scroll { max-height: none; overflow: visible; }
      .tiles { grid-template-columns: repeat(auto-fit, minmax(88px, 1fr)); gap: 0.5rem; } .tile b { font-size: 1.1rem; }
      .tile { padding: 0.5rem 0.6rem; }
      .mistakes { grid-template-columns: repeat(6, 1fr); gap: 0.5rem; } .mistakes img { width: 4rem; height: 4rem; }
      .matrix { font-size: 0.62rem; } .matrix th, .matrix td { min-width: 1.5rem; padding: 0.25rem 0.05rem; }
      .rates th, .rates td { padding-right: 0.6rem; }
    }
    """
