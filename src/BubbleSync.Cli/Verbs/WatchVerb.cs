using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.Cli.Notify;
using BubbleSync.Etl.Reports;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>watch</c>: <c>sync incremental</c> again and again in one process, for containers and machines without a scheduler.</summary>
internal static class WatchVerb
{
    private static readonly Option<TimeSpan> Every = DurationOption.Required(
        "--every", "Time from the start of a run to the start of the next one: 30s, 10m, 2h; a longer run leaves out the starts that it misses");

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("watch", "Run 'sync incremental' again and again until it is interrupted; a run that fails does not end it") { Every };
        IncrementalRun.AddOptionsTo(command);
        command.SetAction(RunAsync);
        return NotifyOptions.AddTo(command);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var (every, clock) = (parsed.GetValue(Every), TimeProvider.System);
        var tally = new Tally();
        for (var start = clock.GetUtcNow(); ; start = NextStart(start, every, clock.GetUtcNow()))
        {
            var context = new CommandContext(parsed) { Notifies = true, IsPart = true };
            if (tally.Runs > 0)
            {
                context.Tell(Invariant($"Next run at {start.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}. Ctrl-C ends the command."));
                // Never longer than the interval, though somebody may set the clock back.
                if (start - clock.GetUtcNow() is { Ticks: > 0 } wait)
                    await Task.Delay(wait < every ? wait : every, clock, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (token.IsCancellationRequested)
                    return tally.Print(parsed, ExitCode.Done);
            }

            var code = await IncrementalRun.RunAsync(context, parsed, printsReport: !CommonOptions.IsJson(parsed), token);
            tally.Add(code, context);
            // What is wrong with the settings at the start does not pass by itself.
            if (token.IsCancellationRequested || (tally.Runs == 1 && code == ExitCode.Usage))
                return tally.Print(parsed, code);
        }
    }

    private static DateTimeOffset NextStart(DateTimeOffset start, TimeSpan every, DateTimeOffset now)
    {
        var missed = Math.Max(0, (long)Math.Floor((now - start) / every));
        return start + (every * (missed + 1));
    }

    /// <summary>What the runs came to; it keeps only the last one.</summary>
    private sealed class Tally
    {
        private readonly SortedDictionary<int, int> _byCode = [];
        private RunReport? _last;

        public int Runs => _byCode.Values.Sum();

        public void Add(int code, CommandContext context)
        {
            _byCode[code] = _byCode.GetValueOrDefault(code) + 1;
            _last = context.Ended ?? _last;
        }

        public int Print(ParseResult parsed, int code)
        {
            var context = new CommandContext(parsed);
            int With(int wanted) => _byCode.GetValueOrDefault(wanted);
            var (succeeded, partial, cancelled) = (With(ExitCode.Done), With(ExitCode.Partial), With(ExitCode.Interrupted));
            var failed = Runs - succeeded - partial - cancelled;
            context.Tell(Invariant($"Runs: {Runs}: {succeeded} succeeded, {partial} partial, {failed} failed, {cancelled} cancelled."));
            if (context.IsJson)
            {
                Console.Out.WriteLine(ReportJson.Write(new JsonObject
                {
                    ["kind"] = "watch",
                    ["runs"] = Runs,
                    ["succeeded"] = succeeded,
                    ["partial"] = partial,
                    ["failed"] = failed,
                    ["cancelled"] = cancelled,
                    ["last"] = _last is null ? null : JsonNode.Parse(_last.ToJson()),
                }));
            }

            return code;
        }
    }
}
