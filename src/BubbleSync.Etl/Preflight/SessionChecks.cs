using System.Data;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Preflight;

/// <summary>
/// Checks that a run gets the sessions that it needs, by opening them, and how many more it can have. Limits alone do not show it: a pooler has
/// its own, and others come and go.
/// </summary>
internal sealed class SessionChecks(TargetDatabase database)
{
    private const string Check = "sessions";
    private const string Limits = "Postgres:MaxConnections, or Maximum Pool Size where that is less";

    // Sessions that have just been closed, as those of an earlier command, end a moment later.
    private const int MostAttempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A pooler that has a session returns it at once, or opens one meanwhile.
    private static readonly TimeSpan WaitForMore = TimeSpan.FromSeconds(2);

    private readonly List<TargetSession> _held = [];

    /// <summary>Checks it; returns all sessions.</summary>
    public async Task<SessionFinding> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            _held.Add(await BeginAsync(database.ConnectTimeout, cancellationToken));
            return await TryAsync(cancellationToken);
        }
        finally
        {
            foreach (var session in _held)
                await session.DisposeAsync();
        }
    }

    private async Task<SessionFinding> TryAsync(CancellationToken cancellationToken)
    {
        var narrowest = await SessionLimit.ReadNarrowestAsync(_held[0].Connection, cancellationToken);
        try
        {
            while (_held.Count < TargetDatabase.LeastConnections)
                _held.Add(await BeginPatientlyAsync(cancellationToken));
        }
        catch (SyncException refused)
        {
            return new SessionFinding(Lack(refused, narrowest), _held.Count, IsFewer: true);
        }

        return narrowest is null ? await TryMoreAsync(cancellationToken) : Judge(narrowest);
    }

    private async Task<TargetSession> BeginPatientlyAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await BeginAsync(database.ConnectTimeout, cancellationToken);
            }
            catch (SyncException refused) when (IsOverLimit(refused) && attempt < MostAttempts)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    // In session mode a pooler's session is ours until the end: waiting for one more than it has would never end.
    private async Task<SessionFinding> TryMoreAsync(CancellationToken cancellationToken)
    {
        var wanted = database.MaxConnections;
        var more = await Task.WhenAll(Enumerable.Range(_held.Count, wanted - _held.Count).Select(_ => TryBeginAsync(cancellationToken)));
        _held.AddRange(more.OfType<TargetSession>());
        var had = _held.Count;
        var message = had == wanted
            ? Invariant($"a run takes {wanted} at most ({Limits}), and the pooler gives them")
            : Invariant($"the pooler gives {had} at once, so that a run takes {had} instead of {wanted} ({Limits}) and is slower. For more, ")
                + "make its pool larger (PgBouncer: default_pool_size, max_db_connections, max_client_conn)";
        return new SessionFinding(new TargetFinding(Check, message), had, had < wanted);
    }

    private async Task<TargetSession?> TryBeginAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await BeginAsync(WaitForMore, cancellationToken);
        }
        catch (SyncException)
        {
            return null;
        }
    }

    private SessionFinding Judge(SessionLimit narrowest)
    {
        var wanted = database.MaxConnections;
        var had = Math.Clamp(narrowest.Free, _held.Count, wanted);
        var message = had == wanted
            ? Invariant($"a run takes {wanted} at most ({Limits}), and {narrowest.Free} are free")
            : Invariant($"{narrowest.Whose} allows {narrowest.Most}, of which others use {narrowest.Used}, so that a run takes {had} instead of {wanted} ")
                + $"({Limits}) and is slower. For more, raise that limit: {narrowest.Raise(narrowest.Used + wanted)}";
        return new SessionFinding(new TargetFinding(Check, message), had, had < wanted);
    }

    private TargetFinding Lack(SyncException refused, SessionLimit? narrowest)
    {
        const int Least = TargetDatabase.LeastConnections;
        var why = narrowest is not null && IsOverLimit(refused)
            ? Invariant($"{narrowest.Whose} allows {narrowest.Most}, of which others use {narrowest.Used}. End sessions that are not needed ")
                + $"(select * from pg_stat_activity), or raise that limit: {narrowest.Raise(narrowest.Used + database.MaxConnections)}"
            : refused.Message;
        return TargetFinding.Obstacle(Check, refused.Errors[0].Code, null, Invariant($"a run needs {Least} at once and got {_held.Count}: {why}"));
    }

    private Task<TargetSession> BeginAsync(TimeSpan longestWait, CancellationToken cancellationToken) =>
        database.BeginAsync(IsolationLevel.ReadCommitted, longestWait, cancellationToken);

    private static bool IsOverLimit(SyncException refused) => refused.Errors[0].Code == ErrorCode.TooManySessions;
}

/// <summary>What the check of sessions found.</summary>
/// <param name="Finding">The result.</param>
/// <param name="Sessions">How many a run can have.</param>
/// <param name="IsFewer">Whether that is fewer than the settings say.</param>
internal sealed record SessionFinding(TargetFinding Finding, int Sessions, bool IsFewer);
