namespace BubbleSync.Etl.Reports.Pages;

/// <summary>The style of the page: light and dark as the reader's system has it, light on paper; nothing is loaded from elsewhere.</summary>
internal static class PageStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css =
        """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --good: #1a7f37; --part: #9a6700; --bad: #cf222e;
          --read: #0969da; --merge: #8250df; --patch: #bf3989; }
        @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --good: #3fb950; --part: #d29922;
          --bad: #f85149; --read: #4493f8; --merge: #ab7df8; --patch: #db61a2; } }
        body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; } caption { text-align: left; color: var(--soft); }
        th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
        svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
        .axis { stroke: var(--line); } .track { fill: var(--line); } .good { fill: var(--good); } .part { fill: var(--part); } .bad { fill: var(--bad); }
        .read { fill: var(--read); } .merge { fill: var(--merge); } .patch { fill: var(--patch); } .tick { stroke: var(--paper); }
        .soft { color: var(--soft); }
        @media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --good: #1a7f37; --part: #9a6700; --bad: #cf222e;
          --read: #0969da; --merge: #8250df; --patch: #bf3989; }
          body { max-width: none; padding: 0; font-size: 11px; } .wide { overflow: visible; } tr, svg { break-inside: avoid; }
          thead { display: table-header-group; }
          svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        """;
}
