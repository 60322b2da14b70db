using System.Reflection;
using Dapper;
using LinqToDB.Data;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>One way to load the items.</summary>
/// <param name="Name">What the table calls it; also the name of its database.</param>
/// <param name="Loads">How it loads.</param>
/// <param name="Lacks">What it does not do, and what it does better.</param>
/// <param name="OpenAsync">Connects it to the database of a connection string.</param>
internal sealed record Rival(string Name, string Loads, string Lacks, Func<string, Task<ILoader>> OpenAsync)
{
    public const string Product = "bubblesync";

    private const string PlainLacks = "no presence (a field that Bubble omits becomes NULL), no rejects, no checksum, no protection of later local edits";

    public static readonly IReadOnlyList<Rival> All =
    [
        new(Product, "pages of JSON, mapped to COPY's format, staged in windows of 5,000 records, read back and compared, one guarded `merge`",
            "writes no row that has the same Modified Date or a later one, so that a damaged row stays, which a plain upsert repairs; "
                + "here without the journal and the four sessions at a time of a run",
            BubblesyncLoader.OpenAsync),
        new("importer", "`NpgsqlBinaryImporter` into a temporary table, one `insert … on conflict do update`",
            $"{PlainLacks}; writes every row again, changed or not", ImporterLoader.OpenAsync),
        new("importer_guarded", "the same with `where (…) is distinct from (…)`",
            $"{PlainLacks}; locks every row, which the server logs too", ImporterLoader.OpenGuardedAsync),
        new("linq2db", "linq2db's bulk copy into a temporary table, its `Merge()`",
            $"{PlainLacks}; writes every row again, changed or not", Linq2DbLoader.OpenAsync),
        new("linq2db_guarded", "the same with `UpdateWhenMatchedAnd` and a newer Modified Date",
            $"{PlainLacks}; a damaged row stays; the condition is written by hand", Linq2DbLoader.OpenGuardedAsync),
        new("dapper_arrays",
            "Dapper's `Execute` with an array for each column, 10,000 rows at a time, `insert … select from unnest(…) on conflict do update`",
            $"{PlainLacks}; writes every row again, changed or not", DapperArraysLoader.OpenAsync),
        new("dapper", "Dapper's `Execute` with the list of rows: one `insert … on conflict do update` for each row, all in one transaction",
            $"{PlainLacks}; writes every row again, changed or not; needs no table beside the target", DapperLoader.OpenAsync),
    ];

    /// <summary>The libraries that are compared, with their versions.</summary>
    public static string Versions { get; } = string.Join(
        ", ", new[] { typeof(NpgsqlConnection), typeof(DataConnection), typeof(SqlMapper) }.Select(type => Version(type.Assembly)));

    private static string Version(Assembly library) =>
        $"{library.GetName().Name} {library.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}";
}
