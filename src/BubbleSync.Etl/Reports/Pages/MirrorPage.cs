using System.Globalization;
using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Reports.Pages;

/// <summary>Writes the report of a mirror as one web page: in words, charts and tables; without scripts, and with nothing from elsewhere.</summary>
/// <param name="facts">What it shows.</param>
/// <param name="page">Receives it.</param>
internal sealed class MirrorPage(MirrorFacts facts, TextWriter page)
{
    // A page with a million rows opens in no browser; the workbook has all of them.
    private const int MostRows = 100;

    private readonly PageTables _tables = new(page);

    private RunReport Run => facts.Report.Run;

    /// <summary>Writes it.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var title = HtmlText.Of($"{Word.Of(Run.Kind)} {RunText.Status(Run)}, {facts.Time.Text(Run.StartedAt)}");
        page.Write($"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n");
        page.Write("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Write($"<style>\n{PageStyle.Css}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n");
        Summary();
        Entities();
        Charts();
        Coverage();
        await RejectsAsync(cancellationToken);
        Orphans();
        await DifferencesAsync(cancellationToken);
        Messages("Errors", Run.Errors.Select(e => e.Message));
        Messages("Warnings", Run.Warnings);
        page.Write("</body>\n</html>\n");
        await page.FlushAsync(cancellationToken);
    }

    private void Summary()
    {
        var report = facts.Report;
        page.Write($"<p>{HtmlText.Of(RunText.Sentence(facts))}</p>\n<ul>\n");
        Item(report.RejectedFields == 0 ? "No field is rejected: every record that was read could be loaded."
            : $"{RunText.Count(report.RejectedFields, "field")} did not convert. Their records are not loaded.");
        Item(report.OrphanedReferences == 0 ? "Every reference in the tables has its target."
            : $"{RunText.Count(report.OrphanedReferences, "reference")} to records that no table has.");
        Item(RunText.Comparison(facts));
        if (Run.Entities.Where(e => e.Proof is { IsComplete: false, Part: null }).Select(e => e.Name).ToList() is { Count: > 0 } unverified)
            Item($"It is not verified that everything was read of: {string.Join(", ", unverified)}.");
        foreach (var patch in Run.Patches.Where(p => p.Status == PatchStatus.Failed))
            Item($"Patch {patch.Name} failed: {patch.Error}");
        foreach (var note in report.Notes)
            Item(note);
        page.Write("</ul>\n<dl>\n");
        Fact("run", $"{Run.RunId}");
        Fact("database", report.Target);
        Fact("app", report.App ?? "not recorded");
        Fact("times", $"in the time zone {report.TimeZone}");
        Fact("report made", facts.Time.Text(facts.MadeAt));
        page.Write("</dl>\n");
    }

    private void Entities()
    {
        if (Run.Entities.Count == 0)
            return;

        Head("Entities");
        _tables.Begin("What came of each entity", "entity", "#extracted", "#inserted", "#updated", "#unchanged", "#conflicts", "#rejected", "#not in Bubble");
        foreach (var e in Run.Entities)
            _tables.Row(e.Name, e.Extracted, e.Inserted, e.Updated, e.Unchanged, e.Conflicts, e.Rejected, e.NotInBubble);
        _tables.End();
    }

    private void Charts()
    {
        var runs = facts.Trend.Reverse().ToList();
        if (runs.Count > 0)
        {
            Head("The last runs");
            page.Write($"<h3>Records</h3>\n{Chart.Bars(runs, "records", r => r.Extracted, facts.Time)}\n");
            page.Write($"<h3>Calls</h3>\n{Chart.Bars(runs, "calls", r => r.Api.Calls, facts.Time)}\n");
            _tables.Begin("The same in numbers, the newest first", "started", "kind", "status", "#records", "#calls", "#rejected");
            foreach (var run in facts.Trend)
                _tables.Row(facts.Time.Text(run.StartedAt), Word.Of(run.Kind), RunText.Status(run), run.Extracted, run.Api.Calls, run.Rejected);
            _tables.End();
        }

        if (facts.Timeline.Count + Run.Patches.Count == 0)
            return;

        Head("Timeline of the run");
        page.Write("<p class=\"soft\">Blue: reading, with a line where windows were staged. Violet: merge. Pink: patches.</p>\n");
        page.Write($"{Chart.Timeline(facts)}\n");
    }

    private void Coverage()
    {
        Head("Coverage");
        if (facts.Report.Coverage.Count == 0)
        {
            page.Write("<p>No audit of the fields has been made yet, so that coverage is not known.</p>\n");
            return;
        }

        page.Write($"<p>How many of Bubble's values are stored, as of {HtmlText.Of(facts.Time.Text(facts.Audits.Min(a => a.At)))} or later.</p>\n");
        page.Write($"{Chart.Coverage(facts.Report.Coverage)}\n");
    }

    private async Task RejectsAsync(CancellationToken cancellationToken)
    {
        if (facts.Report.RejectedFields == 0)
            return;

        Head("Rejected fields");
        _tables.Begin(First(facts.Report.RejectedFields), "entity", "record", "field", "reason");
        await foreach (var reject in facts.Rejects(cancellationToken).Take(MostRows))
            _tables.Row(reject.Field.Entity, reject.Field.BubbleId ?? "(without a usable id)", reject.Field.Field, reject.Field.Reason);
        _tables.End();
    }

    private void Orphans()
    {
        if (facts.Links.Columns.Count == 0)
            return;

        Head("Orphaned references");
        _tables.Begin("By column", "entity", "column", "target", "#missing targets", "#records");
        foreach (var column in facts.Links.Columns)
            _tables.Row(column.Entity, column.Column, column.TargetEntity, column.Targets, column.Records);
        _tables.End();
        _tables.Begin(First(facts.Report.OrphanedReferences), "entity", "column", "target", "#records", "named by");
        foreach (var link in facts.Links.Links.Take(MostRows))
            _tables.Row(link.Entity, link.Column, link.TargetId, link.Records, string.Join(' ', link.BubbleIds));
        _tables.End();
    }

    private async Task DifferencesAsync(CancellationToken cancellationToken)
    {
        if (facts.Report.Differences == 0)
            return;

        Head("Differences");
        _tables.Begin(First(facts.Report.Differences), "entity", "record", "verdict", "field", "value in Bubble", "value here");
        await foreach (var d in facts.Differences(cancellationToken).Take(MostRows))
            _tables.Row(d.Entity, d.BubbleId, Word.Of(d.Verdict), d.BubbleField.Length > 0 ? d.BubbleField : d.Column, d.Bubble ?? "", d.Stored ?? "");
        _tables.End();
    }

    private void Messages(string title, IEnumerable<string> messages)
    {
        var all = messages.ToList();
        if (all.Count == 0)
            return;

        Head(title);
        page.Write("<ul>\n");
        foreach (var message in all.Take(MostRows))
            Item(message);
        if (all.Count > MostRows)
            Item(Invariant($"and {all.Count - MostRows} more, which the workbook has"));
        page.Write("</ul>\n");
    }

    private static string First(long count) => count > MostRows
        ? string.Create(CultureInfo.InvariantCulture, $"The first {MostRows} of {count:N0}; the workbook has all")
        : "All of them";

    private void Head(string text) => page.Write($"<h2>{HtmlText.Of(text)}</h2>\n");

    private void Item(string text) => page.Write($"<li>{HtmlText.Value(text)}</li>\n");

    private void Fact(string name, string value) => page.Write($"<dt>{HtmlText.Of(name)}</dt><dd>{HtmlText.Value(value)}</dd>\n");
}
