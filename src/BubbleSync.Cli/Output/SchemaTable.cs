using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>What does not agree between Bubble, maps and tables, as text.</summary>
internal static class SchemaTable
{
    /// <summary>Prints the findings and what closes them.</summary>
    public static void Print(SchemaAuditReport report, IAnsiConsole console)
    {
        if (report.Findings.Count > 0)
            Table(report).Print(console);
        foreach (var finding in report.Findings.Where(f => f.Finding != "field-unmapped"))
            RunSummary.Line(console, $"{finding.Finding}: {string.Join(": ", new[] { finding.Entity, finding.Message }.Where(t => t.Length > 0))}");
        RunSummary.Line(console, Closing(report));
    }

    private static ReportTable Table(SchemaAuditReport report)
    {
        var table = new ReportTable().Words("entity", "finding", "Bubble field", "holds", "column");
        foreach (var f in report.Findings)
            table.Row(f.Entity, f.Finding, f.BubbleField.Length > 0 ? f.BubbleField : f.Entity.Length == 0 ? f.BubbleType : "", f.Type, f.Column);
        return table;
    }

    private static string Closing(SchemaAuditReport report)
    {
        var (fields, mapped) = (report.Entities.Sum(e => e.Fields), report.Entities.Sum(e => e.Mapped));
        var done = (report.Applied, report.WrittenMaps.Count) switch
        {
            (0, 0) => report.Findings.Any(f => f.Finding is "table-missing" or "field-unmapped" || (f.Ddl is not null && f.Finding != "column-misfit")) ? " Close the gaps: --ddl FILE writes the statements, --apply runs them, --write-maps completes the maps." : "",
            _ => string.Create(CultureInfo.InvariantCulture, $" Run: {report.Applied} statements. Maps that gained lines, marked for review: {(report.WrittenMaps.Count == 0 ? "none" : string.Join(", ", report.WrittenMaps))}."),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{mapped} of {fields} fields in {report.Entities.Count} types are mapped (by {report.Source}); {report.Findings.Count} findings.{done}");
    }
}
