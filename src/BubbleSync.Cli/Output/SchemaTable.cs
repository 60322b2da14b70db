using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>What does not agree between Bubble, maps and tables, as text.</summary>
internal static class SchemaTable
{
    /// <summary>Prints the findings and what closes them.</summary>
    /// <param name="report">The audit.</param>
    /// <param name="isAsked">Whether it was asked to close gaps.</param>
    /// <param name="next">What to type next.</param>
    /// <param name="console">Where to.</param>
    public static void Print(SchemaAuditReport report, bool isAsked, NextSteps next, IAnsiConsole console)
    {
        if (report.Findings.Count > 0)
            Table(report).Print(console);
        foreach (var finding in report.Findings.Where(f => f.Finding is not (SchemaFindingKind.FieldUnmapped or SchemaFindingKind.FieldKept)))
            RunSummary.Line(console, $"{Word.Of(finding.Finding)}: {string.Join(": ", new[] { finding.Entity, finding.Message }.Where(t => t.Length > 0))}");
        RunSummary.Lines(console, "warning", report.Warnings);
        RunSummary.Line(console, Closing(report, isAsked));
        foreach (var map in report.WrittenMaps)
            RunSummary.Line(console, $"lines added, marked for review: {map}");
        foreach (var action in report.NextActions)
        {
            if (action.Kind == NextActionKind.ForceResync)
                RunSummary.Line(console, "Rows that are there already stay empty in these columns until their records change in Bubble. To fill them all:");
            RunSummary.Line(console, next.Line(action));
        }
    }

    private static ReportTable Table(SchemaAuditReport report)
    {
        var table = new ReportTable().Words("entity", "finding", "Bubble field", "holds", "column").Prose("Bubble field");
        foreach (var f in report.Findings)
            table.Row(f.Entity, Word.Of(f.Finding), f.BubbleField.Length > 0 ? f.BubbleField : f.Entity.Length == 0 ? f.BubbleType : "", f.Type, f.Column);
        return table;
    }

    private static string Closing(SchemaAuditReport report, bool isAsked)
    {
        var (fields, mapped) = (report.Entities.Sum(e => e.Fields), report.Entities.Sum(e => e.Mapped));
        var isOpen = report.Findings.Any(
            f => f.Finding is SchemaFindingKind.TableMissing or SchemaFindingKind.FieldUnmapped
                || (f.Ddl is not null && f.Finding != SchemaFindingKind.ColumnMisfit));
        var isUnread = report.WrittenMaps.Count == 0 && report.Findings.Any(f => f is { Finding: SchemaFindingKind.FieldUnmapped, Ddl: not null });
        var unread = isUnread ? " No map reads the columns of unmapped fields yet: --write-maps adds their lines." : "";
        var done = report.Applied > 0
            ? string.Create(CultureInfo.InvariantCulture, $" Run: {report.Applied} statement{(report.Applied == 1 ? "" : "s")}.{unread}")
            : isAsked && report.WrittenMaps.Count == 0 ? " There was nothing to add."
            : isOpen && !isAsked ? " Close the gaps: --ddl FILE writes the statements, --apply runs them, --write-maps completes the maps."
            : "";
        var kept = report.Findings.Count(f => f.Finding == SchemaFindingKind.FieldKept);
        var others = kept == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {kept} {(kept == 1 ? "other is" : "others are")} kept unmapped");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{mapped} of {fields} fields in {report.Entities.Count} types are mapped (by {Word.Of(report.Source)}){others}; "
            + $"{report.Findings.Count - kept} findings.{done}");
    }
}
