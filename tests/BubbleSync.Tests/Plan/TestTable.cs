using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Tests.Plan;

/// <summary>Maps and catalogues made by hand: what a plan is compiled from, without files and without a database.</summary>
internal static partial class TestTable
{
    /// <summary>A column as <c>format_type</c> would name it: <c>character varying(5)</c>, <c>numeric(10,2)</c>, <c>text[]</c>.</summary>
    public static ColumnInfo Column(string name, string fullType)
    {
        var parts = FullType().Match(fullType);
        var first = Number(parts.Groups["first"]);
        var type = parts.Groups["type"].Value + parts.Groups["rest"].Value;
        var isText = type.StartsWith("character", StringComparison.Ordinal);
        return new ColumnInfo(
            name,
            type,
            fullType,
            isText ? first : null,
            isText ? null : first,
            type == "numeric" && first is not null ? Number(parts.Groups["second"]) ?? 0 : null,
            IsRequired: false,
            IsComputed: false,
            Default: null);
    }

    /// <summary>A table with a key, the clocks and the columns given.</summary>
    public static TableInfo Table(string name, params ColumnInfo[] columns)
    {
        ColumnInfo[] own = [Column("bubble_id", "text"), .. Clocks.Own.Append(Clocks.Modified).Select(clock => Column(clock, "timestamp with time zone"))];
        return new TableInfo(
            name, own.Concat(columns).ToDictionary(c => c.Name), new HashSet<string> { "bubble_id" }, Array.Empty<ForeignKeyInfo>().ToLookup(_ => ""), []);
    }

    /// <summary>A catalogue of the schema <c>public</c>.</summary>
    public static Catalogue Catalogue(params TableInfo[] tables) => new("public", tables.ToDictionary(t => t.Name));

    /// <summary>A map named like its table: the key, the Modified Date, then the fields given.</summary>
    public static EntityMap Map(string name, params FieldMap[] fields) => new()
    {
        File = $"{name}.json",
        Name = name,
        BubbleType = name,
        Table = name,
        Key = "bubble_id",
        Fields = [Field("bubble_id", "text", "_id"), Field("modified_date", "timestamptz", "Modified Date"), .. fields],
    };

    /// <summary>A field of a map.</summary>
    public static FieldMap Field(string column, string type, params string[] from) => new() { Column = column, Type = type, From = from };

    /// <summary>The plan of one entity; fails where the map and the table have a fault.</summary>
    public static EntityPlan Plan(EntityMap map, params ColumnInfo[] columns) =>
        PlanCompiler.Compile([map], Catalogue(Table(map.Table, columns)), []).ThrowIfInvalid().Entities[0];

    private static int? Number(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^(?<type>[a-z ]+?)(\((?<first>\d+)(,(?<second>-?\d+))?\))?(?<rest>( with(out)? time zone)?(\[\])?)$")]
    private static partial Regex FullType();
}
