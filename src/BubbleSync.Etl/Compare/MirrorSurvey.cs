using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Kept;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Reports.Pages;
using BubbleSync.Etl.Reports.Spreadsheets;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Compare;

/// <summary>Collects what is known of a run and of the mirror, without Bubble, and writes it to files for people.</summary>
internal sealed class MirrorSurvey(TargetDatabase database, IReadOnlyList<EntityPlan> plans, TimeProvider clock)
{
    private const int RunsInCharts = 30;

    /// <summary>Makes the report and writes the files.</summary>
    public async Task<MirrorReport> RunAsync(ReportOptions options, CancellationToken cancellationToken)
    {
        if (options is { XlsxFile: { } one, HtmlFile: { } other } && Path.GetFullPath(one) == Path.GetFullPath(other))
        {
            throw new SyncException(new SyncError(
                SyncStage.Settings, null, null, "--xlsx", ErrorCode.Usage, $"'{one}' is named for the page and for the workbook. Name another file for one."));
        }

        var facts = await CollectAsync(options, cancellationToken);
        if (options.XlsxFile is { } book)
            await ReportFile.WriteAsync(book, "--xlsx", file => new MirrorWorkbook(facts).WriteAsync(file, Workbook.MostRows, cancellationToken));
        if (options.HtmlFile is { } html)
        {
            await ReportFile.WriteAsync(html, "--html", async file =>
            {
                await using var page = new StreamWriter(file, leaveOpen: true);
                await new MirrorPage(facts, page).WriteAsync(cancellationToken);
            });
        }

        return facts.Report;
    }

    private async Task<MirrorFacts> CollectAsync(ReportOptions options, CancellationToken cancellationToken)
    {
        var history = new RunHistory(database);
        var (trend, kept) = (new RunTrend(database), new KeptDifferences(database));
        var runId = await history.FindAsync(options.Run, cancellationToken);
        var rejects = new OpenRejects(database, runId);
        var comparison = await kept.LastAsync(runId, cancellationToken);
        var audits = await new FieldAudits(database).ListAsync(cancellationToken);
        var links = await new LinkAudit(plans, database, null).RunAsync(new LinkAuditOptions(), cancellationToken);
        var time = new LocalTime(options.TimeZone, clock.GetUtcNow());
        var differences = comparison is { } compared ? await kept.CountAsync(compared, cancellationToken) : 0;
        var report = new MirrorReport(
            await history.ShowAsync(runId, cancellationToken), $"{database.Host}, schema {database.Schema}", await trend.SourceAsync(cancellationToken),
            time.Zone, await rejects.CountAsync(cancellationToken), links.Columns.Sum(c => c.Targets), differences, comparison,
            [.. audits.SelectMany(a => a.Report.Coverage)],
            [], options.HtmlFile, options.XlsxFile);
        report = report with { Notes = await NotesAsync(report, runId, cancellationToken) };
        return new MirrorFacts
        {
            Report = report,
            MadeAt = clock.GetUtcNow(),
            Time = time,
            Trend = await trend.ListAsync(RunsInCharts, cancellationToken).ToListAsync(cancellationToken),
            Timeline = await trend.TimelineAsync(runId, cancellationToken),
            Links = links,
            Audits = audits,
            Comparison = comparison is { } id ? await history.ShowAsync(id, cancellationToken) : null,
            Runs = token => trend.ListAsync(Workbook.MostRows, token),
            Rejects = rejects.ListAsync,
            Orphans = token => new LinkAudit(plans, database, null).LinksAsync(token),
            Differences = token => comparison is { } found ? kept.ListAsync(found, token) : AsyncEnumerable.Empty<VerifiedDifference>(),
        };
    }

    private async Task<IReadOnlyList<string>> NotesAsync(MirrorReport report, Guid runId, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        if (await new RejectedRecords(database, runId).ForgottenAsync(null, cancellationToken) is { } forgotten)
            notes.Add($"There are {forgotten}.");
        if (report.Comparison is null)
            notes.Add("Differences are not known: Bubble and the tables were not compared yet. A verification compares them.");
        if (report.Differences == KeptDifferences.Most)
            notes.Add(Invariant($"Of the comparison, the first {report.Differences:N0} differences are kept. Its CSV file has all of them."));
        if (report.Coverage.Count == 0)
            notes.Add("Coverage is not known: an audit of the fields counts it.");
        // The head and the note at its end take a row each.
        if (report.XlsxFile is not null && Math.Max(report.RejectedFields, report.OrphanedReferences) > Workbook.MostRows - 2)
            notes.Add(Invariant($"A sheet has at most {Workbook.MostRows:N0} rows, so that not all findings are in the workbook. CSV files have all of them."));
        return notes;
    }
}
