using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Schema;

/// <summary>Builds the table of an entity from its map alone.</summary>
internal static class TableScript
{
    private static readonly string[] Further = [.. Clocks.Own, "deleted_in_bubble_at"];

    /// <summary>Columns of a table besides those of its map.</summary>
    public static IReadOnlyList<string> OwnColumns => Further;

    /// <summary>The statements that make it, for a session whose <c>search_path</c> is the target's schema.</summary>
    public static string Of(EntityMap map)
    {
        // A primary key is a replica identity too, without which a published table cannot be updated.
        var columns = map.Columns.Select(f => $"{Identifier.Quote(f.Column)} {ColumnType(f)}{(f.Column == map.Key ? " primary key" : "")}")
            .Concat(Further.Where(c => map.Fields.All(f => f.Column != c)).Select(c => $"{Identifier.Quote(c)} timestamptz"));
        var table = Identifier.Quote(map.Table);
        return $"""
            create table {table}
            (
              {string.Join(",\n  ", columns)}
            )
            with (fillfactor = 90);

            """;
    }

    private static string ColumnType(FieldMap field) => FieldType.All.TryGetValue(field.Type, out var type)
        ? type.Column
        : throw new SyncException(new SyncError(SyncStage.Settings, null, null, field.Column, ErrorCode.Settings, $"Column '{field.Column}': there is no type "
            + $"'{field.Type}'.{DidYouMean.Hint(field.Type, FieldType.All.Keys)}"));
}
