using BubbleSync.Etl.Reports.Mirror;
using SpreadCheetah;
using SpreadCheetah.Styling;
using SpreadCheetah.Worksheets;

namespace BubbleSync.Etl.Reports.Spreadsheets;

/// <summary>
/// Writes a workbook (XLSX) sheet by sheet and row by row, in flat memory. Texts are cells of type text, so that no spreadsheet changes them.
/// </summary>
internal sealed class Workbook : IAsyncDisposable
{
    /// <summary>The number of rows that a sheet has at most, the head included.</summary>
    public const int MostRows = 1_048_576;

    private readonly Spreadsheet _file;
    private readonly LocalTime _time;
    private readonly int _mostRows;
    private readonly StyleId _text;
    private readonly StyleId _moment;
    private readonly StyleId _number;
    private readonly StyleId _head;

    private Workbook(Spreadsheet file, LocalTime time, int mostRows)
    {
        (_file, _time, _mostRows) = (file, time, mostRows);
        // The format "text" keeps a cell a text when somebody edits it.
        _text = file.AddStyle(new Style { Format = NumberFormat.Standard(StandardNumberFormat.Text), Alignment = { Vertical = VerticalAlignment.Top } });
        _moment = file.AddStyle(new Style { Format = NumberFormat.Custom("yyyy-mm-dd hh:mm:ss"), Alignment = { Vertical = VerticalAlignment.Top } });
        _number = file.AddStyle(new Style
        {
            Format = NumberFormat.Standard(StandardNumberFormat.ThousandsSeparator),
            Alignment = { Vertical = VerticalAlignment.Top },
        });
        _head = file.AddStyle(new Style { Font = { Bold = true } });
    }

    /// <summary>Begins a workbook.</summary>
    /// <param name="output">Receives it; it is left open.</param>
    /// <param name="time">Writes the times.</param>
    /// <param name="mostRows">The number of rows of a sheet at most, the head included.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<Workbook> CreateAsync(Stream output, LocalTime time, int mostRows, CancellationToken cancellationToken)
    {
        // By default, spreadsheets drop white space at the ends of a text.
        var options = new SpreadCheetahOptions { PreserveStringWhitespace = true };
        return new Workbook(await Spreadsheet.CreateNewAsync(output, options, cancellationToken), time, mostRows);
    }

    /// <summary>Adds a sheet whose head stays in view and can filter. Where the rows are too many for a sheet, its last row says so.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="rows">Cells: text, integer, moment, or null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task AddAsync(
        string name, IReadOnlyList<SheetColumn> columns, IAsyncEnumerable<IReadOnlyList<object?>> rows, CancellationToken cancellationToken)
    {
        var options = new WorksheetOptions { FrozenRows = 1, AutoFilter = new AutoFilterOptions($"A1:{(char)('A' + columns.Count - 1)}{MostRows}") };
        foreach (var (index, column) in columns.Index())
            options.Column(index + 1).Width = column.Width;
        await _file.StartWorksheetAsync(name, options, cancellationToken);
        await _file.AddHeaderRowAsync([.. columns.Select(c => c.Name)], _head, cancellationToken);

        var cells = new Cell[columns.Count];
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            if (_file.NextRowNumber == _mostRows)
            {
                await _file.AddRowAsync([new Cell("More rows follow, but a sheet has no room for them.", _head)], cancellationToken);
                break;
            }

            for (var column = 0; column < cells.Length; column++)
                cells[column] = CellOf(row[column]);
            await _file.AddRowAsync(cells, cancellationToken);
        }
    }

    /// <summary>Ends the workbook.</summary>
    public ValueTask FinishAsync(CancellationToken cancellationToken) => _file.FinishAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private Cell CellOf(object? value) => value switch
    {
        null => default,
        string text => new Cell(CellText.Of(text), _text),
        DateTimeOffset moment => new Cell(_time.Of(moment), _moment),
        long number => new Cell(number, _number),
        _ => throw new ArgumentException($"A cell cannot have a {value.GetType().Name}.", nameof(value)),
    };
}

/// <summary>A column of a sheet.</summary>
/// <param name="Name">Its head.</param>
/// <param name="Width">Its width in characters.</param>
internal sealed record SheetColumn(string Name, int Width);
