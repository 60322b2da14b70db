using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>The result of one check of <c>doctor</c>.</summary>
[JsonConverter(typeof(WordConverter<CheckStatus>))]
public enum CheckStatus
{
    /// <summary>Nothing is wrong.</summary>
    [JsonStringEnumMemberName("well")]
    Ok,

    /// <summary>Something is wrong.</summary>
    Failed,

    /// <summary>An earlier failure leaves nothing to check.</summary>
    Skipped,
}

/// <summary>How a field of Bubble and a column belong together.</summary>
[JsonConverter(typeof(WordConverter<FieldStatus>))]
public enum FieldStatus
{
    /// <summary>A map reads the field into the column.</summary>
    Mapped,

    /// <summary>No map names the field; where the map has a column of unmapped fields, it is kept there.</summary>
    Unmapped,

    /// <summary>A map names the column, and the table lacks it.</summary>
    ColumnMissing,

    /// <summary>The table has the column, and no map names it.</summary>
    LocalOnly,

    /// <summary>A map reads the field, and no record carries it.</summary>
    AbsentInBubble,
}

/// <summary>How a record in Bubble and its row differ.</summary>
[JsonConverter(typeof(WordConverter<DifferenceVerdict>))]
public enum DifferenceVerdict
{
    /// <summary>The table has no row of the record.</summary>
    Missing,

    /// <summary>Bubble has no record of the row.</summary>
    Extra,

    /// <summary>The row is older than the record: a resync would update it.</summary>
    Older,

    /// <summary>The row is newer than the record.</summary>
    Newer,

    /// <summary>Both have the same date, and a column has another value, or the row is marked as deleted.</summary>
    Differs,

    /// <summary>The record does not carry the field, and the column keeps its value.</summary>
    AbsentKept,

    /// <summary>The record does not convert, or the table cannot take it.</summary>
    Rejected,
}

/// <summary>A difference between the app, the maps and the tables.</summary>
[JsonConverter(typeof(WordConverter<SchemaFindingKind>))]
public enum SchemaFindingKind
{
    /// <summary>No map names the type.</summary>
    TypeUnmapped,

    /// <summary>The Data API does not serve the type that a map names.</summary>
    TypeGone,

    /// <summary>No line of the map reads the field.</summary>
    FieldUnmapped,

    /// <summary>The field has another name than the map reads.</summary>
    FieldRenamed,

    /// <summary>Bubble has no field of the names that the map reads.</summary>
    FieldGone,

    /// <summary>Several fields have one name.</summary>
    NameShared,

    /// <summary>The field's type does not convert to that of the map.</summary>
    TypeMisfit,

    /// <summary>The table is missing.</summary>
    TableMissing,

    /// <summary>An object with the table's name is not a table.</summary>
    NoTable,

    /// <summary>The table lacks the column.</summary>
    ColumnMissing,

    /// <summary>The column cannot hold what its field is mapped to.</summary>
    ColumnMisfit,

    /// <summary>The key column has no unique index.</summary>
    IndexMissing,

    /// <summary>No line of the map reads the field, and the column of unmapped fields keeps it: nothing has to be done.</summary>
    FieldKept,
}

/// <summary>The source of a Bubble type's fields.</summary>
[JsonConverter(typeof(WordConverter<SchemaSource>))]
public enum SchemaSource
{
    /// <summary>The app's own description (<c>/meta</c>).</summary>
    Meta,

    /// <summary>The app's Swagger document.</summary>
    Swagger,

    /// <summary>A sample of records.</summary>
    Sample,
}
