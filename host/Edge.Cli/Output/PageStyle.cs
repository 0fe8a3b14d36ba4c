namespace Edge.Cli.Output;

/// <summary>How reports look.</summary>
internal static class PageStyle
{
    public const string Css = """
        body{font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#1a1a1a}
        h1{font-size:1.6em} h2{margin-top:2em;font-size:1.25em} table{border-collapse:collapse;margin:1em 0}
        th,td{border-bottom:1px solid #ddd;padding:.3em .8em;text-align:right} th:first-child,td:first-child{text-align:left}
        .pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1.5em} figure{margin:0} img,svg{width:100%;height:auto}
        figcaption,.note{color:#555;font-size:.92em} .big{font-size:1.15em} .warning{background:#fff3cd;padding:.6em 1em;border-left:4px solid #E69F00}
        """;
}
