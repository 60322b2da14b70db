using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>What <c>bench e2e</c> found, for people and for programs.</summary>
internal sealed class EndToEndReport(EndToEndOptions options, Version postgres, IReadOnlyList<Figures> sizes)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The lines in order.</summary>
    public IReadOnlyList<ReportLine> Lines { get; } = ReportLines.Of(sizes, options.Only);

    public string ToJson() => JsonSerializer.Serialize(
        new { settings = Settings, postgres = postgres.ToString(), processors = Environment.ProcessorCount, options.Rounds, lines = Lines }, Indented);

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.AppendLine(Settings).AppendLine();
        text.Append("| ").AppendJoin(" | ", ReportLine.Heads).AppendLine(" |");
        text.Append('|').AppendJoin('|', ReportLine.Heads.Select(_ => " --- ")).AppendLine("|");
        foreach (var line in Lines)
            text.Append("| ").AppendJoin(" | ", line.Cells()).AppendLine(" |");
        return text.ToString();
    }

    /// <summary>Keeps both forms in a folder.</summary>
    public async Task SaveAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "e2e.md"), ToMarkdown());
        await File.WriteAllTextAsync(Path.Combine(folder, "e2e.json"), ToJson() + "\n");
    }

    private string Settings => string.Create(CultureInfo.InvariantCulture,
        $"Median of {options.Rounds}; {Environment.ProcessorCount} processors for program, simulator and PostgreSQL {postgres.ToString(2)} (stock settings) "
            + $"together; default settings but for requests a minute, which are not limited.");
}
