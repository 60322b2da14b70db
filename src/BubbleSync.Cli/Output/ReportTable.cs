using System.Globalization;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>
/// A table: words to the left, numbers to the right, and each cell as it is, brackets included. If the terminal is too narrow, heads take several
/// lines and ids are shortened; if that is not enough, each row becomes a list of its cells. No name, id or word is broken, and nothing is left out.
/// </summary>
internal sealed class ReportTable
{
    // Least width of prose; longer text wraps.
    private const int LeastProse = 16;
    private const string Indent = "  ";
    private const string Between = ", ";

    private readonly List<(string Head, Justify Alignment)> _columns = [];
    private readonly List<string[]> _rows = [];
    private readonly Dictionary<string, int> _lengths = [];
    private string[] _prose = [];
    private (string Head, Func<string, Style> StyleOf)? _painted;

    /// <summary>Adds columns of words.</summary>
    public ReportTable Words(params string[] heads) => Add(heads, Justify.Left);

    /// <summary>Adds columns of numbers.</summary>
    public ReportTable Numbers(params string[] heads) => Add(heads, Justify.Right);

    /// <summary>Names the columns whose cells may be broken into lines.</summary>
    public ReportTable Prose(params string[] heads)
    {
        _prose = heads;
        return this;
    }

    /// <summary>Sets the style of a column's cells, each by its text.</summary>
    public ReportTable Paint(string head, Func<string, Style> styleOf)
    {
        _painted = (head, styleOf);
        return this;
    }

    /// <summary>Sets the length of a column's cells in a narrow terminal.</summary>
    public ReportTable Shorten(string head, int length)
    {
        _lengths[head] = length;
        return this;
    }

    /// <summary>Adds a row of words and numbers.</summary>
    public void Row(params IEnumerable<object> cells) => _rows.Add([.. cells.Select(Text)]);

    /// <summary>Prints it.</summary>
    public void Print(IAnsiConsole console)
    {
        var isNarrow = Width(isNarrow: false) > console.Profile.Width;
        if (isNarrow && Width(isNarrow: true) > console.Profile.Width)
        {
            PrintList(console);
            return;
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in All)
            table.AddColumn(new TableColumn(Markup.Escape(Head(column, isNarrow))) { Alignment = _columns[column].Alignment, NoWrap = !IsProse(column) });
        foreach (var row in _rows)
            table.AddRow([.. All.Select(c => new Markup(Markup.Escape(Cell(row, c, isNarrow)), StyleOf(row, c)))]);
        console.Write(table);
    }

    private IEnumerable<int> All => Enumerable.Range(0, _columns.Count);

    // The first cell names the row; the others follow with their heads, as many in a line as fit.
    private void PrintList(IAnsiConsole console)
    {
        foreach (var row in _rows)
        {
            RunSummary.Line(console, Cell(row, 0, isNarrow: true));
            var line = "";
            foreach (var column in All.Skip(1).Where(c => row[c].Length > 0))
            {
                var cell = $"{_columns[column].Head} {Cell(row, column, isNarrow: true)}";
                if (line.Length > 0 && Indent.Length + line.Length + Between.Length + cell.Length >= console.Profile.Width)
                {
                    RunSummary.Line(console, $"{Indent}{line},");
                    line = "";
                }

                line += line.Length > 0 ? Between + cell : cell;
            }

            RunSummary.Line(console, Indent + line);
        }

        console.WriteLine();
    }

    // Three blanks between columns, and two at each end.
    private int Width(bool isNarrow) => 1 + All.Sum(c => 3 + Width(c, isNarrow));

    private int Width(int column, bool isNarrow)
    {
        var widest = _rows.Select(r => Cell(r, column, isNarrow).Length).Concat(Head(column, isNarrow).Split('\n').Select(w => w.Length)).Max();
        if (!isNarrow || !IsProse(column))
            return widest;

        var longestWord = _rows.SelectMany(r => r[column].Split(' ')).Append("").Max(w => w.Length);
        return Math.Min(widest, Math.Max(longestWord, LeastProse));
    }

    private Style StyleOf(string[] row, int column) =>
        _painted is { } painted && painted.Head == _columns[column].Head ? painted.StyleOf(row[column]) : Style.Plain;

    private bool IsProse(int column) => _prose.Contains(_columns[column].Head);

    private string Head(int column, bool isNarrow) => isNarrow ? _columns[column].Head.Replace(' ', '\n') : _columns[column].Head;

    private string Cell(string[] row, int column, bool isNarrow) =>
        isNarrow && _lengths.TryGetValue(_columns[column].Head, out var length) && row[column].Length > length ? row[column][..length] : row[column];

    private ReportTable Add(string[] heads, Justify alignment)
    {
        _columns.AddRange(heads.Select(h => (h, alignment)));
        return this;
    }

    private static string Text(object cell) =>
        cell is IFormattable number ? number.ToString("#,0.#", CultureInfo.InvariantCulture) : VisibleText.Of((string)cell);
}
