/// The look of the report: light and dark, from a phone to a wide window.
enum ReportStyle {
  /// Colours are those of Okabe and Ito, told apart by colour-blind eyes, made lighter for the dark.
  static let sheet = """
    :root{--paper:#fdfdfb;--ink:#1d2126;--soft:#5c6570;--line:#dfe2e4;--panel:#f3f4f2;--accent:#0072b2;
    --c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b0568b;--c4:#c98a00;--c5:#3a9bd0}
    @media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8eaec;--soft:#9aa4ae;--line:#31373d;--panel:#1d2125;
    --accent:#56b4e9;--c0:#56b4e9;--c1:#f58a3c;--c2:#2fc79a;--c3:#dd8fbd;--c4:#f0b93a;--c5:#9ad4f5}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
    "Noto Sans","Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
    main{max-width:52rem;margin:0 auto;padding:3rem 1.5rem 4rem}
    header{margin-bottom:2rem}
    .kicker{margin:0;color:var(--accent);font-size:.875rem;font-weight:600;letter-spacing:.02em}
    h1{margin:.1rem 0 .4rem;font-size:2rem;line-height:1.2;letter-spacing:-.015em;overflow-wrap:anywhere}
    h2{margin:3.25rem 0 1rem;font-size:1.375rem;line-height:1.25;letter-spacing:-.01em}
    h3{margin:2rem 0 .6rem;font-size:1rem;line-height:1.3}
    p{margin:.75rem 0}
    .facts,.note,footer{color:var(--soft);font-size:.875rem}
    .facts span{white-space:nowrap}
    .facts span:not(:last-child)::after{content:"·";padding-left:.45rem;opacity:.6}
    .lead{font-size:1.125rem}
    .warning{margin:1.25rem 0 0;padding:.9rem 1.1rem;border-radius:.5rem;border-left:.4rem solid var(--c1);
    background:color-mix(in srgb,var(--c1) 13%,var(--paper))}
    .numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:1.4rem 2rem}
    .number{display:flex;flex-direction:column}
    .number.main{grid-column:1/-1}
    .what{font-size:.875rem;color:var(--soft)}
    .value{font-size:1.5rem;font-weight:600;line-height:1.25;letter-spacing:-.01em}
    .main .value{font-size:3.25rem;line-height:1.1;letter-spacing:-.03em;color:var(--accent)}
    .with{font-size:.8125rem;line-height:1.35;color:var(--soft)}
    table{width:100%;border-collapse:collapse;font-size:.875rem}
    th{font-weight:600;text-align:left;color:var(--soft);vertical-align:bottom}
    th,td{padding:.45rem .8rem .45rem 0;border-bottom:1px solid var(--line)}
    th:last-child,td:last-child{padding-right:0}
    .n{text-align:right}td.n,.bars .n{white-space:nowrap}
    tr.own td{font-weight:700;color:var(--accent)}
    tr.reproduced td{font-weight:600}
    .track{width:19%}
    .track span{display:block;position:relative;height:1px;margin:0 .3rem;background:var(--line)}
    .track i{position:absolute;top:-4px;width:9px;height:9px;margin-left:-4.5px;border-radius:50%;background:var(--soft)}
    .own .track i{background:var(--accent);top:-6px;width:13px;height:13px;margin-left:-6.5px}
    .scroll{overflow-x:auto}
    .chart{display:block;width:100%;height:auto;overflow:visible}
    .chart text{font-size:11.5px;fill:var(--soft)}
    .chart .grid{stroke:var(--line);stroke-width:1}
    .chart .axis{stroke:var(--soft);stroke-width:1}
    .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
    .dashed .line{stroke-width:1.5;stroke-dasharray:1 3.5}
    .chart circle:not(.ring){fill:currentColor}
    .ring{fill:none;stroke:var(--ink);stroke-width:1.75}
    .chart line.moment{stroke:var(--c4);stroke-width:1.25;stroke-dasharray:5 4}
    .chart text.moment{fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:4px}
    .c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}
    .b0{background:var(--c0)}.b1{background:var(--c1)}.b2{background:var(--c2)}.b3{background:var(--c3)}
    .b4{background:var(--c4)}.b5{background:var(--c5)}
    .narrow{display:none}
    .legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0 0 .75rem;padding:0;list-style:none;font-size:.875rem}
    .legend li{display:flex;align-items:center;gap:.45rem}
    .swatch{display:inline-block;flex:none;width:.75rem;height:.75rem;margin-right:.45rem;border-radius:2px}
    .legend .swatch{margin-right:0}
    .pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:2rem 2.5rem}
    .pair{display:grid;grid-template-columns:repeat(4,1fr);gap:.4rem;margin:0}
    .pair img{display:block;width:100%;height:auto;aspect-ratio:1;border-radius:2px;image-rendering:pixelated;background:#000;
    outline:1px solid color-mix(in srgb,var(--soft) 35%,transparent);outline-offset:-1px}
    .pair span,.pair small{font-size:.75rem;line-height:1.3;color:var(--soft)}
    .mixed{display:grid;gap:.25rem;align-content:start}
    .parts{grid-column:2/5;display:grid;grid-template-columns:repeat(3,1fr);gap:.25rem .4rem}
    .parts small{grid-column:1/-1;margin-bottom:.5rem}
    .parts small:last-child{margin-bottom:0}
    .parts b{color:var(--ink);font-weight:600}
    .bars{display:grid;grid-template-columns:auto 1fr auto;gap:.5rem .9rem;align-items:center;font-size:.875rem}
    .bar{display:flex;height:1.1rem;border-radius:3px;overflow:hidden;background:var(--panel)}
    .bar i+i{border-left:1px solid var(--paper)}
    code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8125rem}
    code{overflow-wrap:anywhere}
    pre{margin:.75rem 0;padding:1rem 1.1rem;border-radius:.5rem;background:var(--panel);white-space:pre-wrap;overflow-wrap:anywhere}
    dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:0 2rem;margin:0;font-size:.875rem}
    dl div{display:flex;justify-content:space-between;gap:1rem;padding:.35rem 0;border-bottom:1px solid var(--line)}
    dt{color:var(--soft);flex:none}
    dd{margin:0;text-align:right;overflow-wrap:anywhere;min-width:0}
    details.run{margin:.75rem 0;border:1px solid var(--line);border-radius:.5rem;padding:0 1.1rem}
    details.run[open]{padding-bottom:1.5rem}
    summary{padding:.8rem 0;font-weight:600;cursor:pointer}
    details h2{margin-top:2rem;font-size:1.125rem}
    footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--line)}
    @media(max-width:40rem){
    main{padding:1.75rem 1.125rem 3rem}
    h1{font-size:1.625rem}h2{margin-top:2.5rem}
    .main .value{font-size:2.75rem}
    .wide{display:none}.narrow{display:block}
    .numbers{grid-template-columns:1fr 1fr;gap:1.1rem}
    .published .track{display:none}
    .published{font-size:.8125rem}.published td:first-child{overflow-wrap:anywhere}
    .published th,.published td{padding-right:.5rem}
    .pairs{grid-template-columns:1fr}
    table.runs thead{display:none}
    table.runs tr{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
    table.runs td{border:0;padding:.1rem 0;display:flex;justify-content:space-between;gap:.5rem}
    table.runs td:first-child{grid-column:1/-1;justify-content:flex-start;align-items:center;font-weight:600}
    table.runs td[data-name]::before{content:attr(data-name);color:var(--soft)}
    }
    @media print{:root{--paper:#fff}main{max-width:none}section{break-inside:avoid-page}}
    """
}
