using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using BubbleSync.Benchmarks.EndToEnd;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>What <c>bench rivals</c> found, as a page with one table of figures and one of what each way does.</summary>
internal sealed class RivalsReport(RivalsOptions options, Version postgres, DateTimeOffset date, RivalFigures figures)
{
    private const double Mega = 1024 * 1024;

    private static readonly string[] Heads =
        ["situation", "way", "s", "rows/s", "client CPU s", "PostgreSQL CPU s", "allocated MB", "WAL MB", "rows written", "/ bubblesync"];

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.AppendLine(Settings).AppendLine();
        Row(text, Heads);
        Row(text, Heads.Select(_ => "---"));
        foreach (var situation in Enum.GetValues<Situation>())
        {
            foreach (var rival in Rival.All)
                Row(text, Cells(situation, rival.Name));
        }

        text.AppendLine();
        Row(text, ["way", "loads by", "does not"]);
        Row(text, ["---", "---", "---"]);
        foreach (var rival in Rival.All)
            Row(text, [rival.Name, rival.Loads, rival.Lacks]);
        return text.ToString();
    }

    private string Settings => string.Create(CultureInfo.InvariantCulture,
        $"{date:yyyy-MM-dd}; median of {options.Rounds}; {options.Rows:N0} invoice items, 16 mapped fields; {Environment.ProcessorCount} processors for "
            + $"client and PostgreSQL {postgres.ToString(2)} (stock settings) together; {RuntimeInformation.FrameworkDescription}; {Rival.Versions}.");

    private IEnumerable<string> Cells(Situation situation, string rival)
    {
        var median = figures.Median(situation, rival);
        return
        [
            $"{situation}".ToLowerInvariant(), rival, Text(median.Seconds, "0.00"), Text(options.Rows / median.Seconds, "N0"), Text(median.Cpu, "0.00"),
            Text(median.PostgresCpu, "0.00"), Text(median.Allocated / Mega, "N0"), Text(median.LogBytes / Mega, "0.0"), Text(median.RowsWritten, "N0"),
            Text(figures.Ratio(situation, rival), "0.00"),
        ];
    }

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
