using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>runs</c>: what earlier runs did and rejected, and loading the rejected records again.</summary>
internal static class RunsVerb
{
    private static readonly Argument<string> Run = new("RUN") { Description = "A run's id, the beginning of it, or 'last'" };
    private static readonly Option<int> Most = NumberOption.Create("--most", "How many runs, newest first", 20, 1);
    private static readonly Option<Severity?> Level = ChoiceOption.Optional<Severity>("--level", "Only lines of this level and of graver ones");
    private static readonly Option<RunKind?> Kind = ChoiceOption.Optional<RunKind>("--kind", "Only runs of this kind", except: RunKind.Other);
    private static readonly Option<RunState?> Status = ChoiceOption.Optional<RunState>("--status", "Only runs with this status");
    private static readonly Option<bool> Follow = new("--follow") { Description = "Print further lines as they are written, until the run has ended" };
    private static readonly Option<string?> Entity = EntityOption.Single("Only entries of this entity");
    private static readonly OutputFileOption Csv = new("--csv", "Write the rejected fields and their records to a CSV file");
    private static readonly Option<bool> Excel = ExcelOption.Create();

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Overwrite rows even if they were edited here, have the same date or are newer"
    };

    /// <summary>The verb.</summary>
    public static Command Command() => new("runs", "Show earlier runs; reprocess rejected records")
    {
        Verb(new Command("list", "The latest runs") { Most, Kind, Status }, ListAsync),
        Verb(new Command("show", "A run's result") { Run }, ShowAsync),
        Verb(new Command("log", "A run's activity log") { Run, Level, Entity, Follow }, LogAsync),
        Verb(Rejected(), RejectedAsync),
        Reprocess(),
    };

    private static Command Verb(Command command, Func<RunArchive, ParseResult, CommandContext, CancellationToken, Task> print)
    {
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "runs",
                async engine =>
                {
                    await using var archive = await engine.OpenArchiveAsync(token);
                    await print(archive, parsed, context, token);
                    return ExitCode.Done;
                },
                token);
        });
        return command;
    }

    private static Command Rejected()
    {
        var command = new Command("rejected", "The fields that did not convert in a run") { Run, Csv, Excel, Entity };
        ExcelOption.RequireFile(command, Excel, Csv);
        return command;
    }

    private static Command Reprocess()
    {
        var command = new Command("reprocess", "Map and merge a run's rejected records again, without Bubble, after a map was fixed") { Run, Force };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "reprocess",
                async engine =>
                {
                    context.Tell("Mapping and merging the rejects once more …");
                    return context.Print(await engine.ReprocessAsync(parsed.GetValue(Run)!, parsed.GetValue(Force), token));
                },
                token);
        });
        return command;
    }

    private static async Task ListAsync(RunArchive archive, ParseResult parsed, CommandContext context, CancellationToken token)
    {
        var runs = await archive.ListAsync(parsed.GetValue(Most), parsed.GetValue(Kind), parsed.GetValue(Status), token);
        var isChosen = parsed.GetValue(Kind) is not null || parsed.GetValue(Status) is not null;
        context.Print(() => ReportJson.Write(runs), console => RunTables.Print(runs, isChosen, console));
    }

    private static async Task ShowAsync(RunArchive archive, ParseResult parsed, CommandContext context, CancellationToken token) =>
        context.Print(await archive.ShowAsync(parsed.GetValue(Run)!, token));

    private static async Task LogAsync(RunArchive archive, ParseResult parsed, CommandContext context, CancellationToken token)
    {
        var (run, level, entity) = (parsed.GetValue(Run)!, parsed.GetValue(Level), parsed.GetValue(Entity));
        var lines = await (parsed.GetValue(
            Follow) ? archive.FollowAsync(run, level, entity, TimeProvider.System, token) : archive.LogAsync(run, level, entity, token));
        if (context.IsJson)
            await WriteJsonAsync(lines, token);
        else
            await RunTables.PrintAsync(lines, Console.Out, token);
    }

    private static async Task RejectedAsync(RunArchive archive, ParseResult parsed, CommandContext context, CancellationToken token)
    {
        var rejected = await archive.RejectedAsync(parsed.GetValue(Run)!, parsed.GetValue(Entity), token);
        if (parsed.GetValue(Csv) is { } file)
        {
            var fields = await RunArchive.WriteCsvAsync(rejected, file, parsed.GetValue(Excel), token);
            Console.Out.WriteLine(context.IsJson
                ? new JsonObject { ["file"] = file, ["fields"] = fields }.ToJsonString()
                : Invariant($"{fields} field{(fields == 1 ? "" : "s")} that did not convert {(fields == 1 ? "is" : "are")} in {file}"));
        }
        else if (context.IsJson)
        {
            await WriteJsonAsync(rejected, token);
        }
        else
        {
            await RunTables.PrintAsync(rejected, Console.Out, token);
        }
    }

    private static async Task WriteJsonAsync<T>(IAsyncEnumerable<T> list, CancellationToken token)
    {
        await using var output = Console.OpenStandardOutput();
        await ReportJson.WriteAsync(output, list, token);
        output.WriteByte((byte)'\n');
    }
}
