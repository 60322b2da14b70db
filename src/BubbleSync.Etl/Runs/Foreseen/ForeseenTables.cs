using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Runs.Foreseen;

/// <summary>The tables that do not exist yet, as their maps describe them, for commands that write nothing.</summary>
internal static class ForeseenTables
{
    /// <summary>Returns the catalogue with the missing tables of the maps.</summary>
    public static Catalogue AddTo(Catalogue catalogue, IEnumerable<EntityMap> maps)
    {
        var tables = new Dictionary<string, TableInfo>(catalogue.Tables);
        foreach (var map in maps.Where(m => !catalogue.Others.ContainsKey(m.Table)))
            tables.TryAdd(map.Table, Table(map));
        return catalogue with { Tables = tables };
    }

    private static TableInfo Table(EntityMap map)
    {
        var columns = new Dictionary<string, ColumnInfo>();
        foreach (var field in map.Columns)
        {
            if (FieldType.All.TryGetValue(field.Type, out var type))
                columns.TryAdd(field.Column, Column(field.Column, type.Column, isRequired: field.Column == map.Key));
        }

        foreach (var clock in Clocks.All)
            columns.TryAdd(clock, Column(clock, "timestamptz", isRequired: false));
        return new TableInfo(map.Table, columns, new HashSet<string> { map.Key }, Array.Empty<ForeignKeyInfo>().ToLookup(k => k.Column), []);
    }

    private static ColumnInfo Column(string name, string type, bool isRequired)
    {
        var catalogued = type == "timestamptz" ? ColumnTypes.TimestampWithZone : type;
        return new ColumnInfo(name, catalogued, catalogued, null, null, null, isRequired, IsComputed: false, null);
    }
}
