using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Staging;

/// <summary>The names and statements of one entity's staging in one run, as text.</summary>
internal sealed class StagingTable
{
    /// <summary>Makes an <c>analyze</c> of the same transaction look at 3,000 rows, which are enough to count by.</summary>
    public const string SmallSample = "set local default_statistics_target = 10";

    /// <summary>The schema of all staging tables.</summary>
    public const string Schema = "bubblesync_staging";

    private const int LongestWord = 30;

    // As many as a small sample has.
    private const int FewRecords = 3000;

    private readonly StagingLayout _layout;
    private readonly string _label;
    private readonly string _table;
    private readonly string _rejects;
    private readonly string _analyze;

    /// <summary>Names the tables after entity and run, so that runs over different targets never meet.</summary>
    public StagingTable(EntityPlan plan, Guid runId)
        : this(plan, StagingLabel.Of(plan, runId))
    {
    }

    private StagingTable(EntityPlan plan, string label)
    {
        _layout = new StagingLayout(plan);
        _label = label;
        Plan = plan;
        var name = $"{Word(plan.Name)}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_label)))[..16]}";
        _table = Identifier.Quote(Schema, name);
        _rejects = Identifier.Quote(Schema, name + "_reject");
        Raw = Identifier.Quote(Schema, name + "_raw");
        Here = Identifier.Quote(Schema, name + "_here");
        _analyze = $"analyze {_table} ({plan.Key.Quoted}, {plan.Modified.Quoted})";
    }

    /// <summary>Staging for a comparison with the table, which may run beside any other run.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="runId">The run.</param>
    /// <param name="keepsRaw">Whether records are also kept as they were received.</param>
    public static StagingTable ForComparison(EntityPlan plan, Guid runId, bool keepsRaw) =>
        new(plan, StagingLabel.OfComparison(plan, runId)) { KeepsRaw = keepsRaw };

    /// <summary>The entity.</summary>
    public EntityPlan Plan { get; }

    /// <summary>Whether the tables were made. A run that reads only changes makes them for entities that have some.</summary>
    public bool IsMade { get; set; }

    /// <summary>The quoted table of rows; before it is made, a query of the same columns without rows. Where it is read, it needs a name of its own.</summary>
    public string Name => IsMade ? _table : Nothing(_layout.Columns());

    /// <summary>The quoted table of fields that did not convert; before it is made, a query without rows.</summary>
    public string Rejects => IsMade
        ? _rejects
        : Nothing([("bubble_id", "text"), (StagingLayout.Order, "bigint"), ("field", "text"), ("reason", "text"), ("raw", "text")]);

    /// <summary>The quoted table of records as they were received, if they are kept.</summary>
    public string Raw { get; }

    /// <summary>The quoted table of ids with their Created Date that are here, where counts are narrowed down.</summary>
    public string Here { get; }

    /// <summary>Whether records are kept as they were received.</summary>
    public bool KeepsRaw { get; private init; }

    /// <summary>Makes the table of rows. Unlogged: what is in it can be read from Bubble again.</summary>
    public string CreateRows =>
        $"""
        create unlogged table if not exists {_table} ({string.Join(", ", _layout.Columns().Select(c => $"{c.Quoted} {c.Type}"))})
          with (autovacuum_enabled = false)
        """;

    /// <summary>Makes the tables of several entities, in one statement.</summary>
    public static async Task MakeAsync(NpgsqlConnection connection, IReadOnlyList<StagingTable> tables, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(SqlStatements.AsOne(CreateAll(tables)), cancellationToken);
        foreach (var table in tables)
            table.IsMade = true;
    }

    /// <summary>Returns the statements that make the tables of several entities.</summary>
    public static string CreateAll(IEnumerable<StagingTable> tables) => string.Join("\n", tables.Select(t => t.CreateEach));

    private string CreateEach =>
        $"""
        {CreateRows};
        create unlogged table if not exists {_rejects} (bubble_id text, {StagingLayout.Order} bigint, field text, reason text, raw text)
          with (autovacuum_enabled = false);
        alter table {_rejects} add column if not exists is_rebuilt boolean;
        comment on table {_table} is {Identifier.Literal(_label)};
        comment on table {_rejects} is {Identifier.Literal(_label)};
        {(KeepsRaw ? CreateRaw : "")}
        """;

    private string CreateRaw =>
        $"""
        create unlogged table if not exists {Raw} ({StagingLayout.Order} bigint, raw bytea) with (autovacuum_enabled = false);
        comment on table {Raw} is {Identifier.Literal(_label)};
        """;

    /// <summary>Makes the table of ids that are here, of a query of (id, created).</summary>
    public string CreateHere(string query) =>
        $"""
        drop table if exists {Here};
        create unlogged table {Here} with (autovacuum_enabled = false) as {query};
        create index on {Here} (created);
        comment on table {Here} is {Identifier.Literal(_label)};
        analyze {Here}
        """;

    /// <summary>The columns of rows, in their order, each with a prefix.</summary>
    public string Columns(string before) => string.Join(", ", _layout.Columns().Select(c => before + c.Quoted));

    /// <summary>The COPY statement that takes rows in binary form.</summary>
    public string Copy => $"copy {_table} ({Columns("")}) from stdin (format binary)";

    /// <summary>The COPY statement that returns all rows in binary form.</summary>
    public string CopyOut => $"copy {_table} ({Columns("")}) to stdout (format binary)";

    /// <summary>The COPY statement that takes rejects in binary form.</summary>
    public string CopyRejects => $"copy {_rejects} (bubble_id, {StagingLayout.Order}, field, reason, raw) from stdin (format binary)";

    /// <summary>The COPY statement that takes records as they were received, in binary form.</summary>
    public string CopyRaw => $"copy {Raw} ({StagingLayout.Order}, raw) from stdin (format binary)";

    /// <summary>
    /// Tells the planner how many rows there are, which is all that the merge's joins need; the statistics of a hundred columns would cost more than the merge.
    /// </summary>
    /// <param name="records">How many records are staged, about.</param>
    public string Analyze(long records) => records > FewRecords ? $"{SmallSample}; {_analyze}" : _analyze;

    /// <summary>Records with a usable id.</summary>
    public string Count => $"select count(*) from {Name} s";

    /// <summary>
    /// Reads what a merge begins with: the number of records without a usable id, which are staged as rejects only, of entries of others, and of those that
    /// lack its text; and whether the run has kept some of the entity already, whether the target table is empty, and whether earlier runs have kept rejects.
    /// </summary>
    public string ReadMergeStart =>
        $"""
        select count(*) filter (where bubble_id is null), count(bubble_id), count(bubble_id) filter (where raw is null),
               exists (select from bubblesync.rejected_record where run_id = @run and entity = @entity), not exists (select from {Plan.Table}),
               exists (select from bubblesync.rejected_record where entity = @entity and superseded_by is null and run_id <> @run)
        from {_rejects}
        """;

    /// <summary>Empties the tables.</summary>
    public string Empty => $"truncate {_table}, {_rejects}";

    /// <summary>Removes the tables.</summary>
    public string Drop => DropAll([this]);

    /// <summary>Returns the statement that removes the tables of several entities.</summary>
    public static string DropAll(IEnumerable<StagingTable> tables) =>
        $"drop table if exists {string.Join(", ", tables.SelectMany(t => t.All))}";

    private IEnumerable<string> All => KeepsRaw ? [_table, _rejects, Here, Raw] : [_table, _rejects, Here];

    private static string Nothing(IEnumerable<(string Quoted, string Type)> columns) =>
        $"(select {string.Join(", ", columns.Select(c => $"null::{c.Type} as {c.Quoted}"))} where false)";

    private static string Word(string name) => new([.. name.Take(LongestWord).Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_')]);
}
