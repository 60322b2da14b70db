using System.Globalization;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>A table: words to the left, numbers to the right, and each cell as it is, brackets included.</summary>
internal sealed class ReportTable
{
    private readonly Table _table = new() { Border = TableBorder.Simple };

    /// <summary>Adds columns of words.</summary>
    public ReportTable Words(params string[] heads) => Add(heads, Justify.Left);

    /// <summary>Adds columns of numbers.</summary>
    public ReportTable Numbers(params string[] heads) => Add(heads, Justify.Right);

    /// <summary>Adds a row of words and numbers.</summary>
    public void Row(params IEnumerable<object> cells) => _table.AddRow([.. cells.Select(cell => Markup.Escape(Text(cell)))]);

    /// <summary>Prints it.</summary>
    public void Print(IAnsiConsole console) => console.Write(_table);

    private ReportTable Add(string[] heads, Justify alignment)
    {
        foreach (var head in heads)
            _table.AddColumn(new TableColumn(head) { Alignment = alignment });
        return this;
    }

    private static string Text(object cell) => cell is IFormattable number ? number.ToString("#,0.#", CultureInfo.InvariantCulture) : (string)cell;
}
