using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Staging;

/// <summary>A column of staged records that names others.</summary>
internal sealed record StagedLink(StagingTable From, ColumnPlan Column)
{
    /// <summary>A query of (root, id): the records of the column, and the ids they name.</summary>
    public string Sql =>
        $"select f.{From.Plan.Key.Quoted} as root, {(IsList ? $"unnest(f.{Column.Quoted})" : $"f.{Column.Quoted}")} as id from {From.Name} f where not "
            + $"f.{StagingLayout.Rejected} and f.{Column.Quoted} is not null";

    /// <summary>Whether it may name several.</summary>
    public bool IsList => Column.Type.Shape == FieldShape.TextArray;

    /// <summary>A query of (root, id): staged roots and the records that name them here.</summary>
    public string Backwards(StagingTable root) =>
        $"select n.id as root, n.root as id from ({Sql}) n where n.id in (select {root.Plan.Key.Quoted} from {root.Name})";

    /// <summary>
    /// The same of records that did not convert: of these there is only the text, in which a root's id stands as it is. Each text is searched once for ids, not
    /// once for each root.
    /// </summary>
    public static string OfRejects(StagingTable from, StagingTable root) =>
        $"""
        select r.{root.Plan.Key.Quoted} as root, n.id from {root.Name} r
        join (select j.bubble_id as id, (regexp_matches(j.raw, '"([0-9]+x[0-9]+)"', 'g'))[1] as named from {from.Rejects} j) n
          on n.named = r.{root.Plan.Key.Quoted}
        """;
}

/// <summary>Finds in staging which records name which others: what is still to be read.</summary>
internal sealed class StagedLinks(TargetDatabase database)
{
    /// <summary>The keys of what is staged and not rejected.</summary>
    public Task<List<string>> KeysAsync(StagingTable table, CancellationToken cancellationToken) =>
        IdsAsync($"select distinct {table.Plan.Key.Quoted} as id from {table.Name} where not {StagingLayout.Rejected}", cancellationToken);

    /// <summary>Ids of Bubble's form that <paramref name="links"/> name and that none of the tables has staged.</summary>
    public Task<List<string>> UnreadAsync(IReadOnlyList<StagedLink> links, IReadOnlyList<StagingTable> among, CancellationToken cancellationToken) =>
        links.Count == 0
        ? Task.FromResult<List<string>>([])
        : IdsAsync(
            $"""
            select distinct l.id from ({string.Join(" union all ", links.Select(l => l.Sql))}) l
            where l.id collate "C" ~ '{BubbleId.Pattern}' {string.Concat(among.Select(IsNotStaged))}
            """,
            cancellationToken);

    /// <summary>Keys of rows in the entity's table that name one of the roots, as an earlier sync stored them, and that are not staged.</summary>
    public Task<List<string>> KnownAsync(StagingTable table, ColumnPlan naming, StagingTable root, CancellationToken cancellationToken) => IdsAsync(
        $"""
        select distinct l.id from ({KnownSql(table, naming, root)}) l
        where l.id collate "C" ~ '{BubbleId.Pattern}' {IsNotStaged(table)}
        """,
        cancellationToken);

    /// <summary>
    /// A query of (id): rows in the entity's table that name one of the roots in a list. Array operators would compare each item with each root.
    /// </summary>
    public static string KnownSql(StagingTable table, ColumnPlan naming, StagingTable root) =>
        $"""
        select n.id from (select t.{table.Plan.Key.Quoted} as id, unnest(t.{naming.Quoted}::text[]) as named from {table.Plan.Table} t) n
        join {root.Name} r on r.{root.Plan.Key.Quoted}::text = n.named and not r.{StagingLayout.Rejected}
        """;

    /// <summary>Keys of roots for which no record of the entity is staged that they name, or that names them.</summary>
    public Task<List<string>> BareAsync(StagingTable root, IReadOnlyList<StagedLink> named, StagedLink naming, CancellationToken cancellationToken) => IdsAsync(
        $"""
        select r.{root.Plan.Key.Quoted} as id from {root.Name} r
        where not r.{StagingLayout.Rejected}
          and r.{root.Plan.Key.Quoted} not in (select n.id from ({naming.Sql}) n where n.id is not null)
          {string.Concat(named.Select(l => $"""
              and not exists (select from ({l.Sql}) l join {naming.From.Name} s on s.{naming.From.Plan.Key.Quoted} = l.id
                              where l.root = r.{root.Plan.Key.Quoted})
              """))}
        """,
        cancellationToken);

    private static string IsNotStaged(StagingTable table) => $" and not exists (select from {table.Name} s where s.{table.Plan.Key.Quoted} = l.id)";

    private Task<List<string>> IdsAsync(string sql, CancellationToken cancellationToken) =>
        database.RowsAsync(sql, r => r.GetString(0), cancellationToken);
}
