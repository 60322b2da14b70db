namespace BubbleSync.Skeleton;

/// <summary>The statements of one type, as text.</summary>
internal sealed class MergeStatements(EntityMapFile map, IReadOnlyDictionary<string, string> defaults)
{
    private readonly string _staging = Quote($"skeleton_{map.Table}");
    private readonly string[] _columns = [.. map.Columns.Select(c => Quote(c.Name))];

    public string Create =>
        $"drop table if exists {_staging}; create unlogged table {_staging} ({string.Join(", ", map.Columns.Select(c => $"{Quote(c.Name)} {c.StagedType}"))}) "
            + "with (autovacuum_enabled = false)";

    public string Copy => $"copy {_staging} ({string.Join(", ", _columns)}) from stdin (format binary)";

    // The merge's join must know how many rows there are; statistics of one column tell that.
    public string Merge =>
        $"""
        analyze {_staging} ({Quote(map.Key)});
        merge into {Quote(map.Table)} as t
        using (select {string.Join(", ", map.Columns.Select(Source))} from {_staging}) as s
        on t.{Quote(map.Key)} = s.{Quote(map.Key)}
        when matched and ({Each("t.")}) is distinct from ({Each("s.")}) then update set
          {string.Join(", ", _columns.Select(c => $"{c} = s.{c}"))}, updated_at = s.modified_date, last_synced_at = now()
        when not matched then insert ({Each("")}, created_at, updated_at, last_synced_at)
        values ({Each("s.")}, s.created_date, s.modified_date, now())
        """;

    public string Drop => $"drop table {_staging}";

    private string Each(string before) => string.Join(", ", _columns.Select(c => before + c));

    private string Source(ColumnMap column) =>
        defaults.TryGetValue(column.Name, out var otherwise) ? $"coalesce({Quote(column.Name)}, {otherwise}) as {Quote(column.Name)}" : Quote(column.Name);

    private static string Quote(string name) => $"\"{name}\"";
}
