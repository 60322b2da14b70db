using System.CommandLine;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Server.Apps;
using BubbleSync.Server.Safety;

namespace BubbleSync.Server;

/// <summary>The program: reads its words, starts the server, prints its address, and ends when it is asked to.</summary>
internal static class ServerProgram
{
    private const int Done = 0;
    private const int Usage = 2;
    private const int Stopped = 3;

    private static readonly Option<bool> Demo = new("--demo") { Description = "Serve a simulated app with a private PostgreSQL; both end with the server" };
    private static readonly Option<string> Urls = new("--urls")
    {
        Description = "Address to listen on. One that other machines reach needs Server:AccessKey",
        HelpName = "URL",
        DefaultValueFactory = _ => ListenAddress.Default,
    };
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "Settings file. Each file apps/NAME.json beside it is an app; without any, the file itself is the only one",
        HelpName = "FILE",
    };

    /// <summary>Runs the server until it is ended.</summary>
    public static Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Syncs Bubble.io apps into PostgreSQL: API and schedules") { Demo, Urls, Config };
        Demo.Arity = ArgumentArity.Zero;
        root.SetAction((parsed, token) => GuardedAsync(() => ServeAsync(parsed, token)));
        // The host takes the signals.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        return parsed.Errors.Count > 0
            ? GuardedAsync(() => throw new ArgumentException(string.Join(Environment.NewLine, parsed.Errors.Select(e => e.Message))))
            : parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var config = parsed.GetValue(Config);
        var home = HomeFolder.Of(config);
        HomeFolder.Create(home);
        var (server, apps) = AppReader.Read(config, Environment.GetEnvironmentVariables());
        var address = ListenAddress.Check(parsed.GetValue(Urls)!, server.AccessKey);
        await using var demo = parsed.GetValue(Demo) ? await DemoApp.StartAsync(home, cancellationToken) : null;
        var (prepared, embedded) = await AppTargets.PrepareAsync(demo is null ? apps : [demo.App], home, cancellationToken);
        await using (embedded)
        {
            await using var app = ServerHost.Build(new ServerSetup(prepared, server, address));
            await app.StartAsync(cancellationToken);
            Console.Out.WriteLine($"BubbleSync is at {app.Urls.First()}");
            await app.WaitForShutdownAsync(cancellationToken);
        }

        return Done;
    }

    private static async Task<int> GuardedAsync(Func<Task<int>> serve)
    {
        try
        {
            return await serve();
        }
        catch (SyncException refused)
        {
            return End(refused.Message, refused.IsUsage ? Usage : Stopped);
        }
        catch (ArgumentException wrong)
        {
            return End(wrong.Message, Usage);
        }
        catch (Exception failed) when (failed is EmbeddedPostgresException or IOException)
        {
            return End(failed.Message, Stopped);
        }
    }

    private static int End(string why, int code)
    {
        Console.Error.WriteLine($"error: {why}");
        return code;
    }
}
