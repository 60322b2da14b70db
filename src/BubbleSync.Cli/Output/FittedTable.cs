using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>A table that fits its terminal: in a narrow one heads take several lines and ids are shortened, then columns are left out, the least needed first. No name or id is broken.</summary>
internal sealed class FittedTable(params FittedColumn[] columns)
{
    // Of a column of prose; more makes it wrap.
    private const int LeastProse = 16;

    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row; its cells are printed as they are.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Prints it.</summary>
    public void Print(IAnsiConsole console)
    {
        var kept = Enumerable.Range(0, columns.Length).ToList();
        var isNarrow = Width(kept, false) > console.Profile.Width;
        while (isNarrow && Width(kept, true) > console.Profile.Width && kept.Where(c => columns[c].Spare > 0).ToList() is { Count: > 0 } spare)
            kept.Remove(spare.MaxBy(c => (IsEmpty(c), columns[c].Spare)));

        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in kept.Select(c => columns[c]))
            table.AddColumn(new TableColumn(Markup.Escape(Head(column, isNarrow))) { Alignment = column.IsNumber ? Justify.Right : Justify.Left, NoWrap = !column.IsProse });
        foreach (var row in _rows)
            table.AddRow([.. kept.Select(c => Markup.Escape(Cell(row, c, isNarrow)))]);
        console.Write(table);
    }

    // Between two columns three blanks, and one more at each end.
    private int Width(List<int> kept, bool isNarrow) => 1 + kept.Sum(c => 3 + Width(c, isNarrow));

    private int Width(int column, bool isNarrow)
    {
        var cells = _rows.Select(r => Cell(r, column, isNarrow).Length).Append(Head(columns[column], isNarrow).Split('\n').Max(w => w.Length)).Max();
        return isNarrow && columns[column].IsProse ? Math.Min(cells, LeastProse) : cells;
    }

    private bool IsEmpty(int column) => _rows.TrueForAll(r => r[column] is "" or "0" or "-");

    private string Cell(string[] row, int column, bool isNarrow) => isNarrow && columns[column].Shorten is { } shorten ? shorten(row[column]) : row[column];

    private static string Head(FittedColumn column, bool isNarrow) => isNarrow ? column.Head.Replace(' ', '\n') : column.Head;
}

/// <summary>A column of a <see cref="FittedTable"/>.</summary>
/// <param name="Head">Its head.</param>
/// <param name="Spare">In which order it is left out, the highest first; 0 for never.</param>
internal sealed record FittedColumn(string Head, int Spare = 0)
{
    /// <summary>Whether it is set to the right.</summary>
    public bool IsNumber { get; private init; }

    /// <summary>Whether its cells may be broken into lines.</summary>
    public bool IsProse { get; init; }

    /// <summary>What a cell becomes in a narrow terminal.</summary>
    public Func<string, string>? Shorten { get; init; }

    /// <summary>A column of numbers.</summary>
    public static FittedColumn Number(string head, int spare = 0) => new(head, spare) { IsNumber = true };
}
