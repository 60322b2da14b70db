using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.Cli.Notify;
using BubbleSync.Cli.Output;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace BubbleSync.Cli;

/// <summary>One command under way: its settings, its database, where it prints.</summary>
internal sealed partial class CommandContext(ParseResult parsed)
{
    private ILogger<SyncEngine> _logger = NullLogger<SyncEngine>.Instance;
    private CancellationToken _interruption;
    private RunReport? _ended;
    private IReadOnlyList<SyncError> _errors = [];
    private PostgresSettings? _target;

    /// <summary>Whether stdout carries one JSON document and nothing else.</summary>
    public bool IsJson => CommonOptions.IsJson(parsed) && !IsPart;

    /// <summary>Whether this is one of several runs of a command, which prints the one JSON document itself.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether the command reports outside how it ended, where the settings say so.</summary>
    public bool Notifies { get; init; }

    /// <summary>The run that ended; null where the command stopped before there was one.</summary>
    public RunReport? Ended => _ended;

    /// <summary>Why the command stopped; none where it did not.</summary>
    public IReadOnlyList<SyncError> Errors => _errors;

    /// <summary>What to type after the command.</summary>
    public NextSteps Next { get; } = NextSteps.Of(parsed);

    /// <summary>Whether stderr carries errors and nothing else.</summary>
    public bool IsQuiet => parsed.GetValue(CommonOptions.Quiet);

    /// <summary>Whether the command writes maps, so that they must be the user's own.</summary>
    public bool WritesMaps { get; init; }

    private bool IsLogged => parsed.GetValue(CommonOptions.Log) is not (null or "none");

    private LogLevel LeastLevel => IsQuiet ? LogLevel.Error : parsed.GetValue(CommonOptions.Verbose) ? LogLevel.Debug : LogLevel.Information;

    /// <summary>Runs a command against the engine; where no database is set, against an embedded one that it starts and stops.</summary>
    /// <param name="kind">Its name in a failure's report.</param>
    /// <param name="work">The command.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    public Task<int> RunAsync(string kind, Func<SyncEngine, Task<int>> work, CancellationToken cancellationToken) =>
        GuardedAsync(kind, () => WithDatabaseAsync(work, cancellationToken), cancellationToken);

    private async Task<int> WithDatabaseAsync(Func<SyncEngine, Task<int>> work, CancellationToken cancellationToken)
    {
        var settings = ReadSettings();
        if (settings.Postgres.ConnectionString is not null)
            return await work(TargetEngine(settings));

        var embedded = EmbeddedDatabase.Of(parsed);
        embedded.Notes().ForEach(Tell);
        await using var server = await embedded.StartAsync(fresh: false, cancellationToken);
        return await work(TargetEngine(settings with { Postgres = settings.Postgres.Embedded(server.ConnectionString, embedded.Folder) }));
    }

    /// <summary>Runs a command that writes nothing: with the database that is set, or an embedded one that exists already; otherwise without any.</summary>
    public Task<int> RunWithDatabaseIfAnyAsync(string kind, Func<SyncEngine, Task<int>> work, CancellationToken cancellationToken) =>
        GuardedAsync(
            kind,
            () => Directory.Exists(EmbeddedDatabase.Of(parsed).Folder) ? WithDatabaseAsync(work, cancellationToken) : work(Engine(ReadSettings())),
            cancellationToken);

    /// <summary>Runs a command that needs no database.</summary>
    public Task<int> RunWithoutDatabaseAsync(string kind, Func<SyncEngine, Task<int>> work, CancellationToken cancellationToken) =>
        GuardedAsync(kind, () => work(Engine(ReadSettings())), cancellationToken);

    /// <summary>The engine with these settings, whose database the printed result names; it logs if that is requested.</summary>
    public SyncEngine TargetEngine(SyncSettings settings)
    {
        _target = settings.Postgres;
        return Engine(settings);
    }

    private SyncEngine Engine(SyncSettings settings) => new(settings, TimeProvider.System, _logger);

    /// <summary>Runs a command and reports its failure, if there is one; then reports the end outside.</summary>
    public async Task<int> GuardedAsync(string kind, Func<Task<int>> work, CancellationToken cancellationToken)
    {
        var code = await AttemptAsync(kind, work, cancellationToken);
        if (_notifier is not null)
            await _notifier.EndAsync(RunNotice.Of(kind, code, _ended, _errors, _settings ?? _lastSettings!));
        return code;
    }

    private async Task<int> AttemptAsync(string kind, Func<Task<int>> work, CancellationToken cancellationToken)
    {
        _interruption = cancellationToken;
        using var monitoring = Monitoring.Start();
        using var logs = IsLogged ? LogLines.Create(parsed.GetValue(CommonOptions.Log) == "json", LeastLevel) : null;
        _logger = logs?.CreateLogger<SyncEngine>() ?? (IsQuiet ? NullLogger<SyncEngine>.Instance : new WaitNotices());
        try
        {
            foreach (var file in parsed.CommandResult.Command.Options.OfType<OutputFileOption>())
                file.Require(parsed);
            return await work();
        }
        catch (SyncException failure)
        {
            Explain(failure);
            return Stop(failure.Errors, ExitCode.Of(failure));
        }
        catch (EmbeddedPostgresException failure)
        {
            return Stop([new SyncError(SyncStage.Load, null, null, null, ErrorCode.EmbeddedPostgres, failure.Message)], ExitCode.Stopped);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var message = $"{kind} was interrupted before its end.";
            return Stop([new SyncError(SyncStage.Load, null, null, null, ErrorCode.Cancelled, message)], ExitCode.Interrupted);
        }
        // Writers of files report their own errors; this one concerns stdout.
        catch (IOException unwritable) when (Console.IsOutputRedirected)
        {
            Explain(unwritable);
            return Stop([new SyncError(SyncStage.Load, null, null, null, ErrorCode.Output, $"Standard output cannot be written: {unwritable.Message}.")],
                ExitCode.Stopped, isWritable: false);
        }
#pragma warning disable CA1031 // Every exception ends the command with an error and exit code.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            Explain(unexpected);
            return Stop([new SyncError(SyncStage.Load, null, null, null, ErrorCode.Failed, $"{unexpected.GetType().Name}: {unexpected.Message} "
                + "This was not expected; --verbose tells where it happened.")], ExitCode.Stopped);
        }

        int Stop(IReadOnlyList<SyncError> errors, int code, bool isWritable = true)
        {
            _errors = errors;
            return Failure.Print(kind, errors, Next, code, IsJson && isWritable);
        }
    }

    /// <summary>Does the work and shows its progress, unless that is switched off.</summary>
    /// <param name="work">The work.</param>
    /// <param name="ending">What it does when it is interrupted.</param>
    public async Task<T> ShowAsync<T>(Func<IProgress<RunProgress>?, Task<T>> work, string ending = StopNotice.Sync)
    {
        var last = new LastProgress();
        // The progress console prints it, and puts it above the progress.
        await using var told = _interruption.Register(() =>
        {
            if (!IsQuiet)
                Terminal.Error.Write(new Notice(StopNotice.Of(last.Last, ending)));
        });
        return await (IsQuiet || IsLogged ? work(last) : LiveProgress.ShowAsync(progress =>
        {
            last.Next = progress;
            return work(last);
        }));
    }

    /// <summary>Prints a note on stderr, except with <c>--quiet</c>.</summary>
    public void Tell(string line)
    {
        if (!IsQuiet)
            Console.Error.WriteLine(line);
    }

    /// <summary>Prints the errors of a run, for a result as text or as JSON.</summary>
    public void PrintErrors(RunReport report)
    {
        RunSummary.PrintErrors(report.Errors, Next);
        End(report);
    }

    /// <summary>Notes the run that ended, for a notice, and with <c>--verbose</c> prints the cause of its failure.</summary>
    public void End(RunReport report)
    {
        _ended = report;
        Explain(report.Failure);
    }

    /// <summary>Prints a run's result.</summary>
    /// <param name="report">The result.</param>
    /// <param name="proposes">Whether to print what to type next; those commands work in the database of the settings.</param>
    public int Print(RunReport report, bool proposes = true)
    {
        PrintErrors(report);
        Print(report.ToJson, console => RunSummary.Print(report, proposes ? Next : null, console));
        return ExitCode.Of(report);
    }

    /// <summary>Prints a result in the requested form; returns the exit code of a command that is done.</summary>
    /// <param name="json">Makes the document.</param>
    /// <param name="text">Prints the text.</param>
    /// <param name="written">The files that were written, as they were given; null for those that were not asked for.</param>
    public int Print(Func<string> json, Action<IAnsiConsole> text, params IEnumerable<string?> written)
    {
        if (IsJson)
            Console.Out.WriteLine(json());
        else
            text(Terminal.Out);
        PrintWritten(written);
        PrintTarget();
        return ExitCode.Done;
    }

    /// <summary>Names the files that were written, for a result as text.</summary>
    public void PrintWritten(params IEnumerable<string?> files)
    {
        foreach (var file in files.OfType<string>().Where(_ => !IsJson))
            RunSummary.Line(Terminal.Out, $"written: {file}");
    }

    /// <summary>The database in which the command works, for a result as JSON; null where it works in none.</summary>
    public JsonNode? TargetJson => _target is { } target ? JsonNode.Parse(ReportJson.Write(LibpqAddress.Place(target))) : null;

    /// <summary>Prints in which database the command worked, as the last line of a result as text.</summary>
    public void PrintTarget()
    {
        if (!IsJson && _target is { } target)
            RunSummary.Line(Terminal.Out, $"target: {LibpqAddress.Place(target).Text}");
    }

    /// <summary>With <c>--verbose</c>, prints the cause of an error on stderr: types and places only, as an exception's message may hold a secret.</summary>
    public void Explain(Exception? cause)
    {
        for (; cause is not null && parsed.GetValue(CommonOptions.Verbose); cause = cause.InnerException)
            Console.Error.WriteLine($"{cause.GetType().FullName}{Environment.NewLine}{cause.StackTrace}");
    }
}
