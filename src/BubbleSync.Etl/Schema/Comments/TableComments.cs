using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Schema.Comments;

/// <summary>Writes the comments of target tables and their columns. A comment that others wrote stays.</summary>
internal static class TableComments
{
    // The table itself has the number 0.
    private const string Sql =
        """
        select c.relname::text, a.name, coalesce(d.description, ''), pg_has_role(c.relowner, 'usage')
        from pg_class c
        cross join lateral (
          select 0 as number, '' as name
          union all
          select attnum, attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        ) a
        left join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid = a.number
        where c.relnamespace = (select oid from pg_namespace where nspname = @schema) and c.relkind in ('r', 'p') and c.relname = any(@tables)
        order by c.relname, a.number
        """;

    /// <summary>Writes the comments that are missing or outdated; returns their number, and what could not be done.</summary>
    public static async Task<(int Written, IReadOnlyList<string> Warnings)> ApplyAsync(
        NpgsqlConnection connection, string schema, IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        var words = maps.ToDictionary(m => m.Table, m => (Table: CommentText.Of(m), Columns: CommentText.OfColumns(m)));
        var places = await connection.RowsAsync(
            Sql, r => (Table: r.GetString(0), Column: r.GetString(1), Comment: r.GetString(2), IsOwner: r.GetBoolean(3)), cancellationToken,
            ("schema", schema), ("tables", words.Keys.ToArray()));
        var lacking =
            (from place in places
             let wanted = place.Column.Length == 0 ? words[place.Table].Table : words[place.Table].Columns.GetValueOrDefault(place.Column)
             let mark = AuditMark.In(place.Comment)
             let text = mark is null ? wanted : $"{mark}. {wanted}"
             where wanted is not null && place.Comment != OwnComment.Of(text)
               && (place.Comment.Length == 0 || place.Comment == mark || OwnComment.IsOwn(place.Comment))
             select (place.Table, place.IsOwner, Statement: Ddl.Comment(schema, place.Table, place.Column, OwnComment.Of(text)))).ToList();

        // Only owners may comment.
        var own = lacking.Where(l => l.IsOwner).Select(l => l.Statement).ToList();
        if (own.Count > 0)
            await connection.ExecuteAsync(string.Join('\n', own), cancellationToken);
        var foreign = lacking.Where(l => !l.IsOwner).Select(l => l.Table).Distinct().ToList();
        return (own.Count, foreign.Count == 0
            ? []
            : [$"Comments were not written on tables that belong to another role, which alone may do that: {string.Join(", ", foreign)}. Apply the schema once "
                + "as their owner."]);
    }
}
