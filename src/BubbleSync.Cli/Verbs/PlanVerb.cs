using System.CommandLine;
using System.Globalization;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using Spectre.Console;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>plan</c>: what a resync would read, cost, take and write.</summary>
internal static class PlanVerb
{
    private static readonly Option<string[]> Entity = EntityOption.Create();

    private static readonly Option<GraphForm?> Graph =
        ChoiceOption.Optional<GraphForm>("--graph", "Print the graph of a resync instead; no request to Bubble");

    private enum GraphForm
    {
        Text,
        Mermaid,
    }

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("plan", "Report what a resync would read, write and cost") { Entity, Graph };
        command.SetAction((parsed, token) =>
        {
            var (context, entities) = (new CommandContext(parsed), parsed.GetValue(Entity)!);
            return parsed.GetValue(Graph) is { } form ? DrawAsync(context, entities, form == GraphForm.Mermaid, token) : RunAsync(context, entities, token);
        });
        return command;
    }

    /// <summary>Prints the plan of a resync of all entities, or of those named.</summary>
    public static Task<int> RunAsync(CommandContext context, string[] entities, CancellationToken token) => context.RunWithDatabaseIfAnyAsync(
        "plan",
        async engine =>
        {
            var report = await engine.PlanAsync(entities, token);
            return context.Print(report.ToJson, console => Print(report, console));
        },
        token);

    private static Task<int> DrawAsync(CommandContext context, string[] entities, bool isMermaid, CancellationToken token) => context.RunAsync(
        "plan",
        async engine =>
        {
            var graph = await engine.DescribeGraphAsync(entities, token);
            // Mermaid reads lines, so that none is broken.
            return context.Print(graph.ToJson, console => console.Profile.Out.Writer.WriteLine(
                isMermaid ? VisibleText.Of(graph.Mermaid.TrimEnd()) : WordWrap.Of(VisibleText.Of(graph.Text), Terminal.Width(console))));
        },
        token);

    private static void Print(PlanReport report, IAnsiConsole console)
    {
        string[] price = report.Price is null ? [] : [$"price in {report.Currency}"];
        var table = new ReportTable().Words("entity", "level", "table")
            .Numbers(["columns", "records", "windows", "pages", "calls", "seconds", "workload units", .. price]);
        foreach (var e in report.Entities)
        {
            object[] cells = [e.Name, e.Level, e.Table, e.Columns, e.Records, e.Windows, e.Pages, e.Calls, e.Seconds, e.WorkloadUnits];
            table.Row([.. cells, .. price.Select(_ => Money(e.Price))]);
        }

        table.Print(console);
        var cost = report.Price is null ? "" : $" for {Money(report.Price)} {report.Currency}";
        var patches = report.Patches.Count > 0 ? $" Then the patches {string.Join(", ", report.Patches)}." : "";
        RunSummary.Line(
            console, string.Create(
                CultureInfo.InvariantCulture,
                $"In all {Counted.Of(report.Records, "record")} in {Counted.Of(report.Calls, "call")}: "
                    + $"at least {report.Seconds:N0} s at the allowed pace, about "
                    + $"{report.WorkloadUnits:N1} workload units{cost}. Each table is locked against other runs, not against readers or writers.{patches}"));
        RunSummary.Lines(console, "warning", report.Warnings);
    }

    // Small tables cost less than a hundredth.
    private static string Money(decimal? price) => price?.ToString("#,0.00##", CultureInfo.InvariantCulture) ?? "";
}
