using BubbleSync.Etl.Load;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Graph;

/// <summary>One entity in a run: its flow into staging, and what came of it.</summary>
internal sealed class EntityRun : IAsyncDisposable
{
    private readonly TargetDatabase _database;
    private readonly Guid _runId;
    private readonly StagingWriter _writer;

    /// <summary>Sets up an entity; nothing is read or written yet.</summary>
    public EntityRun(EntityPlan plan, TargetDatabase database, RunJournal journal)
        : this(new StagingTable(plan, journal.RunId), database, journal)
    {
    }

    /// <summary>Sets up an entity that is staged in a table of its own.</summary>
    public EntityRun(StagingTable staging, TargetDatabase database, RunJournal journal)
    {
        var plan = staging.Plan;
        (_database, _runId) = (database, journal.RunId);
        Plan = plan;
        Staging = staging;
        _writer = new StagingWriter(database, Staging, (connection, end, staged, token) => journal.CheckpointAsync(connection, plan.Name, end, staged.Records, staged.Checksum, token));
        Flow = new EntityFlow(plan, _writer.WriteAsync, staging.KeepsRaw) { Places = database.Readings };
        Report = new EntityReport { Name = plan.Name, Level = plan.Level };
    }

    /// <summary>The entity.</summary>
    public EntityPlan Plan { get; }

    /// <summary>The way of its records into staging.</summary>
    public EntityFlow Flow { get; }

    /// <summary>Where they are staged.</summary>
    public StagingTable Staging { get; }

    /// <summary>What came of it so far.</summary>
    public EntityReport Report { get; set; }

    /// <summary>The first fields that did not convert.</summary>
    public IReadOnlyList<SyncError> Rejects { get; set; } = [];

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>What is staged.</summary>
    public StagedTotal Staged => _writer.Staged;

    /// <summary>Whether an earlier attempt at the same run has merged it.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>What is read where that is not everything, or null.</summary>
    public string? Part { get; init; }

    /// <summary>Whether everything that Bubble has was read, and shown to be.</summary>
    public bool IsComplete => Part is null && Flow.Ledger.Doubts.Count == 0;

    /// <summary>Makes the staging tables.</summary>
    public async Task CreateStagingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _database.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(Staging.Create, cancellationToken);
    }

    /// <summary>Takes over what an earlier attempt at the same run has done; where the server lost it in a crash, the entity begins anew.</summary>
    public async Task TakeOverAsync(ResumePoint point, RunJournal journal, CancellationToken cancellationToken)
    {
        await CreateStagingAsync(cancellationToken);
        if (point.Merged.TryGetValue(Plan.Name, out var merged))
        {
            (Report, IsMerged) = (merged, true);
            Flow.TakeOver(merged);
            await using var journaled = await _database.ConnectAsync(cancellationToken);
            Rejects = await journal.RejectsAsync(journaled, Plan.Name, RunFindings.MostRejects + 1, cancellationToken);
            return;
        }

        var windows = point.Windows[Plan.Name].ToList();
        var expected = windows.Aggregate(default(StagedTotal), (sum, w) => sum + new StagedTotal(w.Records, w.Checksum));
        await using var connection = await _database.ConnectAsync(cancellationToken);
        var staged = await new StagedRecords(Plan, Staging, _runId).SumAsync(connection, cancellationToken);
        if (staged.Total == expected)
        {
            _writer.Add(expected);
            Flow.TakeOver(windows, staged.Rejected);
            return;
        }

        await connection.ExecuteAsync(Staging.Empty, cancellationToken);
        await journal.ForgetWindowsAsync(connection, Plan.Name, cancellationToken);
    }

    /// <summary>How many different records it has so far, and how many of them were rejected, in this attempt at the run or in an earlier one. What was read and thrown away counts for nothing.</summary>
    public async Task<(long Records, long Rejected)> CountAsync(CancellationToken cancellationToken)
    {
        if (Report.Proof is not null)
            return (Report.Extracted, Report.Rejected);

        await using var connection = await _database.ConnectAsync(cancellationToken);
        return await new StagedRecords(Plan, Staging, _runId).CountDistinctAsync(connection, cancellationToken);
    }

    /// <summary>Gives the report of a merge.</summary>
    public EntityReport Merged(EntityCounts counts, DateTimeOffset now)
    {
        var (ledger, settled) = (Flow.Ledger, counts.Settled);
        var accepted = ledger.Accepted;
        return Report with
        {
            Expected = ledger.CountedBefore,
            Extracted = settled.Extracted,
            Staged = settled.Staged,
            Inserted = counts.Inserted,
            Updated = counts.Updated,
            Unchanged = counts.Unchanged,
            Conflicts = counts.Conflicts,
            Rejected = settled.Rejected,
            NotInBubble = counts.NotInBubble ?? 0,
            DurationMs = (long)(now - StartedAt).TotalMilliseconds,
            Proof = new EntityProof(
                IsComplete, ledger.CountedBefore, ledger.CountedAfter, accepted.Count(a => a.Window.Kind != WindowKind.Modified), ledger.Rereads,
                accepted.Sum(a => a.Verdict.RowsRead), settled.Staged, Text(Staged.Checksum), Text(settled.Checksum), ledger.Doubts)
            {
                Part = Part,
            },
        };

        // Each record once: how often it was read is no matter of the data.
        string Text(ulong checksum) => $"{unchecked(checksum - settled.Superseded):x16}";
    }

    /// <summary>Takes back what is half staged.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
