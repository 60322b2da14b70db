using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>simulate</c>: the Bubble simulator.</summary>
internal static class SimulateVerb
{
    private static readonly Option<int> Port = NumberOption.Create("--port", "Loopback port; 0 for a free one", 0, 0, 65_535);
    private static readonly Option<int> Invoices = NumberOption.Create("--invoices", "Number of invoices; other types are in proportion", 2000, 0, 1_000_000);
    private static readonly Option<int> Seed = new("--seed") { Description = "The random seed", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Token =
        new("--token") { Description = "The token to accept", HelpName = "TEXT", DefaultValueFactory = _ => "simulator-token" };
    private static readonly Option<int> Latency = NumberOption.Create("--latency", "Milliseconds before each answer", 0, 0, 600_000);
    private static readonly Option<int> Limit = NumberOption.Create("--limit", "Requests a minute; more get 429; 0 for no limit", 0, 0);
    private static readonly Option<string[]> Fault = new("--fault")
    {
        Description = string.Join('\n', SimulatorFaults.All.Select(f => $"{f.Name}: {f.Description}").Prepend("A fault; may be given several times:")),
        HelpName = "NAME[=ARGUMENT]",
        DefaultValueFactory = _ => [],
    };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        Fault.CompletionSources.Add([.. SimulatorFaults.All.Select(f => f.Name)]);
        var command = new Command("simulate", "Serve a Bubble Data API with synthetic data, "
            + "until interrupted") { Port, Invoices, Seed, Token, Latency, Limit, Fault };
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var context = new CommandContext(parsed);
        return context.GuardedAsync("simulate", async () =>
        {
            await using var simulator = await StartAsync(Options(parsed), token);
            Console.Out.WriteLine(context.IsJson
                ? new JsonObject { ["baseUrl"] = simulator.BaseUrl.OriginalString, ["apiToken"] = parsed.GetValue(Token) }.ToJsonString()
                : $"BUBBLESYNC_Bubble__BaseUrl={simulator.BaseUrl}{Environment.NewLine}BUBBLESYNC_Bubble__ApiToken={parsed.GetValue(Token)}");
            context.Tell("Serving. Ctrl-C ends it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        }, token);
    }

    private static async Task<SimulatorServer> StartAsync(SimulatorOptions options, CancellationToken token)
    {
        try
        {
            return await SimulatorServer.StartAsync(options, token);
        }
        catch (ArgumentException unknown)
        {
            throw new SyncException(
                new SyncError(
                    SyncStage.Settings, null, null, "--fault", ErrorCode.Usage, unknown.Message.Replace(
                        $" (Parameter '{unknown.ParamName}')", "", StringComparison.Ordinal)), unknown);
        }
        catch (IOException taken)
        {
            throw new SyncException(new SyncError(SyncStage.Load, null, null, "--port", ErrorCode.PortTaken,
                Invariant($"Port {options.Port} cannot be used: {taken.Message} Take another one with --port.")), taken);
        }
    }

    private static SimulatorOptions Options(ParseResult parsed) => new()
    {
        Port = parsed.GetValue(Port),
        Invoices = parsed.GetValue(Invoices),
        Seed = parsed.GetValue(Seed),
        Token = parsed.GetValue(Token)!,
        Latency = TimeSpan.FromMilliseconds(parsed.GetValue(Latency)),
        RequestsPerMinute = parsed.GetValue(Limit),
        Faults = parsed.GetValue(Fault)!,
    };
}
