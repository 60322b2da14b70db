using System.Globalization;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>
/// A table: words to the left, numbers to the right, and each cell as it is, brackets included. If the terminal is too narrow, heads take several
/// lines and ids are shortened, then columns are left out. No name or id is broken.
/// </summary>
internal sealed class ReportTable
{
    // Least width of prose; longer text wraps.
    private const int LeastProse = 16;

    private readonly List<(string Head, Justify Alignment)> _columns = [];
    private readonly List<string[]> _rows = [];
    private readonly Dictionary<string, int> _lengths = [];
    private string[] _spare = [];
    private string[] _prose = [];
    private (string Head, Func<string, Style> StyleOf)? _painted;

    /// <summary>Adds columns of words.</summary>
    public ReportTable Words(params string[] heads) => Add(heads, Justify.Left);

    /// <summary>Adds columns of numbers.</summary>
    public ReportTable Numbers(params string[] heads) => Add(heads, Justify.Right);

    /// <summary>
    /// Names the columns that a narrow terminal can do without, the least needed first; of these, columns of nothing but zeros and blanks go before all others.
    /// </summary>
    public ReportTable Spare(params string[] heads)
    {
        _spare = heads;
        return this;
    }

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
        var kept = Enumerable.Range(0, _columns.Count).ToList();
        var isNarrow = Width(kept, false) > console.Profile.Width;
        while (isNarrow && Width(kept, true) > console.Profile.Width && kept.Where(c => _spare.Contains(_columns[c].Head)).ToList() is { Count: > 0 } spare)
            kept.Remove(spare.MinBy(c => (!IsEmpty(c), Array.IndexOf(_spare, _columns[c].Head))));

        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in kept)
            table.AddColumn(new TableColumn(Markup.Escape(Head(column, isNarrow))) { Alignment = _columns[column].Alignment, NoWrap = !IsProse(column) });
        foreach (var row in _rows)
            table.AddRow([.. kept.Select(c => new Markup(Markup.Escape(Cell(row, c, isNarrow)), StyleOf(row, c)))]);
        console.Write(table);
    }

    // Three blanks between columns, and two at each end.
    private int Width(List<int> kept, bool isNarrow) => 1 + kept.Sum(c => 3 + Width(c, isNarrow));

    private int Width(int column, bool isNarrow)
    {
        var widest = _rows.Select(r => Cell(r, column, isNarrow).Length).Concat(Head(column, isNarrow).Split('\n').Select(w => w.Length)).Max();
        return isNarrow && IsProse(column) ? Math.Min(widest, LeastProse) : widest;
    }

    private Style StyleOf(string[] row, int column) =>
        _painted is { } painted && painted.Head == _columns[column].Head ? painted.StyleOf(row[column]) : Style.Plain;

    private bool IsProse(int column) => _prose.Contains(_columns[column].Head);

    private bool IsEmpty(int column) => _rows.TrueForAll(r => r[column] is "" or "0" or "-");

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
